"""An order as it was at any instant: its row, lines, tags, parcels, returns, and the money by then.

Everything the record has of the order is read once; an instant then picks from it. `facts` are
those that guards and totals are computed from, so paid and fulfilled are told by the same words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from backoffice.as_of import (
    Instant,
    Trace,
    as_model,
    had_happened,
    history_of,
    standing,
    traces_of,
)
from orders.facts import ChargeFacts, OrderFacts, add_payment
from orders.models import (
    Cancellation,
    Order,
    OrderLine,
    OrderTag,
    Payment,
    PaymentIntent,
    Refund,
    Return,
    ReturnLine,
    Shipment,
    ShipmentLine,
)
from orders.states.returns import ANNOUNCED


@dataclass(frozen=True)
class OrderThen:
    """An order at one instant. Its rows are objects of their models, to be read only."""

    order: Order
    lines: Sequence[OrderLine]
    tags: Sequence[str]
    parcels: Sequence[Shipment]
    parcel_lines: Sequence[ShipmentLine]
    returns: Sequence[Return]
    return_lines: Sequence[ReturnLine]
    payments: Sequence[Payment]
    refunds: Sequence[Refund]
    cancellations: Sequence[Cancellation]

    @cached_property
    def facts(self) -> OrderFacts:
        return self.order.facts


class OrderPast:
    """Everything the record has of one order: ten queries, whatever is asked of it."""

    def __init__(self, pk: int) -> None:
        self.pk = pk
        self.orders = history_of(Order, id=pk)
        self.lines = history_of(OrderLine, order_id=pk)
        self.tags = history_of(OrderTag, order_id=pk)
        self.parcels = history_of(Shipment, order_id=pk)
        self.parcel_lines = list(ShipmentLine.objects.filter(shipment__order=pk).order_by("id"))
        self.returns = history_of(Return, order_id=pk)
        self.return_lines = history_of(
            ReturnLine, of_return_id__in={row.id for row in self.returns}
        )
        self.payments = list(Payment.objects.filter(order=pk).order_by("id"))
        self.refunds = list(Refund.objects.filter(order=pk).order_by("id"))
        self.cancellations = list(Cancellation.objects.filter(order=pk).order_by("id"))
        self.claims = list(PaymentIntent.objects.filter(order=pk).order_by("id"))

    @property
    def traces(self) -> list[Trace]:
        """Every click that left something on the order, in order."""
        histories = (self.orders, self.lines, self.tags, self.parcels, self.returns)
        facts = (*self.payments, *self.refunds, *self.cancellations)
        return traces_of((*histories, self.return_lines), facts)

    def at(self, instant: Instant | None) -> OrderThen | None:
        """Return the order as it was; None: it was not there. instant: None: now."""
        rows = standing(self.orders, instant)
        if self.pk not in rows:
            return None
        parcels = _models(Shipment, self.parcels, instant)
        packed = {parcel.pk for parcel in parcels}
        then = OrderThen(
            order=as_model(Order, rows[self.pk]),
            lines=_models(OrderLine, self.lines, instant),
            tags=sorted(tag.name for tag in standing(self.tags, instant).values()),
            parcels=parcels,
            parcel_lines=[part for part in self.parcel_lines if part.shipment_id in packed],
            returns=_models(Return, self.returns, instant),
            return_lines=_models(ReturnLine, self.return_lines, instant),
            payments=_happened(self.payments, instant),
            refunds=_happened(self.refunds, instant),
            cancellations=_happened(self.cancellations, instant),
        )
        then.order.facts = facts_of(then, self._open_claim(instant))
        return then

    def _open_claim(self, instant: Instant | None) -> PaymentIntent | None:
        """Return the step that was moving money then, if one was."""
        for claim in self.claims:
            had_begun = instant is None or instant.covers(claim.claimed_at, claim.change_set_id)
            had_ended = claim.settled_at is not None and (
                instant is None or instant.covers(claim.settled_at, claim.change_set_id)
            )
            if had_begun and not had_ended:
                return claim
        return None


def _models(model: type[Any], rows: Iterable[Any], instant: Instant | None) -> list[Any]:
    found = standing(rows, instant)
    return [as_model(model, found[key]) for key in sorted(found)]


def _happened(facts: Iterable[Any], instant: Instant | None) -> list[Any]:
    return [fact for fact in facts if had_happened(instant, fact)]


def facts_of(then: OrderThen, claim: PaymentIntent | None) -> OrderFacts:
    """Return what `orders.facts.load_facts` would have said then; it asks nothing."""
    facts = OrderFacts(total=then.order.total, claim=claim)
    for line in then.lines:
        facts.ordered_units += line.quantity
        facts.committed_units += line.committed
        facts.shipped_units += line.shipped
        facts.cancelled_units += line.cancelled
        facts.returned_units += line.returned
    packed = {parcel.pk for parcel in then.parcels if parcel.status == "packed"}
    announced = {row.pk for row in then.returns if row.status in ANNOUNCED}
    facts.packed_units = sum(p.quantity for p in then.parcel_lines if p.shipment_id in packed)
    facts.announced_units = sum(
        part.quantity for part in then.return_lines if part.of_return_id in announced
    )
    _add_money(facts, then)
    return facts


def _add_money(facts: OrderFacts, then: OrderThen) -> None:
    charges: dict[str, ChargeFacts] = {}
    for payment in then.payments:
        if payment.kind == Payment.Kind.RECEIVED:
            facts.captured += payment.amount
            facts.received += payment.amount
        elif payment.charge:
            charge = charges.setdefault(
                payment.charge, ChargeFacts(payment.charge, payment.gateway)
            )
            add_payment(charge, payment.kind, payment.amount)
    is_open_again = then.order.status != "cancelled"
    for refund in then.refunds:
        facts.refunded += refund.amount
        if is_open_again and any(c.at >= refund.at for c in then.cancellations):
            facts.past += refund.amount
        else:
            facts.lowered += refund.lowers_due_by
        if refund.charge in charges:
            charges[refund.charge].refunded += refund.amount
        else:
            facts.received -= refund.amount
    facts.charges = list(charges.values())
    facts.settle_charges()


def units_by_parcel(then: OrderThen) -> dict[int, list[ShipmentLine]]:
    """Return what each parcel held."""
    parts: dict[int, list[ShipmentLine]] = defaultdict(list)
    for part in then.parcel_lines:
        parts[part.shipment_id].append(part)
    return parts
