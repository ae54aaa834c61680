"""What is left to refund of an order, and how a refund of it goes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum as SumOf

from orders.facts import ZERO, is_past
from orders.models import Order, OrderLine, PaymentIntent, Refund, RefundLine
from orders.services.amounts import Left, Sum, net_lines
from orders.services.moves import Move

Operation = PaymentIntent.Operation


@dataclass(frozen=True)
class Plan:
    """What a refund comes to, and how it goes back: through gateways, and the rest by hand."""

    sum: Sum
    moves: list[Move]
    by_hand: Move | None


def left_of(order: Order) -> Left:
    """Return what is left to refund of an order whose facts are loaded: two queries."""
    gone = dict(
        RefundLine.objects.filter(refund__in=Refund.objects.filter(order=order).exclude(is_past()))
        .order_by()
        .values("line")
        .annotate(units=SumOf("quantity"))
        .values_list("line", "units")
    )
    lines = net_lines(
        [
            (line.pk, line.sku, line.quantity, line.total, gone.get(line.pk, 0))
            for line in OrderLine.objects.filter(order=order).order_by("pk")
        ],
        discount=order.discount,
        tax=order.tax,
    )
    sent_back = Refund.objects.filter(order=order).exclude(is_past())
    shipping = sent_back.aggregate(sum=SumOf("shipping_amount"))["sum"] or ZERO
    return Left(
        money=order.facts.returnable,
        shipping=max(order.shipping_fee - round(shipping, 2), ZERO),
        currency=order.currency,
        lines=lines,
    )


def plan_refund(
    order: Order, units: Mapping[int, int], *, shipping: Decimal, amount: Decimal | None
) -> Plan:
    """Work out what a refund of an order comes to and where it goes. Refuses: see `Left.sum_of`."""
    found = left_of(order).sum_of(units, shipping=shipping, amount=amount)
    rest, shipping_rest = found.amount, found.shipping
    # What was paid too much goes back first: that lowers nothing.
    spare = order.facts.returnable if order.status == "cancelled" else max(-order.facts.due, ZERO)
    pieces = []
    places = [(charge.charge, charge.returnable) for charge in order.facts.charges]
    for charge, returnable in [*places, ("", order.facts.received)]:
        part = min(returnable, rest)
        if part <= 0:
            continue
        of_shipping, free = min(shipping_rest, part), min(spare, part)
        rest, shipping_rest, spare = rest - part, shipping_rest - of_shipping, spare - free
        pieces.append(
            Move(Operation.REFUND, part, charge, shipping=of_shipping, lowers_due_by=part - free)
        )
    by_hand = [piece for piece in pieces if not piece.charge]
    return Plan(found, [piece for piece in pieces if piece.charge], next(iter(by_hand), None))
