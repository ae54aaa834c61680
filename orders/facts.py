"""What guards, totals and badges of an order are computed from: units, money, the open claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Exists, Max, Min, OuterRef, Sum

from orders.models import (
    Cancellation,
    Order,
    OrderLine,
    Payment,
    PaymentIntent,
    Refund,
    ReturnLine,
    ShipmentLine,
)
from orders.states import ORDER_FLOW
from orders.states.returns import ANNOUNCED

ZERO = Decimal(0)
CENT = Decimal("0.01")


@dataclass
class ChargeFacts:
    """What happened to one charge at the gateway; money in the order's currency."""

    charge: str
    gateway: str = ""
    authorised: Decimal = ZERO
    captured: Decimal = ZERO
    voided: Decimal = ZERO
    refunded: Decimal = ZERO
    is_declined: bool = False  # the bank refused to capture, void or refund it

    @property
    def open(self) -> Decimal:
        """Authorised and neither captured nor voided."""
        return max(self.authorised - self.captured - self.voided, ZERO)

    @property
    def returnable(self) -> Decimal:
        """Captured and not yet given back."""
        return max(self.captured - self.refunded, ZERO)


@dataclass
class OrderFacts:
    """Loaded once per order; money in the order's currency, quantities in units."""

    ordered_units: int = 0
    committed_units: int = 0
    shipped_units: int = 0
    cancelled_units: int = 0
    packed_units: int = 0  # in parcels that have not left: still committed
    returned_units: int = 0  # back in the house, sellable or not
    announced_units: int = 0  # of returns that nobody has looked at yet
    authorised: Decimal = ZERO  # authorised and neither captured nor voided
    doubtful: Decimal = ZERO  # the part of it that the bank declined to capture when asked
    captured: Decimal = ZERO  # captured or received
    refunded: Decimal = ZERO
    past: Decimal = ZERO  # of that, what went back until the order was last cancelled and reopened
    lowered: Decimal = ZERO  # what refunds since then have made no longer due
    received: Decimal = ZERO  # arrived outside of a gateway and not yet given back
    charges: list[ChargeFacts] = field(default_factory=list)  # oldest first
    claim: PaymentIntent | None = None
    total: Decimal = ZERO  # of the order when its facts were loaded

    def settle_charges(self) -> None:
        """Add up what the charges say: authorised, in doubt, captured."""
        for charge in self.charges:
            self.authorised += charge.open
            self.doubtful += charge.open if charge.is_declined else ZERO
            self.captured += charge.captured

    @property
    def open_units(self) -> int:
        """Units that still have to leave the house."""
        return self.ordered_units - self.shipped_units - self.cancelled_units

    @property
    def loose_units(self) -> int:
        """Units with stock promised to them that are in no parcel yet."""
        return self.committed_units - self.packed_units

    @property
    def returnable_units(self) -> int:
        """Units that left the house and are neither back nor announced."""
        return self.shipped_units - self.returned_units - self.announced_units

    @property
    def net_paid(self) -> Decimal:
        return self.captured - self.refunded

    @property
    def returnable(self) -> Decimal:
        """What can still go back: through gateways, or by hand.

        Never more than is paid: what an exchange took over left by no gateway (a refund without a
        charge), but it is gone.
        """
        came = sum((c.returnable for c in self.charges), ZERO) + max(self.received, ZERO)
        return max(min(came, self.net_paid), ZERO)

    @property
    def due(self) -> Decimal:
        """What is still to be paid; below zero: more was paid than is due."""
        return self.due_of(self.total)

    def due_of(self, total: Decimal) -> Decimal:
        """Return what is still to be paid of a total."""
        return total - self.lowered - self.net_paid

    @property
    def covered(self) -> Decimal:
        """What is authorised or paid."""
        return self.authorised + self.net_paid

    @property
    def surely_authorised(self) -> Decimal:
        """What is authorised and not yet declined at its capture."""
        return self.authorised - self.doubtful

    @property
    def surely_covered(self) -> Decimal:
        """What is paid, or authorised and not yet declined at its capture."""
        return self.covered - self.doubtful

    def payment_state(self, total: Decimal) -> str:
        """Return the payment axis: a key of `axes.PAYMENT_STATES`."""
        since = self.refunded - self.past
        if self.net_paid > 0:
            if self.due_of(total) <= 0:
                return "partly_refunded" if self.lowered else "paid"
            return "partly_refunded" if since > self.lowered else "partly_paid"
        if self.authorised:
            return "authorised"
        return "refunded" if since else "unpaid"

    @property
    def fulfilment_state(self) -> str:
        """Return the fulfilment axis: a key of `axes.FULFILMENT_STATES`."""
        if not self.shipped_units:
            return "unfulfilled"
        if self.open_units:
            return "partly"
        if self.returned_units:
            whole = self.returned_units >= self.shipped_units
            return "returned" if whole else "partly_returned"
        return "fulfilled"


@ORDER_FLOW.loader
def load_facts(orders: Sequence[Order]) -> None:
    """Put `facts` on each order: six queries, however many orders; one more if some are merged."""
    by_id = {order.pk: OrderFacts(total=order.total) for order in orders}
    _load_units(by_id)
    _load_packed(by_id)
    _load_announced(by_id)
    _load_money(by_id)
    for claim in PaymentIntent.objects.filter(
        order__in=by_id, state__in=PaymentIntent.OPEN
    ).select_related("by"):
        by_id[claim.order_id].claim = claim
    for order in orders:
        order.facts = by_id[order.pk]
    _load_merged(orders)


def _load_units(by_id: dict[int, OrderFacts]) -> None:
    for row in (
        OrderLine.objects.filter(order__in=by_id)
        .order_by()
        .values("order")
        .annotate(
            ordered=Sum("quantity"),
            committed=Sum("committed"),
            shipped=Sum("shipped"),
            cancelled=Sum("cancelled"),
            returned=Sum("returned"),
        )
    ):
        facts = by_id[row["order"]]
        facts.ordered_units, facts.committed_units = row["ordered"], row["committed"]
        facts.shipped_units, facts.cancelled_units = row["shipped"], row["cancelled"]
        facts.returned_units = row["returned"]


def _load_merged(orders: Sequence[Order]) -> None:
    """Read what merged orders were merged into: a guard names it. No merged one: no query."""
    kept_ids = {order.merged_into_id for order in orders if order.merged_into_id is not None}
    kept = Order.objects.in_bulk(kept_ids) if kept_ids else {}
    for order in orders:
        if order.merged_into_id is not None:
            order.merged_into = kept[order.merged_into_id]


def _load_packed(by_id: dict[int, OrderFacts]) -> None:
    for row in (
        ShipmentLine.objects.filter(shipment__order__in=by_id, shipment__status="packed")
        .order_by()
        .values("shipment__order")
        .annotate(packed=Sum("quantity"))
    ):
        by_id[row["shipment__order"]].packed_units = row["packed"]


def _load_announced(by_id: dict[int, OrderFacts]) -> None:
    for row in (
        ReturnLine.objects.filter(of_return__order__in=by_id, of_return__status__in=ANNOUNCED)
        .order_by()
        .values("of_return__order")
        .annotate(units=Sum("quantity"))
    ):
        by_id[row["of_return__order"]].announced_units = row["units"]


def _load_money(by_id: dict[int, OrderFacts]) -> None:
    charges: dict[int, dict[str, ChargeFacts]] = {pk: {} for pk in by_id}
    for row in (
        Payment.objects.filter(order__in=by_id)
        .values("order", "kind", "charge")
        .annotate(sum=Sum("amount"), first=Min("id"), bank=Max("gateway"))
        .order_by("first")
    ):
        facts, amount = by_id[row["order"]], _money(row["sum"])
        if row["kind"] == Payment.Kind.RECEIVED:
            facts.captured += amount
            facts.received += amount
        elif row["charge"]:
            of_order = charges[row["order"]]
            charge = of_order.setdefault(row["charge"], ChargeFacts(row["charge"], row["bank"]))
            add_payment(charge, row["kind"], amount)
    for refund in (
        Refund.objects.filter(order__in=by_id)
        .order_by()
        .values("order", "charge", is_past=is_past())
        .annotate(sum=Sum("amount"), lowers=Sum("lowers_due_by"))
    ):
        facts, amount = by_id[refund["order"]], _money(refund["sum"])
        facts.refunded += amount
        if refund["is_past"]:
            facts.past += amount
        else:
            facts.lowered += _money(refund["lowers"])
        if refund["charge"] in charges[refund["order"]]:
            charges[refund["order"]][refund["charge"]].refunded += amount
        else:
            facts.received -= amount
    for pk, facts in by_id.items():
        facts.charges = list(charges[pk].values())
        facts.settle_charges()


def is_past() -> Exists:
    """Tell of a refund whether its order was cancelled since, and is open again.

    Such an order is due as a whole: what was given back before belongs to another try.
    """
    return Exists(
        Cancellation.objects.filter(order=OuterRef("order"), at__gte=OuterRef("at")).exclude(
            order__status="cancelled"
        )
    )


def _money(total: Decimal) -> Decimal:
    """SQLite adds up as floating point; cents are what was meant."""
    return total.quantize(CENT)


def add_payment(charge: ChargeFacts, kind: str, amount: Decimal) -> None:
    """Add what happened to a charge to what is known of it."""
    match kind:
        case Payment.Kind.AUTHORISED:
            charge.authorised += amount
        case Payment.Kind.VOIDED:
            charge.voided += amount
        case Payment.Kind.CAPTURED:
            charge.captured += amount
        case Payment.Kind.FAILED:
            charge.is_declined = True
