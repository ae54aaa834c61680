"""Stock that people move: deliveries, counts, adjustments, and the numbers of a sheet.

What orders do to stock is in `allocation.py`; both write by `ledger.py` and lock by `locks.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, steps
from backoffice.models import User
from backoffice.refused import BadValue, ReasonMissing, Refused
from backoffice.steps import Outcome
from catalog.models import Product, StockLevel, StockLocation, StockMovement
from catalog.refusals import NotPositive, UnknownProduct
from catalog.services import locks, rules
from catalog.services.ledger import MOST_UNITS, Move, write_moves
from catalog.services.locations import LocationClosed, default_location, location_or_default

PERMISSION = "catalog.adjust_stock_product"


class StockWouldBeNegative(Refused):
    """facts: sku, on_hand (what it would be), promised (committed and unavailable)."""

    sentence = _("{sku}: {on_hand} on hand would not cover what is promised: {promised}.")
    hint = _("Cancel or release the orders that hold them first, or count again.")
    http_status = 409


class CountOrDifference(Refused):
    sentence = _("Say either how many there are, or how many more or fewer.")


@dataclass(frozen=True)
class Aim:
    """What the shelf shall hold: exactly one of a counted number and a difference."""

    counted: int | None = None
    difference: int | None = None

    def __post_init__(self) -> None:
        if (self.counted is None) == (self.difference is None):
            raise CountOrDifference
        units = self.difference if self.counted is None else self.counted
        least = 0 if self.difference is None else -MOST_UNITS
        if type(units) is not int or not least <= units <= MOST_UNITS:
            raise BadValue(field=_("Stock"), problem=_("a whole number of units, not below zero."))

    def difference_from(self, on_hand: int) -> int:
        if self.counted is not None:
            return self.counted - on_hand
        assert self.difference is not None
        return self.difference


@dataclass(frozen=True)
class Cause:
    """What the movements are for, beside their change set."""

    kind: StockMovement.Kind
    cause_kind: str = ""
    cause_uuid: UUID | None = None


def receive_stock(
    *, product_id: int, units: int, by: User, reason: str, location_id: int | None = None
) -> StockMovement:
    """Put delivered pieces on a product's shelf.

    units: whole sellable pieces, 1 or more (never cartons). location_id: None: main warehouse.
    Refuses: NotAllowed; NotPositive; UnknownProduct; LocationClosed; PriceStockRuleBroken.
    Atomic: locks the product and one stock level; writes one movement.
    """
    steps.require_permission(by, PERMISSION, _("receive stock"))
    if type(units) is not int or units < 1:
        raise NotPositive(units=units)
    with transaction.atomic():
        changes.say(action="catalog.receive_stock", by=by, reason=reason)
        location = location_or_default(location_id)
        if not location.is_active:
            raise LocationClosed(location=location)
        aims = {product_id: Aim(difference=units)}
        moved = _aim(aims, location, Cause(StockMovement.Kind.RECEIVE))
        moved.raise_first()
        return moved.movements[0]


def adjust_stock(
    *,
    product_id: int,
    by: User,
    reason: str,
    location_id: int | None = None,
    counted: int | None = None,
    difference: int | None = None,
) -> StockMovement | None:
    """Correct what is on hand after a count, a breakage or a find; None when nothing differs.

    counted: units on the shelf now; difference: units more (or fewer, negative). One of the two.
    Refuses: NotAllowed; ReasonMissing; CountOrDifference; UnknownProduct; StockWouldBeNegative;
    PriceStockRuleBroken.
    Atomic: locks the product and one stock level; writes one movement.
    """
    steps.require_permission(by, PERMISSION, _("adjust stock"))
    _require_reason(reason)
    aim = Aim(counted, difference)
    with transaction.atomic():
        changes.say(action="catalog.adjust_stock", by=by, reason=reason)
        location = location_or_default(location_id)
        moved = _aim({product_id: aim}, location, Cause(StockMovement.Kind.ADJUST))
        moved.raise_first()
        return next(iter(moved.movements), None)


def adjust_stocks(
    *,
    product_ids: Sequence[int],
    by: User,
    reason: str,
    difference: int | None = None,
    counted: int | None = None,
    location_id: int | None = None,
) -> Outcome[Product]:
    """Correct many products at one location by the same difference, or to the same count.

    location_id: None: main warehouse.
    Refuses: NotAllowed; ReasonMissing; CountOrDifference; UnknownRow (the location); per product:
    UnknownProduct, StockWouldBeNegative, PriceStockRuleBroken.
    Atomic: locks products, then levels, in order; one movement for each product that changes.
    """
    steps.require_permission(by, PERMISSION, _("adjust stock"))
    _require_reason(reason)
    aim = Aim(counted, difference)
    with transaction.atomic():
        changes.say(action="catalog.adjust_stock", by=by, reason=reason)
        location = location_or_default(location_id)
        cause = Cause(StockMovement.Kind.ADJUST)
        return _aim(dict.fromkeys(product_ids, aim), location, cause).outcome


def set_stocks(
    *,
    counted: Mapping[int, int],
    by: User,
    reason: str,
    cause_kind: str = "",
    cause_uuid: UUID | None = None,
) -> Outcome[Product]:
    """Set what is on hand at the main warehouse to counted numbers, as a sheet states them.

    counted: units by product id. cause_kind, cause_uuid: what the numbers came from.
    Refuses: NotAllowed; BadValue; per product: UnknownProduct, StockWouldBeNegative,
    PriceStockRuleBroken.
    Atomic: locks products, then levels, in order; one movement for each product that changes.
    """
    steps.require_permission(by, PERMISSION, _("adjust stock"))
    aims = {product_id: Aim(counted=units) for product_id, units in counted.items()}
    with transaction.atomic():
        changes.say(action="catalog.set_stock", by=by, reason=reason)
        cause = Cause(StockMovement.Kind.ADJUST, cause_kind, cause_uuid)
        return _aim(aims, default_location(), cause).outcome


def receive_opening_stock(*, units: Mapping[int, int], by: User) -> list[StockMovement]:
    """Put the first units of products that were just created into the main warehouse.

    units: by product id; 0 makes the level, so that the product stands in the stock list.
    Refuses: NotAllowed; UnknownProduct; PriceStockRuleBroken.
    Atomic: locks products, then levels, in order; one movement per product.
    """
    steps.require_permission(by, PERMISSION, _("receive stock"))
    aims = {product_id: Aim(difference=number) for product_id, number in units.items()}
    with transaction.atomic():
        moved = _aim(aims, default_location(), Cause(StockMovement.Kind.RECEIVE))
        moved.raise_first()
        return moved.movements


@dataclass
class _Moved:
    outcome: Outcome[Product]
    movements: list[StockMovement]

    def raise_first(self) -> None:
        for _row, error in self.outcome.refused:
            raise error


def _aim(aims: Mapping[int, Aim], location: StockLocation, cause: Cause) -> _Moved:
    """Lock, judge each product, move those that may be moved."""
    products = locks.locked_products(aims)
    levels = locks.locked_levels((pk, location.pk) for pk in products)
    on_hand = rules.units_on_hand(products)
    scheduled = rules.highest_scheduled(products)
    outcome: Outcome[Product] = Outcome()
    moves: list[Move] = []
    for product_id, aim in sorted(aims.items()):
        product = products.get(product_id)
        if product is None:
            outcome.refused.append((product_id, UnknownProduct(key=product_id)))
            continue
        level = levels[product_id, location.pk]
        difference = aim.difference_from(level.on_hand)
        price = max(product.price, scheduled.get(product_id, product.price))
        refusal = _negative(product, level, difference) or (
            rules.price_stock_refusal(
                sku=product.sku, price=price, units=on_hand[product_id] + difference
            )
            if difference > 0
            else None
        )
        if refusal is not None:
            outcome.refused.append((product, refusal))
            continue
        outcome.done.append(product)
        if difference:
            moves.append(
                Move(
                    product_id,
                    location.pk,
                    cause.kind,
                    on_hand=difference,
                    cause_kind=cause.cause_kind,
                    cause_uuid=cause.cause_uuid,
                )
            )
    return _Moved(outcome, write_moves(moves, levels))


def _negative(product: Product, level: StockLevel, difference: int) -> Refused | None:
    promised = level.committed + level.unavailable
    if difference < 0 and level.on_hand + difference < promised:
        return StockWouldBeNegative(
            sku=product.sku, on_hand=level.on_hand + difference, promised=promised
        )
    if level.on_hand + difference > MOST_UNITS:
        return BadValue(field=product.sku, problem=_("more units than can be counted."))
    return None


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing(step=_("Adjust stock"))
