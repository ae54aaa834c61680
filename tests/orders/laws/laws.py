"""What must hold after every step, whoever took it: asked of the tables, not of the services."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from django.db.models import Sum

from catalog.models import StockLevel
from catalog.services import stock_drift
from orders.facts import load_facts
from orders.models import Order, OrderLine, Payment, Refund, SandboxCharge
from orders.states import ORDER_FLOW

ZERO = Decimal(0)
PROMISED_IN = {"pending", "processing"}


def broken_laws(order_ids: Sequence[int]) -> list[str]:
    """Return what does not hold for these orders and for the whole shelf, in words."""
    orders = list(Order.objects.filter(pk__in=order_ids).order_by("pk"))
    load_facts(orders)
    return [*_stock(), *(law for order in orders for law in _order(order))]


def _stock() -> Iterator[str]:
    yield from (f"stock: {drift}" for drift in stock_drift())
    promised: Counter[tuple[int, int]] = Counter()
    for line in OrderLine.objects.filter(committed__gt=0):
        promised[line.product_id, line.location_id or 0] += line.committed
    for level in StockLevel.objects.all():
        pair = (level.product_id, level.location_id)
        if level.available < 0:
            yield f"{pair}: {level.available} available"
        if level.committed != promised[pair]:
            yield f"{pair}: {level.committed} committed, lines say {promised[pair]}"


def _order(order: Order) -> Iterator[str]:
    yield from _lines(order)
    yield from _money(order)
    yield from _history(order)


def _lines(order: Order) -> Iterator[str]:
    for line in order.lines.all():
        packed = _units(line.shipment_lines.filter(shipment__status="packed"), "quantity")
        sent = _units(line.shipment_lines.filter(shipment__status="left"), "quantity")
        back = _units(line.return_lines, "sellable") + _units(line.return_lines, "damaged")
        refunded = _units(line.refund_lines, "quantity")
        open_units = line.quantity - line.shipped - line.cancelled
        laws = {
            "shipped + cancelled ≤ ordered": open_units >= 0,
            "returned ≤ shipped": line.returned <= line.shipped,
            "shipped = units of parcels that left": line.shipped == sent,
            "packed ≤ committed": packed <= line.committed,
            "returned = units that inspection found": line.returned == back,
            "open units are promised, and nothing else": line.committed
            == (open_units if order.status in PROMISED_IN else 0),
            # A restock asked for with a refund follows its success.
            "units taken off the order were refunded": order.status == "cancelled"
            or line.cancelled <= refunded,
        }
        yield from (f"{order} {line}: {law}" for law, holds in laws.items() if not holds)


def _money(order: Order) -> Iterator[str]:
    facts = order.facts
    if facts.refunded > facts.captured:
        yield f"{order}: {facts.refunded} refunded of {facts.captured}"
    if facts.claim is not None:
        return  # the bank may know more than we do until it is settled
    charges = set(order.payments.exclude(charge="").values_list("charge", flat=True))
    for operation, ours in (
        ("capture", _sum(order.payments.filter(kind=Payment.Kind.CAPTURED, charge__in=charges))),
        ("void", _sum(order.payments.filter(kind=Payment.Kind.VOIDED, charge__in=charges))),
        ("refund", _sum(Refund.objects.filter(order=order, charge__in=charges))),
    ):
        book = _sum(
            SandboxCharge.objects.filter(
                charge__in=charges, operation=operation, is_done=True, is_approved=True
            )
        )
        # A capture lets go of what it leaves, which the bank does not book as a void.
        if ours != book if operation != "void" else ours < book:
            yield f"{order}: {operation} {ours}, the bank says {book}"


def _history(order: Order) -> Iterator[str]:
    before = ""
    for row in order.history.select_related("change_set").order_by("history_id"):
        step = ORDER_FLOW.steps.get(row.step)
        if row.status != before and (step is None or step.target != row.status):
            yield f"{order}: {before or 'nothing'} → {row.status} by {row.step or 'no step'}"
        if row.status != before and before and step and before not in step.sources:
            yield f"{order}: {row.step} from {before}"
        if row.status != before and row.change_set.actor_id is None:
            yield f"{order}: {row.step} by nobody"
        before = row.status
    if before != order.status:
        yield f"{order} is {order.status}, its history says {before}"


def _units(rows: object, column: str) -> int:
    return rows.aggregate(sum=Sum(column))["sum"] or 0  # type: ignore[attr-defined]


def _sum(rows: object) -> Decimal:
    total = rows.aggregate(sum=Sum("amount"))["sum"] or ZERO  # type: ignore[attr-defined]
    return Decimal(total).quantize(Decimal("0.01"))
