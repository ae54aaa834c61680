"""What other systems are told of orders: numbers and states, never a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from backoffice import hooks
from backoffice.flows import Step
from orders.facts import load_facts
from orders.models import Order, Payment, Refund

PLACED = hooks.event("order.placed", _("An order was placed"))
PAID = hooks.event("order.paid", _("An order is fully paid"))
SHIPPED = hooks.event("order.shipped", _("Something of an order was sent"))
CANCELLED = hooks.event("order.cancelled", _("An order was cancelled"))
REFUNDED = hooks.event("order.refunded", _("Money of an order went back"))

OF_STEPS = {"place": PLACED, "ship": SHIPPED, "send": SHIPPED, "cancel": CANCELLED}
BRINGS_MONEY = {Payment.Kind.CAPTURED, Payment.Kind.RECEIVED}


def tell_step(sender: Any, step: Step, rows: Sequence[Order], **_: Any) -> None:
    kind = OF_STEPS.get(step.name)
    if kind is not None and sender is Order and rows and hooks.is_heard(kind):
        hooks.tell(kind, _facts_of(rows))


def tell_payment(instance: Payment, created: bool, **_: Any) -> None:
    if not created or instance.kind not in BRINGS_MONEY or not hooks.is_heard(PAID):
        return
    order = Order.objects.get(pk=instance.order_id)
    load_facts([order])
    if order.facts.due_of(order.total) <= 0:
        hooks.tell(PAID, _facts_of([order]))


def tell_refund(instance: Refund, created: bool, **_: Any) -> None:
    if created and hooks.is_heard(REFUNDED):
        facts = _facts_of([instance.order])[0]
        hooks.tell(REFUNDED, [{**facts, "amount": f"{instance.amount:.2f}"}])


def _facts_of(orders: Sequence[Order]) -> list[dict[str, Any]]:
    prefetch_related_objects(orders, "lines")
    return [
        {
            "order": str(order.uuid),
            "number": order.number,
            "status": order.status,
            "version": order.version,
            "channel": order.channel,
            "currency": order.currency,
            "total": f"{order.total:.2f}",
            "customer": str(order.customer_id),
            "lines": [
                {"sku": line.sku, "quantity": line.quantity, "shipped": line.shipped}
                for line in order.lines.all()
            ],
        }
        for order in orders
    ]
