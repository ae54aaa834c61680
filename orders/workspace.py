"""What an order's workspace shows: selectors only, no writing and no HTML."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.flows import State
from backoffice.models import User
from backoffice.refused import Text
from catalog.models import StockLevel
from orders.axes import FULFILMENT_STATES, PAYMENT_STATES
from orders.buttons import Buttons, buttons_of
from orders.clock import Age, age_of, targets, time_in_states
from orders.clock import in_words as span_in_words
from orders.discounts import in_short
from orders.facts import OrderFacts, load_facts
from orders.models import Order, OrderLine, Payment, PaymentIntent, Refund
from orders.sight import Sight
from orders.states import ORDER_FLOW
from orders.stepper import Stop, stepper_of
from orders.story import load_story
from orders.sums import in_words
from orders.timeline import FILTERS, Day, steps_of, timeline_of

# Steps that are taken from a page of their own, or from another order.
OTHER_DOORS = frozenset({"edit", "merge"})
CLOSED = ("completed", "cancelled")


@dataclass(frozen=True)
class Line:
    """An order line beside what is on the shelf now."""

    row: OrderLine
    available: int
    packed: int = 0

    @property
    def price(self) -> str:
        return f"{self.row.unit_price:,.2f}"

    @property
    def total(self) -> str:
        return f"{self.row.total:,.2f}"

    @property
    def gross(self) -> str:
        return f"{self.row.gross:,.2f}"

    @property
    def discount(self) -> str:
        """What is off the line and why: “−5.00 (10 %: loyal customer)”; blank when nothing is."""
        if not self.row.discount:
            return ""
        why = in_short(self.row)
        return f"−{self.row.discount:,.2f} ({why})" if why else f"−{self.row.discount:,.2f}"

    @property
    def open(self) -> int:
        """Units that still have to leave the house."""
        return self.row.quantity - self.row.shipped - self.row.cancelled

    @property
    def is_short(self) -> bool:
        """Tell whether the shelf cannot give what is neither committed, shipped nor cancelled."""
        row = self.row
        missing = row.quantity - row.committed - row.shipped - row.cancelled
        return missing > self.available


@dataclass(frozen=True)
class MoneyRow:
    """A payment or a refund in the payments panel."""

    at: datetime
    label: str
    remark: str
    amount: str
    is_failure: bool = False


@dataclass(frozen=True)
class Workspace:
    """One order as its page shows it to one person."""

    order: Order
    sight: Sight
    buttons: Buttons
    lines: list[Line]
    payments: list[Payment]
    refunds: list[Refund]
    timeline: list[Day]
    shown: str
    next_waiting: Order | None
    orders_of_customer: int
    age: Age | None
    spent: dict[str, timedelta]

    @property
    def facts(self) -> OrderFacts:
        return self.order.facts

    @property
    def state(self) -> State:
        return ORDER_FLOW.state_of(self.order)

    @property
    def payment(self) -> State:
        return payment_state(self.order)

    @property
    def fulfilment(self) -> State:
        return fulfilment_state(self.order)

    @property
    def stepper(self) -> list[Stop]:
        """The road, with the time in each state; what ended the road has no clock."""
        timed = {name: span for name, span in self.spent.items() if name not in CLOSED}
        return [
            replace(stop, spent=span_in_words(timed[stop.state.name]))
            if stop.state.name in timed
            else stop
            for stop in stepper_of(self.order)
        ]

    @property
    def claim(self) -> PaymentIntent | None:
        return self.order.facts.claim

    @property
    def is_in_doubt(self) -> bool:
        return self.claim is not None and self.claim.state == PaymentIntent.State.IN_DOUBT

    @property
    def claim_step(self) -> str:
        """The label of the step that the open claim is about."""
        assert self.claim is not None
        return str(self.claim.step_label)

    @property
    def is_draft(self) -> bool:
        return self.order.status == "draft"

    @property
    def filters(self) -> dict[str, Text]:
        return FILTERS

    @property
    def total(self) -> str:
        return in_words(self.order.total, self.order.currency)

    @property
    def sums(self) -> list[tuple[str, str, str]]:
        return sums_of(self.order)

    @property
    def money_sums(self) -> list[tuple[str, str]]:
        return money_sums_of(self.order)

    @property
    def money_rows(self) -> list[MoneyRow]:
        """Return payments and refunds in the order in which they happened."""
        rows = [
            MoneyRow(
                at=payment.at,
                label=str(payment.get_kind_display()),
                remark=" · ".join(filter(None, (payment.message, payment.gateway, payment.charge))),
                amount=in_words(payment.amount, payment.currency),
                is_failure=payment.kind == Payment.Kind.FAILED,
            )
            for payment in self.payments
        ] + [
            MoneyRow(
                at=refund.at,
                label=_("Refunded"),
                remark=" · ".join(filter(None, (refund.note, refund.charge))),
                amount=in_words(-refund.amount, refund.currency),
            )
            for refund in self.refunds
        ]
        return sorted(rows, key=lambda row: row.at)

    @property
    def customer_name(self) -> str:
        named = self.order.contact or self.order.customer
        return self.sight.name(str(named))

    @property
    def customer_email(self) -> str:
        contact = self.order.contact
        return self.sight.email(contact.email if contact else self.order.customer.email)

    @property
    def customer_phone(self) -> str:
        return self.sight.phone(self.order.contact.phone) if self.order.contact else ""

    @property
    def shipping_lines(self) -> list[str]:
        return self.sight.address_lines(self.order.shipping_address)

    @property
    def billing_lines(self) -> list[str]:
        return self.sight.address_lines(self.order.billing_address)

    @property
    def bills_where_it_ships(self) -> bool:
        order = self.order
        return (
            order.billing_address_id is not None
            and order.billing_address_id == order.shipping_address_id
        )


def sums_of(order: Order) -> list[tuple[str, str, str]]:
    """Label, sum and remark of what the total is made of; what is nothing is left out."""
    rows = [
        (_("Subtotal"), order.subtotal, ""),
        (_("Discount"), -order.discount, in_short(order)),
        (_("Shipping"), order.shipping_fee, ""),
        (_("Tax"), order.tax, ""),
    ]
    kept = [row for row in rows if row[1] or row[0] in {_("Subtotal"), _("Shipping")}]
    return [
        *((label, in_words(amount, order.currency), remark) for label, amount, remark in kept),
        (_("Total"), in_words(order.total, order.currency), ""),
    ]


def money_sums_of(order: Order) -> list[tuple[str, str]]:
    """What is authorised, paid, returned, and left to pay; nothing for an untouched order."""
    facts = order.facts
    sums = [
        (_("Authorised"), facts.authorised),
        (_("Paid"), facts.captured),
        (_("Returned"), facts.refunded),
    ]
    moved = [(label, in_words(amount, order.currency)) for label, amount in sums if amount]
    left = max(facts.due - facts.authorised, Decimal(0))
    if order.status in {"draft", "cancelled"}:
        return moved
    return [*moved, (_("Left to pay"), in_words(left, order.currency))]


def payment_state(order: Order) -> State:
    """Return the payment axis of an order whose facts are loaded.

    Nobody waits for the money of a draft or of a cancelled order: it has no warning colour.
    """
    state = PAYMENT_STATES[order.facts.payment_state(order.total)]
    is_quiet = order.status in {"draft", "cancelled"} and state.tone == "warning"
    return replace(state, tone="neutral") if is_quiet else state


def fulfilment_state(order: Order) -> State:
    """Return the fulfilment axis of an order whose facts are loaded."""
    return FULFILMENT_STATES[order.facts.fulfilment_state]


def load_order(pk: int) -> Order | None:
    """Return an order with everything beside it that its page names, facts loaded."""
    order = (
        Order.objects.select_related(
            "customer",
            "contact",
            "billing_address",
            "shipping_address",
            "assignee",
            "copied_from",
            "merged_into",
            "presence__user",
        )
        .prefetch_related("tags")
        .filter(pk=pk)
        .first()
    )
    if order is not None:
        load_facts([order])
    return order


def workspace_of(order: Order, *, user: User, shown: str = "all") -> Workspace:
    """Return what the page of a loaded order shows to a person.

    shown: which entries of the timeline, a key of FILTERS.
    """
    sight, now = Sight.of(user), timezone.now()
    load_story(order)
    return Workspace(
        order=order,
        sight=sight,
        buttons=buttons_of(
            [o for o in ORDER_FLOW.offers(order, user) if o.step.name not in OTHER_DOORS]
        ),
        lines=lines_of(order),
        payments=list(order.payments.all()),
        refunds=list(order.refunds.all()),
        timeline=timeline_of(order, sight=sight, shown=shown),
        shown=shown,
        next_waiting=next_waiting(order),
        orders_of_customer=order.customer.orders.count(),
        age=age_of(order, targets(), now),
        spent=time_in_states([(row.history_date, row.status) for row in steps_of(order)], now),
    )


def lines_of(order: Order) -> list[Line]:
    """Return the order's lines, each with what could be promised of its product now."""
    rows = list(order.lines.select_related("product", "location").order_by("id"))
    free = dict(
        StockLevel.objects.filter(product__in=[row.product_id for row in rows])
        .order_by()
        .values("product")
        .annotate(free=Sum(F("on_hand") - F("committed") - F("unavailable")))
        .values_list("product", "free")
    )
    inside = order.shipments.filter(status="packed").order_by().values("lines__line")
    packed = dict(inside.annotate(units=Sum("lines__quantity")).values_list("lines__line", "units"))
    return [Line(row, free.get(row.product_id, 0), packed.get(row.pk, 0)) for row in rows]


def next_waiting(after: Order | None = None) -> Order | None:
    """Return the order that has waited longest to be processed, other than the one at hand."""
    waiting = Order.objects.to_process().longest_first()
    return (waiting.exclude(pk=after.pk) if after else waiting).first()
