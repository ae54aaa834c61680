"""What guards, totals and badges of an order are computed from: units, money, the open claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Min, Sum

from orders.models import Order, OrderLine, Payment, PaymentIntent, Refund
from orders.states import ORDER_FLOW

ZERO = Decimal(0)
CENT = Decimal("0.01")


@dataclass
class ChargeFacts:
    """What happened to one charge at the gateway; money in the order's currency."""

    charge: str
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
    authorised: Decimal = ZERO  # authorised and neither captured nor voided
    doubtful: Decimal = ZERO  # the part of it that the bank declined to capture when asked
    captured: Decimal = ZERO  # captured or received
    refunded: Decimal = ZERO
    received: Decimal = ZERO  # arrived outside of a gateway and not yet given back
    charges: list[ChargeFacts] = field(default_factory=list)  # oldest first
    claim: PaymentIntent | None = None

    @property
    def open_units(self) -> int:
        """Units that still have to leave the house."""
        return self.ordered_units - self.shipped_units - self.cancelled_units

    @property
    def net_paid(self) -> Decimal:
        return self.captured - self.refunded

    @property
    def covered(self) -> Decimal:
        """What is authorised or paid."""
        return self.authorised + self.net_paid

    @property
    def surely_covered(self) -> Decimal:
        """What is paid, or authorised and not yet declined at its capture."""
        return self.covered - self.doubtful

    def payment_state(self, total: Decimal) -> str:
        """Return the payment axis: a key of `axes.PAYMENT_STATES`."""
        if self.net_paid > 0:
            if self.net_paid >= total:
                return "paid"
            return "partly_refunded" if self.refunded else "partly_paid"
        if self.authorised:
            return "authorised"
        return "refunded" if self.refunded else "unpaid"

    @property
    def fulfilment_state(self) -> str:
        """Return the fulfilment axis: a key of `axes.FULFILMENT_STATES`."""
        if not self.shipped_units:
            return "unfulfilled"
        return "partly" if self.open_units else "fulfilled"


@ORDER_FLOW.loader
def load_facts(orders: Sequence[Order]) -> None:
    """Put `facts` on each order: four queries, however many orders."""
    by_id = {order.pk: OrderFacts() for order in orders}
    _load_units(by_id)
    _load_money(by_id)
    for claim in PaymentIntent.objects.filter(
        order__in=by_id, state__in=PaymentIntent.OPEN
    ).select_related("by"):
        by_id[claim.order_id].claim = claim
    for order in orders:
        order.facts = by_id[order.pk]


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
        )
    ):
        facts = by_id[row["order"]]
        facts.ordered_units, facts.committed_units = row["ordered"], row["committed"]
        facts.shipped_units, facts.cancelled_units = row["shipped"], row["cancelled"]


def _load_money(by_id: dict[int, OrderFacts]) -> None:
    charges: dict[int, dict[str, ChargeFacts]] = {pk: {} for pk in by_id}
    for row in (
        Payment.objects.filter(order__in=by_id)
        .values("order", "kind", "charge")
        .annotate(sum=Sum("amount"), first=Min("id"))
        .order_by("first")
    ):
        facts, amount = by_id[row["order"]], _money(row["sum"])
        if row["kind"] == Payment.Kind.RECEIVED:
            facts.captured += amount
            facts.received += amount
        elif row["charge"]:
            of_order = charges[row["order"]]
            charge = of_order.setdefault(row["charge"], ChargeFacts(row["charge"]))
            _add(charge, row["kind"], amount)
    for refund in (
        Refund.objects.filter(order__in=by_id)
        .order_by()
        .values("order", "charge")
        .annotate(sum=Sum("amount"))
    ):
        facts, amount = by_id[refund["order"]], _money(refund["sum"])
        facts.refunded += amount
        if refund["charge"] in charges[refund["order"]]:
            charges[refund["order"]][refund["charge"]].refunded += amount
        else:
            facts.received -= amount
    for pk, facts in by_id.items():
        facts.charges = list(charges[pk].values())
        for charge in facts.charges:
            facts.authorised += charge.open
            facts.doubtful += charge.open if charge.is_declined else ZERO
            facts.captured += charge.captured


def _money(total: Decimal) -> Decimal:
    """SQLite adds up as floating point; cents are what was meant."""
    return total.quantize(CENT)


def _add(charge: ChargeFacts, kind: str, amount: Decimal) -> None:
    match kind:
        case Payment.Kind.AUTHORISED:
            charge.authorised += amount
        case Payment.Kind.VOIDED:
            charge.voided += amount
        case Payment.Kind.CAPTURED:
            charge.captured += amount
        case Payment.Kind.FAILED:
            charge.is_declined = True
