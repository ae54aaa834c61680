"""What an order's workspace shows: selectors only, no writing and no HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from django.db.models import F, Sum
from django.utils.translation import gettext as _

from backoffice.flows import Offer, State
from backoffice.models import User
from backoffice.refused import Text
from catalog.models import StockLevel
from orders.axes import FULFILMENT_STATES, PAYMENT_STATES
from orders.facts import OrderFacts, load_facts
from orders.models import Order, OrderLine, Payment, PaymentIntent, Refund, Shipment
from orders.sight import Sight
from orders.states import ORDER_FLOW
from orders.story import load_story
from orders.timeline import FILTERS, Day, timeline_of

STEPPER = ("draft", "pending", "processing", "completed")


def in_words(amount: Decimal, currency: str) -> str:
    """Return a sum as the console prints it: 1,248.00 EUR."""
    return f"{amount:,.2f} {currency}"


@dataclass(frozen=True)
class Stop:
    """A state in the stepper."""

    state: State
    place: Literal["done", "here", "ahead", "left"]


@dataclass(frozen=True)
class Line:
    """An order line beside what is on the shelf now."""

    row: OrderLine
    available: int

    @property
    def price(self) -> str:
        return f"{self.row.unit_price:,.2f}"

    @property
    def total(self) -> str:
        return f"{self.row.total:,.2f}"

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
class Buttons:
    """The steps that somebody is offered, sorted to where their buttons stand."""

    primary: Offer | None
    beside: list[Offer]
    more: list[Offer]


def buttons_of(offers: Sequence[Offer]) -> Buttons:
    """Sort offers: what leads on in sight, the first open one first; danger under “More”.

    A closed step stands in sight when it leads on (it says what is missing); a closed side step
    would only be noise there.
    """
    in_sight = [o for o in offers if o.step.tone != "danger" and (o.is_open or _leads_on(o))]
    ready = [o for o in in_sight if o.is_open and o.step.tone in {"info", "success"}]
    ready.sort(key=lambda offer: not _leads_on(offer))
    primary = ready[0] if ready else None
    return Buttons(
        primary=primary,
        beside=[o for o in in_sight if o is not primary],
        more=[o for o in offers if o not in in_sight],
    )


def _leads_on(offer: Offer) -> bool:
    step = offer.step
    return step.tone == "success" or (step.tone == "info" and bool(step.target))


def stepper_of(order: Order) -> list[Stop]:
    """Return the road of an order; a cancelled one shows how far it came, then the side state."""
    if order.status == "cancelled":
        reached = 1 if order.placed_at else 0
        road = [
            Stop(ORDER_FLOW.states[name], "done" if at <= reached else "left")
            for at, name in enumerate(STEPPER)
        ]
        return [*road[: reached + 1], Stop(ORDER_FLOW.states["cancelled"], "here")]
    here = STEPPER.index(order.status)
    return [
        Stop(ORDER_FLOW.states[name], "done" if at < here else "here" if at == here else "ahead")
        for at, name in enumerate(STEPPER)
    ]


@dataclass(frozen=True)
class Workspace:
    """One order as its page shows it to one person."""

    order: Order
    sight: Sight
    buttons: Buttons
    lines: list[Line]
    payments: list[Payment]
    refunds: list[Refund]
    parcels: list[Shipment]
    timeline: list[Day]
    shown: str
    next_waiting: Order | None
    orders_of_customer: int

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
        return stepper_of(self.order)

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
        return self._money(self.order.total)

    @property
    def sums(self) -> list[tuple[str, str]]:
        return [
            (_("Subtotal"), self._money(self.order.subtotal)),
            (_("Shipping"), self._money(self.order.shipping_fee)),
            (_("Total"), self.total),
        ]

    @property
    def money_sums(self) -> list[tuple[str, str]]:
        """What is authorised, paid, returned, and left to pay; nothing for an untouched order."""
        facts, order = self.facts, self.order
        sums = [
            (_("Authorised"), facts.authorised),
            (_("Paid"), facts.captured),
            (_("Returned"), facts.refunded),
        ]
        moved = [(label, self._money(amount)) for label, amount in sums if amount]
        left = max(order.total - facts.covered, Decimal(0))
        if order.status in {"draft", "cancelled"}:
            return moved
        return [*moved, (_("Left to pay"), self._money(left))]

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

    def _money(self, amount: Decimal) -> str:
        return in_words(amount, self.order.currency)


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
            "customer", "contact", "billing_address", "shipping_address", "assignee"
        )
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
    sight = Sight.of(user)
    load_story(order)
    return Workspace(
        order=order,
        sight=sight,
        buttons=buttons_of(ORDER_FLOW.offers(order, user)),
        lines=lines_of(order),
        payments=list(order.payments.all()),
        refunds=list(order.refunds.all()),
        parcels=list(order.shipments.all()),
        timeline=timeline_of(order, sight=sight, shown=shown),
        shown=shown,
        next_waiting=next_waiting(order),
        orders_of_customer=order.customer.orders.count(),
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
    return [Line(row, free.get(row.product_id, 0)) for row in rows]


def next_waiting(after: Order | None = None) -> Order | None:
    """Return the order that has waited longest to be processed, other than the one at hand."""
    waiting = Order.objects.to_process().oldest_first()
    return (waiting.exclude(pk=after.pk) if after else waiting).first()
