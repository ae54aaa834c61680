"""Promises that change: what order lines hold becomes what they shall hold, in one lock.

Beside `allocation`, which begins and ends promises: here some grow, some shrink and some move, and
between the old and the new nobody else can take a unit. One function plans, for the change itself
and for whoever wants to know beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction

from catalog.models import Product, StockLevel, StockLocation, StockMovement
from catalog.refusals import NotPositive
from catalog.services import locks
from catalog.services.allocation import NotEnoughStock
from catalog.services.ledger import Move, write_moves
from catalog.services.locks import Pair


@dataclass(frozen=True)
class Allotment:
    """What a cause (an order line) holds at a location, and how many units it shall hold."""

    product_id: int
    held: int
    location_id: int | None  # also where more is looked for first
    wanted: int
    cause_kind: str
    cause_uuid: UUID


@dataclass
class Foresight:
    """What a change of promises would do.

    shortages: by cause, what it would be refused with. free: units available by product, now.
    """

    places: dict[UUID, int | None] = field(default_factory=dict)
    shortages: dict[UUID, NotEnoughStock] = field(default_factory=dict)
    free: dict[int, int] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)


def reallocate_stock(*, allotments: Sequence[Allotment]) -> dict[UUID, int | None]:
    """Change what order lines hold; return each line's location, by its uuid.

    What shrinks is let go first. What grows takes more where it is; where that is not enough the
    whole line moves to the active location with the lowest priority number that can serve it.
    Refuses: NotPositive for a negative number; NotEnoughStock (then nothing at all is changed).
    Atomic: locks the levels in order; one movement per line, two for a line that moves.
    """
    _require_units(allotments)
    changing = [line for line in allotments if line.held or line.wanted]
    with transaction.atomic():
        places = _active_places()
        levels = locks.levels_for_update(
            {line.product_id for line in changing}, {*places, *_present_places(changing)}
        )
        foreseen = _plan(changing, places, levels)
        for shortage in foreseen.shortages.values():
            raise shortage
        write_moves(foreseen.moves, levels)
    return foreseen.places


def foresee_reallocation(*, allotments: Sequence[Allotment]) -> Foresight:
    """Return what `reallocate_stock` would do now, without a lock. Refuses: NotPositive."""
    _require_units(allotments)
    found = StockLevel.objects.filter(product__in={line.product_id for line in allotments})
    levels = {(level.product_id, level.location_id): level for level in found}
    foreseen = _plan(allotments, _active_places(), levels)
    for (product_id, _place), level in levels.items():
        foreseen.free[product_id] = foreseen.free.get(product_id, 0) + level.available
    return foreseen


def _plan(
    allotments: Sequence[Allotment], places: Sequence[int], levels: dict[Pair, StockLevel]
) -> Foresight:
    """Decide what moves, line by line; shrinking ones first, so that others may have it."""
    free = {pair: level.available for pair, level in levels.items()}
    foreseen = Foresight(places={line.cause_uuid: line.location_id for line in allotments})
    for line in allotments:
        if line.wanted < line.held:
            _let_go(line, line.held - line.wanted, free, foreseen)
    for line in allotments:
        if line.wanted > line.held:
            _take_more(line, places, free, foreseen)
    return foreseen


def _let_go(line: Allotment, units: int, free: dict[Pair, int], foreseen: Foresight) -> None:
    assert line.location_id is not None, "a line that holds units knows where they lie"
    free[line.product_id, line.location_id] += units
    foreseen.moves.append(_move(line, line.location_id, StockMovement.Kind.RELEASE, -units))


def _take_more(
    line: Allotment, places: Sequence[int], free: dict[Pair, int], foreseen: Foresight
) -> None:
    here = line.location_id
    more = line.wanted - line.held
    if here is not None and here in places and free.get((line.product_id, here), 0) >= more:
        place, units = here, more
    else:
        offers = [place for place in places if (line.product_id, place) in free]
        found = next((p for p in offers if free[line.product_id, p] >= line.wanted), None)
        if found is None:
            own = {here: line.held}
            most = (free[line.product_id, p] + own.get(p, 0) for p in offers)
            foreseen.shortages[line.cause_uuid] = NotEnoughStock(
                sku=_sku(line.product_id), wanted=line.wanted, free=max(most, default=0)
            )
            return
        if line.held:
            _let_go(line, line.held, free, foreseen)
        place, units = found, line.wanted
    assert place is not None
    free[line.product_id, place] -= units
    foreseen.places[line.cause_uuid] = place
    foreseen.moves.append(_move(line, place, StockMovement.Kind.COMMIT, units))


def _move(line: Allotment, place: int, kind: StockMovement.Kind, committed: int) -> Move:
    return Move(
        line.product_id,
        place,
        kind,
        committed=committed,
        cause_kind=line.cause_kind,
        cause_uuid=line.cause_uuid,
    )


def _active_places() -> list[int]:
    active = StockLocation.objects.filter(is_active=True).order_by("priority", "pk")
    return list(active.values_list("pk", flat=True))


def _present_places(allotments: Sequence[Allotment]) -> set[int]:
    return {line.location_id for line in allotments if line.held and line.location_id is not None}


def _require_units(allotments: Sequence[Allotment]) -> None:
    for line in allotments:
        for units in (line.held, line.wanted):
            if type(units) is not int or units < 0:
                raise NotPositive(units=units)


def _sku(product_id: int) -> str:
    sku: str = Product.objects.values_list("sku", flat=True).get(pk=product_id)
    return sku
