"""Prices: the list price, prices for a while, and the one answer to what something costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice import changes, steps
from backoffice.models import User
from backoffice.refused import BadValue, Refused, StaleVersion
from backoffice.steps import Outcome
from catalog.models import PriceChange, Product
from catalog.refusals import PriceReasonMissing, UnknownProduct, unknown_among
from catalog.services import locks, rules
from catalog.services.fields import CENT, clean_money

PERMISSION = "catalog.change_price_product"


class PriceQuestion(Refused):
    sentence = _("Say one thing: a new price, a percentage, or an amount.")


class PriceWouldBeNegative(Refused):
    """facts: sku, price (what it would be)."""

    sentence = _("{sku}: the price would be {price}; it cannot be below zero.")


class PriceAboveCompareAt(Refused):
    """facts: sku, price, compare_at."""

    sentence = _("{sku}: {price} is above the compare-at price {compare_at}.")
    hint = _("Raise or blank the compare-at price first.")


class PriceChangeOverlaps(Refused):
    """facts: sku, other (the price change in the way)."""

    sentence = _("{sku} has a scheduled price in that time already: {other}.")
    hint = _("Withdraw it first, or choose another time.")
    http_status = 409


class PriceChangeOver(Refused):
    sentence = _("This scheduled price is over or withdrawn already.")
    http_status = 409


@dataclass(frozen=True)
class Repricing:
    """How a price becomes another one: exactly one of price, percent and amount."""

    price: Decimal | None = None
    percent: Decimal | None = None
    amount: Decimal | None = None

    def __post_init__(self) -> None:
        given = [value for value in (self.price, self.percent, self.amount) if value is not None]
        if len(given) != 1:
            raise PriceQuestion
        if not isinstance(given[0], Decimal | int) or not Decimal(given[0]).is_finite():
            raise BadValue(field=_("Price"), problem=_("a number is needed."))

    def applied_to(self, product: Product) -> Decimal:
        """Return the new price, half a cent rounded up. Refuses: PriceWouldBeNegative, BadValue."""
        try:
            exact = self._exact(product.price)
            price = exact if self.price is not None else exact.quantize(CENT, ROUND_HALF_UP)
        except InvalidOperation as error:
            raise BadValue(field=product.sku, problem=_("the price is too large.")) from error
        if price < 0:
            raise PriceWouldBeNegative(sku=product.sku, price=price)
        try:
            return clean_money(price)
        except ValueError as error:
            raise BadValue(field=product.sku, problem=error.args[0]) from error

    def _exact(self, price: Decimal) -> Decimal:
        if self.price is not None:
            return Decimal(self.price)
        if self.percent is not None:
            return price * (100 + self.percent) / 100
        assert self.amount is not None
        return price + self.amount


def change_price(
    *,
    product_id: int,
    by: User,
    reason: str,
    price: Decimal | None = None,
    percent: Decimal | None = None,
    amount: Decimal | None = None,
    version: int | None = None,
) -> Product:
    """Change a product's list price.

    price: the new one; percent: +10 is a tenth more; amount: more or less money. One of them.
    Refuses: NotAllowed; PriceReasonMissing; PriceQuestion; UnknownProduct; StaleVersion;
    PriceWouldBeNegative; PriceAboveCompareAt; PriceStockRuleBroken; BadValue.
    Atomic: locks the product; one save and one history row, none when the price stays.
    """
    repricing = Repricing(price, percent, amount)
    outcome = _reprice([product_id], repricing, by=by, reason=reason, version=version)
    for _row, error in outcome.refused:
        raise error
    return outcome.done[0]


def change_prices(
    *,
    product_ids: Sequence[int],
    by: User,
    reason: str,
    price: Decimal | None = None,
    percent: Decimal | None = None,
    amount: Decimal | None = None,
) -> Outcome[Product]:
    """Change many products' list prices in the same way.

    price, percent, amount: as for `change_price`.
    Refuses: NotAllowed; PriceReasonMissing; PriceQuestion; per product the rest of `change_price`.
    Atomic: one lock in key order; one save and one history row for each price that changes.
    """
    repricing = Repricing(price, percent, amount)
    return _reprice(product_ids, repricing, by=by, reason=reason)


def schedule_price(
    *,
    product_id: int,
    price: Decimal,
    starts_at: datetime,
    ends_at: datetime | None,
    by: User,
    reason: str,
) -> PriceChange:
    """Give a product another price for a while; the list price stays as it is.

    starts_at, ends_at: aware; the end is not part of it; None: until it is withdrawn.
    Refuses: NotAllowed; PriceReasonMissing; UnknownProduct; BadValue; PriceAboveCompareAt;
    PriceStockRuleBroken; PriceChangeOver (it would have ended); PriceChangeOverlaps.
    Atomic: locks the product; one price change with one history row.
    """
    steps.require_permission(by, PERMISSION, _("schedule prices"))
    _require_reason(reason)
    if ends_at is not None and ends_at <= starts_at:
        raise BadValue(field=_("Until"), problem=_("it must end after it starts."))
    if ends_at is not None and ends_at <= changes.moment():
        raise PriceChangeOver
    with transaction.atomic():
        product = locks.locked_products([product_id]).get(product_id)
        if product is None:
            raise UnknownProduct(key=product_id)
        amount = Repricing(price=price).applied_to(product)
        _require_fitting(product, amount, rules.units_on_hand([product_id])[product_id])
        _require_no_overlap(product, starts_at, ends_at)
        changes.say(action="catalog.schedule_price", by=by, reason=reason)
        change = PriceChange(product=product, price=amount, starts_at=starts_at, ends_at=ends_at)
        change.save()
    return change


def withdraw_price_change(*, price_change_id: int, by: User, reason: str) -> PriceChange:
    """End a scheduled price now, or keep it from starting.

    Refuses: UnknownRow; NotAllowed; PriceReasonMissing; PriceChangeOver.
    Atomic: locks the price change; one save and one history row.
    """
    _require_reason(reason)
    with steps.editing(
        PriceChange, price_change_id, by=by, permission=PERMISSION, reason=reason
    ) as change:
        moment = changes.moment()
        if change.withdrawn_at or (change.ends_at is not None and change.ends_at <= moment):
            raise PriceChangeOver
        change.withdrawn_at = moment
    return change


def price_of(product: Product, at: datetime) -> Decimal:
    """Return what one unit costs at a moment: a running scheduled price, else the list price."""
    return prices_of([product], at)[product.pk]


def prices_of(products: Iterable[Product], at: datetime) -> dict[int, Decimal]:
    """Return what one unit of each costs at a moment, by product id; one query."""
    prices = {product.pk: product.price for product in products}
    running = PriceChange.objects.running_at(at).filter(product__in=prices)
    prices.update(running.order_by("starts_at", "pk").values_list("product", "price"))
    return prices


def _reprice(
    product_ids: Sequence[int],
    repricing: Repricing,
    *,
    by: User,
    reason: str,
    version: int | None = None,
) -> Outcome[Product]:
    steps.require_permission(by, PERMISSION, _("change prices"))
    _require_reason(reason)
    outcome: Outcome[Product] = Outcome()
    with steps.editing_many(
        Product, product_ids, by=by, permission=PERMISSION, reason=reason
    ) as rows:
        on_hand = rules.units_on_hand([row.pk for row in rows])
        for row in rows:
            try:
                if version is not None and version != row.version:
                    raise StaleVersion(what=row, theirs=row.version, yours=version)
                price = repricing.applied_to(row)
                _require_fitting(row, price, on_hand[row.pk])
            except Refused as error:
                outcome.refused.append((row, error))
            else:
                row.price = price
                outcome.done.append(row)
    outcome.refused += unknown_among(product_ids, rows)
    return outcome


def _require_fitting(product: Product, price: Decimal, units: int) -> None:
    """Refuse a price that passes the compare-at price, or the catalogue's price and stock rule."""
    if product.compare_at_price is not None and price > product.compare_at_price:
        raise PriceAboveCompareAt(sku=product.sku, price=price, compare_at=product.compare_at_price)
    if price > product.price:
        rules.require_price_stock_rule(sku=product.sku, price=price, units=units)


def _require_no_overlap(product: Product, starts_at: datetime, ends_at: datetime | None) -> None:
    in_the_way = PriceChange.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=starts_at), product=product, withdrawn_at=None
    )
    if ends_at is not None:
        in_the_way = in_the_way.filter(starts_at__lt=ends_at)
    if (other := in_the_way.first()) is not None:
        raise PriceChangeOverlaps(sku=product.sku, other=other)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise PriceReasonMissing
