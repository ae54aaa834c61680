"""What orders do to stock: commit, release, ship, keep off sale, take back.

Called by the verbs of orders inside their transaction, after those checked the permission. All of
these lock levels in (product, location) order: a transaction that works for several orders gathers
their lines into one call, or two of them could wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice.refused import Refused, UnknownRow
from catalog.models import Product, StockLevel, StockLocation, StockMovement
from catalog.refusals import NotPositive, UnknownProduct
from catalog.services import locks, promises
from catalog.services.ledger import Move, write_moves
from catalog.services.locations import LocationClosed
from catalog.services.promises import Wanted


class NotEnoughStock(Refused):
    """facts: sku, wanted, free (units at the one location that has most)."""

    sentence = _("{sku}: {wanted} wanted, {free} available.")
    hint = _("Order fewer, or wait for the next delivery.")
    http_status = 409


class NotCommitted(Refused):
    """facts: sku, units, committed."""

    sentence = _("{sku}: {units} committed units are named, but only {committed} are committed.")
    http_status = 409


@dataclass(frozen=True)
class Held:
    """Units that a cause (an order line) has committed at a location."""

    product_id: int
    location_id: int
    units: int
    cause_kind: str
    cause_uuid: UUID


@dataclass(frozen=True)
class TakenBack:
    """Units of a cause (a line of a return) that came back to a location, as inspection found them.

    sellable: as good as new. damaged: in the house, but not for sale.
    """

    product_id: int
    location_id: int
    sellable: int
    damaged: int
    cause_kind: str
    cause_uuid: UUID

    @property
    def units(self) -> int:
        return self.sellable + self.damaged


def commit_stock(*, wanted: Sequence[Wanted]) -> dict[UUID, int]:
    """Promise units to order lines; return the location chosen for each line, by its uuid.

    A line is served whole, by the active location with the lowest priority number that can.
    Refuses: UnknownProduct; NotPositive; NotEnoughStock (then nothing at all is committed).
    Atomic: one movement per line; locks the levels in order, and only those that are short or
    fought over before their statement (see `promises`).
    """
    _require_units(wanted)
    with transaction.atomic():
        return promises.promise(wanted) or _commit_locked(wanted)


def _commit_locked(wanted: Sequence[Wanted]) -> dict[UUID, int]:
    places = list(
        StockLocation.objects.filter(is_active=True)
        .order_by("priority", "pk")
        .values_list("pk", flat=True)
    )
    levels = locks.levels_for_update({line.product_id for line in wanted}, places)
    free = {pair: level.available for pair, level in levels.items()}
    moves: list[Move] = []
    for line in wanted:
        pairs = ((line.product_id, place) for place in places)
        offers = [pair for pair in pairs if pair in free]
        pair = next((pair for pair in offers if free[pair] >= line.units), None)
        if pair is None:
            raise NotEnoughStock(
                sku=_sku(line.product_id),
                wanted=line.units,
                free=max((free[pair] for pair in offers), default=0),
            )
        free[pair] -= line.units
        moves.append(
            Move(
                *pair,
                StockMovement.Kind.COMMIT,
                committed=line.units,
                cause_kind=line.cause_kind,
                cause_uuid=line.cause_uuid,
            )
        )
    write_moves(moves, levels)
    return {line.cause_uuid: move.location_id for line, move in zip(wanted, moves, strict=True)}


@dataclass(frozen=True)
class Relocation:
    """Committed units whose promise shall be kept from another location."""

    held: Held
    location_id: int


def relocate_stock(*, moves: Sequence[Relocation]) -> list[StockMovement]:
    """Move promises between locations: released where they are, committed where they shall be.

    The goods stay where they lie. A move to where the promise is already only locks its level:
    whoever goes on to ship them all has every lock at once.
    Refuses: NotPositive; LocationClosed; NotCommitted; NotEnoughStock at the new location (then
    nothing moves).
    Atomic: locks the levels of all places in order; two movements per line that moves.
    """
    _require_units([move.held for move in moves])
    with transaction.atomic():
        _require_open({m.location_id for m in moves if m.location_id != m.held.location_id})
        levels = locks.locked_levels(
            (move.held.product_id, place)
            for move in moves
            for place in (move.held.location_id, move.location_id)
        )
        moves = [move for move in moves if move.location_id != move.held.location_id]
        _require_committed([move.held for move in moves], levels)
        free = {pair: level.available for pair, level in levels.items()}
        for move in moves:
            pair = (move.held.product_id, move.location_id)
            if free[pair] < move.held.units:
                raise NotEnoughStock(
                    sku=_sku(pair[0]), wanted=move.held.units, free=max(free[pair], 0)
                )
            free[pair] -= move.held.units
        return write_moves([step for move in moves for step in _there(move)], levels)


def _there(move: Relocation) -> list[Move]:
    """Return the two movements of a promise that moves."""
    held = move.held
    ends = (
        (held.location_id, StockMovement.Kind.RELEASE, -held.units),
        (move.location_id, StockMovement.Kind.COMMIT, held.units),
    )
    return [
        Move(
            held.product_id,
            place,
            kind,
            committed=units,
            cause_kind=held.cause_kind,
            cause_uuid=held.cause_uuid,
        )
        for place, kind, units in ends
    ]


def _require_open(location_ids: set[int]) -> None:
    found = StockLocation.objects.in_bulk(list(location_ids))
    for location_id in location_ids:
        location = found.get(location_id)
        if location is None:
            raise UnknownRow(what=_("stock location"), key=location_id)
        if not location.is_active:
            raise LocationClosed(location=location)


def release_stock(*, held: Sequence[Held]) -> list[StockMovement]:
    """Take promises back: the units are available again.

    Refuses: NotPositive; NotCommitted.
    Atomic: locks the levels in order; one movement per line.
    """
    return _uncommit(held, StockMovement.Kind.RELEASE)


def keep_off_sale_stock(*, held: Sequence[Held]) -> list[StockMovement]:
    """Take promises back without offering the units again: they become unavailable.

    Refuses: NotPositive; NotCommitted.
    Atomic: locks the levels in order; one movement per line.
    """
    return _uncommit(held, StockMovement.Kind.RELEASE, unavailable=1)


def ship_stock(*, held: Sequence[Held]) -> list[StockMovement]:
    """Let committed units leave the house.

    Refuses: NotPositive; NotCommitted.
    Atomic: locks the levels in order; one movement per line.
    """
    return _uncommit(held, StockMovement.Kind.SHIP, on_hand=-1)


def take_back_stock(*, returned: Sequence[TakenBack]) -> list[StockMovement]:
    """Put what came back into the house: sellable units on the shelf, damaged ones set aside.

    A line of which nothing came back is left out.
    Refuses: NotPositive for a negative number.
    Atomic: makes levels that are missing, locks all in order; one movement per line.
    """
    for line in returned:
        for units in (line.sellable, line.damaged):
            if type(units) is not int or units < 0:
                raise NotPositive(units=units)
    came = [line for line in returned if line.units]
    with transaction.atomic():
        levels = locks.locked_levels((line.product_id, line.location_id) for line in came)
        return write_moves(
            [
                Move(
                    line.product_id,
                    line.location_id,
                    StockMovement.Kind.RETURN,
                    on_hand=line.units,
                    unavailable=line.damaged,
                    cause_kind=line.cause_kind,
                    cause_uuid=line.cause_uuid,
                )
                for line in came
            ],
            levels,
        )


def _uncommit(
    held: Sequence[Held], kind: StockMovement.Kind, *, on_hand: int = 0, unavailable: int = 0
) -> list[StockMovement]:
    """on_hand, unavailable: what happens to them for each unit that leaves its commitment."""
    _require_units(held)
    with transaction.atomic():
        levels = locks.locked_levels((line.product_id, line.location_id) for line in held)
        _require_committed(held, levels)
        return write_moves(
            [
                Move(
                    line.product_id,
                    line.location_id,
                    kind,
                    on_hand=on_hand * line.units,
                    committed=-line.units,
                    unavailable=unavailable * line.units,
                    cause_kind=line.cause_kind,
                    cause_uuid=line.cause_uuid,
                )
                for line in held
            ],
            levels,
        )


def _require_units(lines: Sequence[Wanted | Held]) -> None:
    for line in lines:
        if type(line.units) is not int or line.units < 1:
            raise NotPositive(units=line.units)


def _require_committed(held: Sequence[Held], levels: dict[locks.Pair, StockLevel]) -> None:
    left = {pair: level.committed for pair, level in levels.items()}
    for line in held:
        pair = (line.product_id, line.location_id)
        if left[pair] < line.units:
            raise NotCommitted(
                sku=_sku(line.product_id), units=line.units, committed=levels[pair].committed
            )
        left[pair] -= line.units


def _sku(product_id: int) -> str:
    sku = Product.objects.filter(pk=product_id).values_list("sku", flat=True).first()
    if sku is None:
        raise UnknownProduct(key=product_id)
    return sku
