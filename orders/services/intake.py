"""Orders that were lived elsewhere: taken in as they stand, many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history, steps
from backoffice.models import User
from catalog.models import Product
from orders.models import Address, Contact, Customer, Order, OrderLine, Payment, Refund
from orders.services.customers import customers_by_email
from orders.services.lines import add_up, commit_lines
from orders.states import ORDER_FLOW

PERMISSION = "orders.take_in_order"
# Whose orders name no e-mail address hang on this customer; nobody can be written to there.
GUEST_EMAIL = "guest@no-address.invalid"
COMMITTED_IN = {"pending", "processing"}


@dataclass(frozen=True, kw_only=True)
class IncomingLine:
    """One line as it was sold. quantity: 1 or more; discount: off the whole line."""

    product: Product
    quantity: int
    unit_price: Decimal
    discount: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class IncomingOrder:
    """One order as another shop tells it.

    number: its own number, kept. status: pending, processing, completed or cancelled. paid,
    refunded: what came in and went back, in the order's currency. address: see AddressFields.
    """

    number: str
    placed_at: datetime
    status: str
    currency: str
    lines: Sequence[IncomingLine]
    email: str = ""
    name: str = ""
    phone: str = ""
    address: Mapping[str, str] = field(default_factory=dict)
    shipping_fee: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)
    channel: str = Order.Channel.SHEET


def take_in_orders(*, orders: Sequence[IncomingOrder], by: User, reason: str) -> list[Order]:
    """Create orders in the state they have elsewhere; all of them, or none.

    Customers are found by e-mail address or made. Orders that are still open are promised their
    stock; completed ones were shipped elsewhere and move none. Money is noted as received.
    Refuses: NotAllowed; NotEnoughStock; what `create_customer` refuses.
    Atomic: set-based; orders, lines, payments and refunds in one statement per 500 rows, levels
    locked in order; one history row each.
    """
    steps.require_permission(by, PERMISSION, str(_("create orders from a sheet")))
    with transaction.atomic():
        rows = _orders(orders, by=by, reason=reason)
        by_state: dict[str, list[Order]] = defaultdict(list)
        for incoming, order in zip(orders, rows, strict=True):
            by_state[incoming.status].append(order)
        for state, of_state in by_state.items():
            step = ORDER_FLOW[f"take_in_{state}"]
            steps.enter(step, of_state, by=by, reason=reason)
        _lines(orders, rows)
        _money(orders, rows)
    return rows


def _orders(orders: Sequence[IncomingOrder], *, by: User, reason: str) -> list[Order]:
    names = {incoming.email or GUEST_EMAIL: incoming.name for incoming in orders}
    customers = customers_by_email(names=names, by=by, reason=reason)
    contacts = [_contact(incoming, customers) for incoming in orders]
    Contact.objects.bulk_create(contacts, batch_size=500)
    addresses = {
        at: _address(incoming, customers) for at, incoming in enumerate(orders) if incoming.address
    }
    Address.objects.bulk_create(addresses.values(), batch_size=500)
    rows = []
    for at, (incoming, contact) in enumerate(zip(orders, contacts, strict=True)):
        order = Order(
            number=incoming.number,
            customer=customers[incoming.email or GUEST_EMAIL],
            contact=contact,
            billing_address=addresses.get(at),
            shipping_address=addresses.get(at),
            channel=incoming.channel,
            currency=incoming.currency,
            shipping_fee=incoming.shipping_fee,
            discount=incoming.discount,
            discount_reason=str(_("As in the sheet")) if incoming.discount else "",
            tax=incoming.tax,
            placed_at=incoming.placed_at,
        )
        if incoming.status == "completed":
            order.completed_at = incoming.placed_at
        elif incoming.status == "cancelled":
            order.cancelled_at = incoming.placed_at
        add_up(order, [_line(order, line, incoming.status) for line in incoming.lines])
        rows.append(order)
    return rows


def _contact(incoming: IncomingOrder, customers: Mapping[str, Customer]) -> Contact:
    contact = Contact(
        customer_id=customers[incoming.email or GUEST_EMAIL].pk,
        name=incoming.name,
        email=incoming.email,
        phone=incoming.phone,
    )
    contact.seal_fields()
    return contact


def _address(incoming: IncomingOrder, customers: Mapping[str, Customer]) -> Address:
    address = Address(
        customer_id=customers[incoming.email or GUEST_EMAIL].pk,
        **{"name": incoming.name, **incoming.address},
    )
    address.seal_fields()
    return address


def _line(order: Order, line: IncomingLine, status: str) -> OrderLine:
    row = OrderLine(
        order=order,
        product=line.product,
        sku=line.product.sku,
        name=line.product.name,
        unit_price=line.unit_price,
        discount=line.discount,
        discount_reason=str(_("As in the sheet")) if line.discount else "",
        quantity=line.quantity,
    )
    if status == "completed":
        row.shipped = line.quantity
    elif status == "cancelled":
        row.cancelled = line.quantity
    return row


def _lines(orders: Sequence[IncomingOrder], rows: Sequence[Order]) -> None:
    lines, promised = [], []
    for incoming, order in zip(orders, rows, strict=True):
        of_order = [_line(order, line, incoming.status) for line in incoming.lines]
        lines += of_order
        if incoming.status in COMMITTED_IN:
            promised += of_order
    history.insert_rows(lines, step="take_in")
    if promised:
        commit_lines({line: line.quantity for line in promised}, step="take_in")


def _money(orders: Sequence[IncomingOrder], rows: Sequence[Order]) -> None:
    said = {"change_set": changes.require()}
    note = str(_("As in the sheet"))
    pairs = list(zip(orders, rows, strict=True))
    Payment.objects.bulk_create(
        [
            Payment(
                order=order,
                kind=Payment.Kind.RECEIVED,
                amount=incoming.paid,
                currency=incoming.currency,
                message=note,
                at=incoming.placed_at,
                **said,
            )
            for incoming, order in pairs
            if incoming.paid
        ],
        batch_size=500,
    )
    Refund.objects.bulk_create(
        [
            Refund(
                order=order,
                amount=incoming.refunded,
                # What another shop gave back for good is not owed here again.
                lowers_due_by=incoming.refunded,
                currency=incoming.currency,
                note=note,
                at=incoming.placed_at,
                **said,
            )
            for incoming, order in pairs
            if incoming.refunded
        ],
        batch_size=500,
    )
