"""Orders that staff write: a draft and its lines, until it is placed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history, steps
from backoffice.models import User
from backoffice.refused import BadValue, Refused, UnknownRow
from orders.models import Address, Contact, Customer, Order, OrderLine
from orders.services.lines import add_up, freeze_prices, locked_lines
from orders.states import ORDER_FLOW

WRITE = ORDER_FLOW["write"]
R = TypeVar("R", Contact, Address)
MOST_UNITS = 100_000
LARGEST_FEE = Decimal(1_000_000)


class NotADraft(Refused):
    """facts: order, state."""

    sentence = _("{order} is {state}; only drafts can be rewritten.")
    hint = _("Cancel it and write a new one.")
    http_status = 409


@dataclass(frozen=True)
class LineDraft:
    """One product of a draft. quantity: whole units, 1 or more."""

    product_id: int
    quantity: int


@transaction.atomic
def write_order(
    *,
    customer_id: UUID,
    lines: Sequence[LineDraft],
    shipping_fee: Decimal,
    channel: str,
    by: User,
    reason: str,
) -> Order:
    """Write a draft for a customer, priced as of now.

    lines: the same product twice adds up; none is allowed until the order is placed.
    Refuses: NotAllowed; UnknownRow; BadValue; NotForSale; SoldThroughVariants; OtherCurrency.
    Atomic: inserts the order and its lines with a history row each; commits no stock.
    """
    steps.require_permission(by, WRITE.permission_name, _("write an order"))
    units = _added_up(lines)
    order = Order(
        customer=_customer(customer_id),
        channel=_channel(channel),
        shipping_fee=_fee(shipping_fee),
    )
    rows = [OrderLine(order=order, product_id=pk, quantity=n) for pk, n in units.items()]
    freeze_prices(order, rows, at=changes.moment())
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
    version: int | None = None,
) -> Order:
    """Rewrite a draft: its whole set of lines, fee, channel or customer; totals follow.

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
            order.shipping_fee = _fee(shipping_fee)
        dropped: list[OrderLine] = []
        if lines is not None:
            rows, dropped = _rearranged(order, rows, _added_up(lines))
            freeze_prices(order, rows, at=changes.moment())
        add_up(order, rows)
        if _write_lines(rows, dropped):
            # Lines are part of what the version counts.
            order.version += 1
    return order


def address_draft(
    *,
    order_id: int,
    by: User,
    reason: str,
    contact_id: int | None = None,
    billing_address_id: int | None = None,
    shipping_address_id: int | None = None,
    version: int | None = None,
) -> Order:
    """Say whom a draft is for and where it goes; None leaves a part as it is.

    Refuses: UnknownRow (also for another customer's record); NotAllowed; StaleVersion; NotADraft.
    Atomic: locks the order; one history row when something changed.
    """
    with steps.editing(
        Order, order_id, by=by, permission="orders.change_order", reason=reason, version=version
    ) as order:
        _require_draft(order)
        if contact_id is not None:
            order.contact = _record(Contact, contact_id, order)
        if billing_address_id is not None:
            order.billing_address = _record(Address, billing_address_id, order)
        if shipping_address_id is not None:
            order.shipping_address = _record(Address, shipping_address_id, order)
    return order


def _require_draft(order: Order) -> None:
    if order.status != "draft":
        raise NotADraft(order=order, state=str(order.get_status_display()).lower())


def _rearranged(
    order: Order, rows: Sequence[OrderLine], units: dict[int, int]
) -> tuple[list[OrderLine], list[OrderLine]]:
    """Return the lines as they shall be (some not saved yet), and those that go."""
    present = {row.product_id: row for row in rows}
    kept = []
    for product_id, number in units.items():
        row = present.get(product_id) or OrderLine(order=order, product_id=product_id)
        row.quantity = number
        kept.append(row)
    return kept, [row for row in rows if row.product_id not in units]


def _write_lines(rows: Sequence[OrderLine], dropped: Sequence[OrderLine]) -> bool:
    """Save what changed; tell whether anything did."""
    for row in dropped:
        row.delete()
    made = history.insert_rows([row for row in rows if row._state.adding])
    changed = history.update_rows([row for row in rows if row not in made])
    return bool(dropped or made or changed)


def _added_up(lines: Sequence[LineDraft]) -> dict[int, int]:
    """Return units by product. Refuses: BadValue for what is no whole number from 1."""
    units: dict[int, int] = {}
    for line in lines:
        if isinstance(line.quantity, bool) or not isinstance(line.quantity, int):
            raise BadValue(field=_("Quantity"), problem=_("a whole number is needed."))
        units[line.product_id] = units.get(line.product_id, 0) + line.quantity
        if line.quantity < 1 or units[line.product_id] > MOST_UNITS:
            raise BadValue(
                field=_("Quantity"),
                problem=_("between 1 and {most} units.").format(most=MOST_UNITS),
            )
    return units


def _fee(fee: Decimal) -> Decimal:
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


def _record(model: type[R], pk: int, order: Order) -> R:
    """Return the customer's own record. Refuses: UnknownRow."""
    row = model._default_manager.filter(
        pk=pk, customer_id=order.customer_id, erased_at=None
    ).first()
    if row is None:
        raise UnknownRow(what=model._meta.verbose_name, key=pk)
    return row
