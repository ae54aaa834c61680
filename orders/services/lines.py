"""An order's lines: what they cost, and the stock that is promised to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice import history
from backoffice.refused import BadValue
from catalog.models import Product
from catalog.services.allocation import Held, Wanted, commit_stock
from catalog.services.prices import prices_of
from orders.models import Order, OrderLine
from orders.refusals import NotForSale, OtherCurrency, SoldThroughVariants

CAUSE = "order_line"
LARGEST_TOTAL = Decimal(10) ** 10


def locked_lines(order: Order) -> list[OrderLine]:
    """Return the order's lines under lock; the order itself must be locked before."""
    return list(
        OrderLine.objects.select_for_update(of=("self",)).filter(order=order).order_by("pk")
    )


def sellable_products(product_ids: Sequence[int], *, currency: str) -> dict[int, Product]:
    """Return products that may stand on an order, by key.

    Refuses: UnknownProduct (a BadValue of the form); NotForSale; SoldThroughVariants;
    OtherCurrency.
    """
    products = Product.objects.in_bulk(list(product_ids))
    parents = set(
        Product.objects.filter(parent__in=product_ids).values_list("parent", flat=True).distinct()
    )
    for product_id in product_ids:
        product = products.get(product_id)
        if product is None:
            raise BadValue(field=_("Product"), problem=_("there is no such product."))
        if product.status != "published":
            raise NotForSale(sku=product.sku, state=str(product.get_status_display()).lower())
        if product.pk in parents:
            raise SoldThroughVariants(sku=product.sku)
        if product.currency != currency:
            raise OtherCurrency(sku=product.sku, currency=product.currency, wanted=currency)
    return products


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
    """Compute the order's totals from its lines. Refuses: BadValue when the sum is absurd."""
    order.subtotal = sum((line.total for line in lines), Decimal(0))
    order.total = order.subtotal - order.discount + order.shipping_fee
    if order.total >= LARGEST_TOTAL:
        raise BadValue(field=_("Total"), problem=_("the sum is too large; check the quantities."))


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
