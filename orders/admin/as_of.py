"""An order's page of the past: what `orders.as_of` tells, in the words of its workspace."""

from __future__ import annotations

from collections.abc import Hashable
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from backoffice.adminkit.as_of import Section, ShowsAsOf, View, facts_between, lines_between
from backoffice.as_of import Instant, Trace
from backoffice.flows import State
from backoffice.models import User
from backoffice.refused import Text
from catalog.services import available_as_of
from orders.as_of import OrderPast, OrderThen, units_by_parcel
from orders.differences import EMPTY
from orders.models import Address, Contact, Order
from orders.sight import Sight
from orders.states import ORDER_FLOW, RETURN_FLOW, SHIPMENT_FLOW
from orders.sums import in_words, plain
from orders.workspace import fulfilment_state, money_sums_of, payment_state, sums_of

Rows = dict[Hashable, list[str]]


class ShowsOrderAsOf(ShowsAsOf):
    """The part of OrderAdmin that shows one order as it was, masked as its workspace is."""

    def past_of(self, request: HttpRequest, row: Any) -> PastOfOrder:
        return PastOfOrder(row, Sight.of(request.user))


class PastOfOrder:
    """What the page asks of one order's record."""

    def __init__(self, order: Order, sight: Sight) -> None:
        self.name = str(order)
        self.sight = sight
        self.past = OrderPast(order.pk)

    @property
    def traces(self) -> list[Trace]:
        return self.past.traces

    def view(self, instant: Instant) -> View | None:
        """Return the order then beside the order now."""
        then, now = self.past.at(instant), self.past.at(None)
        if then is None or now is None:
            return None
        _Names(self.sight).put_on([then.order, now.order])
        return View(
            badges=[
                (ORDER_FLOW.state_of(then.order), ORDER_FLOW.state_of(now.order)),
                (_unless_draft(payment_state, then), _unless_draft(payment_state, now)),
                (_unless_draft(fulfilment_state, then), _unless_draft(fulfilment_state, now)),
            ],
            facts=facts_between(self._facts(then), self._facts(now)),
            sections=self._sections(then, now, instant),
        )

    def _sections(self, then: OrderThen, now: OrderThen, instant: Instant) -> list[Section]:
        products = {line.product_id for line in (*then.lines, *now.lines)}
        stock = [available_as_of(products, at) for at in (instant, None)]
        return [
            Section(
                _("Lines"),
                [
                    _("Product"),
                    _("Price"),
                    _("Quantity"),
                    _("Committed"),
                    _("Shipped"),
                    _("Cancelled"),
                    _("Returned"),
                    _("Total"),
                    _("Available"),
                ],
                lines_between(_lines(then, stock[0]), _lines(now, stock[1])),
                _("No lines."),
                frozenset(range(1, 9)),
            ),
            Section(
                _("Sums"),
                [_("Sum"), _("Amount")],
                lines_between(_sums(then), _sums(now)),
                numbers=frozenset({1}),
            ),
            Section(
                _("Payments and refunds"),
                [_("What"), _("When"), _("Amount")],
                lines_between(_money(then), _money(now)),
                _("No money had moved."),
                frozenset({2}),
            ),
            Section(
                _("Parcels"),
                [_("State"), _("Tracking number"), _("Contents")],
                lines_between(_parcels(then), _parcels(now)),
                _("No parcel had been packed."),
            ),
            Section(
                _("Returns"),
                [_("Number"), _("State"), _("Contents")],
                lines_between(_returns(then), _returns(now)),
                _("Nothing was coming back."),
            ),
        ]

    def _facts(self, then: OrderThen) -> dict[Text, str]:
        order, sight = then.order, self.sight
        contact = order.contact
        return {
            _("Number"): order.number or "",
            _("Customer"): sight.name(str(contact or order.customer)),
            _("E-mail"): sight.email(contact.email if contact else order.customer.email),
            _("Phone"): sight.phone(contact.phone) if contact else "",
            _("Ships to"): "\n".join(sight.address_lines(order.shipping_address)),
            _("Bills to"): "\n".join(sight.address_lines(order.billing_address)),
            _("Channel"): str(order.get_channel_display()),
            _("Tags"): ", ".join(then.tags),
            _("Assignee"): str(order.assignee or ""),
            _("On hold"): (order.hold_reason or _("yes")) if order.is_held else "",
            _("Held until"): _moment(order.hold_until),
            _("Follow up on"): date_format(order.follow_up_on) if order.follow_up_on else "",
            _("Placed"): _moment(order.placed_at),
            _("Completed"): _moment(order.completed_at),
            _("Cancelled"): _moment(order.cancelled_at),
            _("Why cancelled"): str(then.cancellations[-1]) if then.cancellations else "",
            _("Money under way"): str(order.facts.claim or ""),
            _("Merged into"): str(order.merged_into or ""),
            _("Copied from"): str(order.copied_from or ""),
        }


class _Names:
    """Puts on orders of the past whom and what they refer to: one query for each kind."""

    KINDS: tuple[tuple[type[Any], tuple[str, ...]], ...] = (
        (User, ("customer", "assignee")),
        (Contact, ("contact",)),
        (Address, ("billing_address", "shipping_address")),
        (Order, ("merged_into", "copied_from")),
    )

    def __init__(self, sight: Sight) -> None:
        self.sight = sight

    def put_on(self, orders: list[Order]) -> None:
        for model, names in self.KINDS:
            keys = {getattr(order, f"{name}_id") for order in orders for name in names} - {None}
            rows: QuerySet[Any] = model._base_manager.all()
            found = rows.in_bulk(list(keys)) if keys else {}
            for order in orders:
                for name in names:
                    # Past the descriptor: a customer stands there as the plain user.
                    order._state.fields_cache[name] = found.get(getattr(order, f"{name}_id"))


def _unless_draft(axis: Any, then: OrderThen) -> State | None:
    return None if then.order.status == "draft" else axis(then.order)


def _moment(moment: Any) -> str:
    return date_format(localtime(moment), "j M Y, H:i") if moment else ""


def _lines(then: OrderThen, available: dict[int, int]) -> Rows:
    return {
        line.pk: [
            f"{line.name} · {line.sku}",
            plain(line.unit_price),
            str(line.quantity),
            str(line.committed),
            str(line.shipped),
            str(line.cancelled),
            str(line.returned),
            plain(line.total),
            str(available.get(line.product_id, 0)),
        ]
        for line in then.lines
    }


def _sums(then: OrderThen) -> Rows:
    """What the total is made of, and what is paid of it."""
    rows: Rows = {label: [label, sum_] for label, sum_, _remark in sums_of(then.order)}
    for label, sum_ in money_sums_of(then.order):
        rows[label] = [label, sum_]
    return rows


def _money(then: OrderThen) -> Rows:
    rows = [
        (
            payment.at,
            ("payment", payment.pk),
            str(payment.get_kind_display()),
            in_words(payment.amount, payment.currency),
        )
        for payment in then.payments
    ]
    rows += [
        (
            refund.at,
            ("refund", refund.pk),
            _("Refunded"),
            in_words(Decimal(-refund.amount), refund.currency),
        )
        for refund in then.refunds
    ]
    return {key: [what, _moment(at), sum_] for at, key, what, sum_ in sorted(rows)}


def _parcels(then: OrderThen) -> Rows:
    called = {line.pk: line.sku for line in then.lines}
    parts = units_by_parcel(then)
    return {
        parcel.pk: [
            str(SHIPMENT_FLOW.state_of(parcel).label),
            f"{parcel.carrier} {parcel.tracking}".strip() or EMPTY,
            ", ".join(f"{p.quantity} × {called.get(p.line_id, '')}" for p in parts[parcel.pk]),
        ]
        for parcel in then.parcels
    }


def _returns(then: OrderThen) -> Rows:
    called = {line.pk: line.sku for line in then.lines}
    return {
        row.pk: [
            row.number,
            str(RETURN_FLOW.state_of(row).label),
            ", ".join(
                f"{part.quantity} × {called.get(part.line_id, '')}"
                for part in then.return_lines
                if part.of_return_id == row.pk
            ),
        ]
        for row in then.returns
    }
