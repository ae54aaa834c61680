"""The same again: an order's products in a new draft, at the prices of today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice import changes, history, steps
from backoffice.models import User
from backoffice.refused import Refused, UnknownRow
from orders.models import Address, Contact, Order, OrderLine
from orders.services.lines import freeze_prices, refused_products
from orders.states import ORDER_FLOW

WRITE = ORDER_FLOW["write"]
R = TypeVar("R", Contact, Address)


class NothingForSale(Refused):
    """facts: order."""

    sentence = gettext_lazy("None of the products of {order} is for sale any more.")
    hint = gettext_lazy("Write a new order for the customer.")
    http_status = 409


@dataclass(frozen=True)
class Duplicate:
    """A copy, and the sentences about what it leaves out."""

    order: Order
    left_out: list[str]


@transaction.atomic
def duplicate_order(*, order_id: int, by: User, reason: str) -> Duplicate:
    """Write a draft for the same customer with the same products and quantities.

    In any state. Prices are those of now; discounts stay behind, contact, addresses and the
    shipping fee come along. What is no longer for sale is left out, and said so.
    Refuses: NotAllowed; UnknownRow; NothingForSale.
    Atomic: inserts the draft and its lines with a history row each; commits no stock.
    """
    steps.require_permission(by, WRITE.permission_name, _("write an order"))
    source = Order.objects.filter(pk=order_id).first()
    if source is None:
        raise UnknownRow(what=_("order"), key=order_id)
    lines, left_out = copies_of(source)
    if not lines:
        raise NothingForSale(order=source)
    order = Order(
        customer_id=source.customer_id,
        channel=Order.Channel.PHONE if source.channel == "sheet" else source.channel,
        currency=source.currency,
        shipping_fee=source.shipping_fee,
        contact=_unless_erased(source.contact),
        billing_address=_unless_erased(source.billing_address),
        shipping_address=_unless_erased(source.shipping_address),
        copied_from=source,
    )
    for line in lines:
        line.order = order
    freeze_prices(order, lines, at=changes.moment())
    said = " ".join(filter(None, (reason, *left_out)))
    steps.enter(WRITE, [order], by=by, reason=said)
    for line in lines:
        line.order_id = order.pk
    history.insert_rows(lines, step=WRITE.name)
    return Duplicate(order, left_out)


def copies_of(source: Order) -> tuple[list[OrderLine], list[str]]:
    """Return an order's lines as a new order may have them, and why the others are left out."""
    units: dict[int, int] = {}
    skus: dict[int, str] = {}
    for line in source.lines.order_by("pk"):
        units[line.product_id] = units.get(line.product_id, 0) + line.quantity
        skus[line.product_id] = line.sku
    refused = refused_products(list(units), currency=source.currency)
    lines = [OrderLine(product_id=pk, quantity=n) for pk, n in units.items() if pk not in refused]
    left_out = [
        _("Left out: %(sku)s. %(why)s") % {"sku": skus[pk], "why": refusal.message}
        for pk, refusal in refused.items()
    ]
    return lines, left_out


def _unless_erased(record: R | None) -> R | None:
    return None if record is None or record.erased_at is not None else record
