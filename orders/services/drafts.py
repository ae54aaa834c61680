"""Orders that staff write: a draft and its lines, until it is placed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history, steps
from backoffice.models import User
from backoffice.refused import BadValue, Refused, UnknownRow
from orders.discounts import Discount
from orders.models import Customer, Order
from orders.services.discounts import require_may_discount
from orders.services.line_drafts import Arrangement, LineDraft, arrange, write_lines
from orders.services.lines import add_up, freeze_prices, locked_lines
from orders.states import ORDER_FLOW

WRITE = ORDER_FLOW["write"]
LARGEST_FEE = Decimal(1_000_000)


class NotADraft(Refused):
    """facts: order, state."""

    sentence = _("{order} is {state}; only drafts can be rewritten.")
    hint = _("Cancel it and write a new one.")
    http_status = 409


@transaction.atomic
def write_order(
    *,
    customer_id: UUID,
    lines: Sequence[LineDraft],
    shipping_fee: Decimal,
    channel: str,
    by: User,
    reason: str,
    discount: Discount | None = None,
) -> Order:
    """Write a draft for a customer, priced as of now.

    lines: the same product twice adds up; none is allowed until the order is placed.
    discount: off the whole order; it needs the permission for discounts, as a line's does.
    Refuses: NotAllowed; UnknownRow; BadValue; DiscountTooLarge; DiscountUnexplained; NotForSale;
    SoldThroughVariants; OtherCurrency.
    Atomic: inserts the order and its lines with a history row each; commits no stock.
    """
    steps.require_permission(by, WRITE.permission_name, _("write an order"))
    order = Order(
        customer=_customer(customer_id),
        channel=_channel(channel),
        shipping_fee=clean_fee(shipping_fee),
    )
    rows = arrange(order, [], lines).kept
    if discount is not None:
        discount.put_on(order)
    freeze_prices(order, rows, at=changes.moment())
    require_may_discount(by, order, rows)
    steps.enter(WRITE, [order], by=by, reason=reason)
    for row in rows:
        row.order_id = order.pk
    history.insert_rows(rows, step=WRITE.name)
    return order


def edit_draft(
    *,
    order_id: int,
    by: User,
    reason: str,
    lines: Sequence[LineDraft] | None = None,
    shipping_fee: Decimal | None = None,
    channel: str | None = None,
    customer_id: UUID | None = None,
    discount: Discount | None = None,
    version: int | None = None,
) -> Order:
    """Rewrite a draft: its whole set of lines, fee, channel, discount or customer; totals follow.

    None leaves a part as it is. A new customer takes contact and addresses off the draft.
    Refuses: UnknownRow; NotAllowed; StaleVersion; NotADraft; and what `write_order` refuses.
    Atomic: locks the order, then its lines; a row that changed has one history row.
    """
    with steps.editing(
        Order, order_id, by=by, permission="orders.change_order", reason=reason, version=version
    ) as order:
        _require_draft(order)
        rows = locked_lines(order)
        if customer_id is not None and customer_id != order.customer_id:
            order.customer = _customer(customer_id)
            order.contact = order.billing_address = order.shipping_address = None
        if channel is not None:
            order.channel = _channel(channel)
        if shipping_fee is not None:
            order.shipping_fee = clean_fee(shipping_fee)
        if discount is not None and not discount.is_on(order):
            discount.put_on(order)
        arranged = Arrangement(kept=rows)
        if lines is not None:
            arranged = arrange(order, rows, lines)
            freeze_prices(order, arranged.kept, at=changes.moment())
        add_up(order, arranged.kept)
        require_may_discount(by, order, arranged.kept)
        if write_lines(arranged):
            # Lines are part of what the version counts.
            order.version += 1
    return order


def _require_draft(order: Order) -> None:
    if order.status != "draft":
        raise NotADraft(order=order, state=str(order.get_status_display()).lower())


def clean_fee(fee: Decimal) -> Decimal:
    if not fee.is_finite() or not 0 <= fee < LARGEST_FEE or fee != round(fee, 2):
        raise BadValue(
            field=_("Shipping"), problem=_("an amount of money, not negative, is needed.")
        )
    return fee


def _channel(channel: str) -> str:
    if channel not in Order.Channel.values:
        raise BadValue(field=_("Channel"), problem=_("choose one from the list."))
    return channel


def _customer(customer_id: UUID) -> Customer:
    customer: Customer | None = Customer.objects.get_or_none(pk=customer_id)
    if customer is None:
        raise UnknownRow(what=_("customer"), key=customer_id)
    return customer
