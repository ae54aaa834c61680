"""An order's lines: what they cost, and the stock that is promised to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

from django.utils.translation import gettext_lazy as _

from backoffice import history
from backoffice.refused import BadValue, Refused
from catalog.models import Product
from catalog.services.allocation import Held, commit_stock
from catalog.services.prices import prices_of
from catalog.services.promises import Wanted
from orders.discounts import DiscountTooLarge, share
from orders.models import Order, OrderLine
from orders.refusals import NotForSale, OtherCurrency, SoldThroughVariants

CAUSE = "order_line"
LARGEST_TOTAL = Decimal(10) ** 10


def locked_lines(*orders: Order) -> list[OrderLine]:
    """Return the orders' lines under lock; the orders themselves must be locked before."""
    return list(
        OrderLine.objects.select_for_update(of=("self",)).filter(order__in=orders).order_by("pk")
    )


def sellable_products(product_ids: Sequence[int], *, currency: str) -> dict[int, Product]:
    """Return products that may stand on an order, by key.

    Refuses: UnknownProduct (a BadValue of the form); NotForSale; SoldThroughVariants;
    OtherCurrency.
    """
    products, refused = _sorted_out(product_ids, currency)
    for refusal in refused.values():
        raise refusal
    return products


def refused_products(product_ids: Sequence[int], *, currency: str) -> dict[int, Refused]:
    """Return why those of the products that may not stand on an order may not, by key."""
    return _sorted_out(product_ids, currency)[1]


def _sorted_out(
    product_ids: Sequence[int], currency: str
) -> tuple[dict[int, Product], dict[int, Refused]]:
    products = Product.objects.in_bulk(list(product_ids))
    parents = set(
        Product.objects.filter(parent__in=product_ids).values_list("parent", flat=True).distinct()
    )
    refused = {
        product_id: refusal
        for product_id in product_ids
        if (refusal := _why_not(products.get(product_id), parents, currency)) is not None
    }
    return products, refused


def _why_not(product: Product | None, parents: set[int], currency: str) -> Refused | None:
    if product is None:
        return BadValue(field=_("Product"), problem=_("there is no such product."))
    if product.status != "published":
        return NotForSale(sku=product.sku, state=str(product.get_status_display()).lower())
    if product.pk in parents:
        return SoldThroughVariants(sku=product.sku)
    if product.currency != currency:
        return OtherCurrency(sku=product.sku, currency=product.currency, wanted=currency)
    return None


def freeze_prices(order: Order, lines: Sequence[OrderLine], *, at: datetime) -> None:
    """Give lines their product's SKU, name and price of this moment, and the order its totals.

    The lines are not saved. Refuses: what `sellable_products` refuses.
    """
    products = sellable_products([line.product_id for line in lines], currency=order.currency)
    prices = prices_of(list(products.values()), at)
    for line in lines:
        product = products[line.product_id]
        line.sku, line.name = product.sku, product.name
        line.unit_price = prices[product.pk]
    add_up(order, lines)


def add_up(order: Order, lines: Sequence[OrderLine]) -> None:
    """Compute what shares of discounts amount to, and the order's totals, from its lines.

    Refuses: DiscountTooLarge; BadValue when the sum is absurd.
    """
    for line in lines:
        if line.discount_percent is not None:
            line.discount = share(line.gross, line.discount_percent)
        if line.discount > line.gross:
            _too_large(line.sku, line.discount, line.gross, order)
    order.subtotal = sum((line.total for line in lines), Decimal(0))
    if order.discount_percent is not None:
        order.discount = share(order.subtotal, order.discount_percent)
    before = order.subtotal + order.shipping_fee + order.tax
    if order.discount > before:
        _too_large(str(order), order.discount, before, order)
    order.total = before - order.discount
    if order.total >= LARGEST_TOTAL:
        raise BadValue(field=_("Total"), problem=_("the sum is too large; check the quantities."))


def _too_large(what: str, discount: Decimal, most: Decimal, order: Order) -> NoReturn:
    raise DiscountTooLarge(
        what=what, discount=f"{discount:,.2f}", most=f"{most:,.2f}", currency=order.currency
    )


def commit_lines(units: Mapping[OrderLine, int], *, step: str) -> None:
    """Promise stock to locked lines and save them. Refuses: NotEnoughStock, for all or nothing.

    units: how many of each line; its other columns are saved as they are.
    """
    places = commit_stock(
        wanted=[Wanted(line.product_id, n, CAUSE, line.uuid) for line, n in units.items() if n]
    )
    for line, number in units.items():
        line.committed += number
        line.location_id = places.get(line.uuid, line.location_id)
    history.update_rows(list(units), step=step)


def uncommit_lines(
    lines: Sequence[OrderLine], move: Callable[..., Any], *, into: str, step: str
) -> dict[OrderLine, int]:
    """End the promises of locked lines and save them; return how many units each had.

    move: what happens to the stock (`release_stock`, `ship_stock`, `keep_off_sale_stock`).
    into: the line's column that takes the units (`shipped`, `cancelled`).
    """
    held = {line: line.committed for line in lines if line.committed}
    move(held=[_held(line) for line in held])
    for line, units in held.items():
        line.committed = 0
        setattr(line, into, getattr(line, into) + units)
    history.update_rows(list(held), step=step)
    return held


def _held(line: OrderLine) -> Held:
    assert line.location_id is not None, "a committed line knows where its stock lies"
    return Held(line.product_id, line.location_id, line.committed, CAUSE, line.uuid)
