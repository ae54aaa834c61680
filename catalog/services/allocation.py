"""What orders do to stock: commit, release, ship, keep off sale.

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

from backoffice.refused import Refused
from catalog.models import Product, StockLevel, StockLocation, StockMovement
from catalog.refusals import NotPositive, UnknownProduct
from catalog.services import locks
from catalog.services.ledger import Move, write_moves


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
class Wanted:
    """Units that a cause (an order line) asks for."""

    product_id: int
    units: int
    cause_kind: str
    cause_uuid: UUID


@dataclass(frozen=True)
class Held:
    """Units that a cause (an order line) has committed at a location."""

    product_id: int
    location_id: int
    units: int
    cause_kind: str
    cause_uuid: UUID


def commit_stock(*, wanted: Sequence[Wanted]) -> dict[UUID, int]:
    """Promise units to order lines; return the location chosen for each line, by its uuid.

    A line is served whole, by the active location with the lowest priority number that can.
    Refuses: UnknownProduct; NotPositive; NotEnoughStock (then nothing at all is committed).
    Atomic: locks the levels in order; one movement per line.
    """
    _require_units(wanted)
    with transaction.atomic():
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
