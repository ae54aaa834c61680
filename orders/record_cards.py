"""What orders put at the auditor's desk: whose record belongs to an order, and why."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from backoffice.desk import reasons
from backoffice.desk.trails import Trail, register
from orders.models import (
    Cancellation,
    Order,
    OrderLine,
    OrderTag,
    Refund,
    Return,
    ReturnLine,
    Shipment,
)
from orders.states import CANCELLATION_REASONS, MONEY_BACK_REASONS

register(
    Trail(
        name="orders",
        label=_("Orders"),
        permission="orders.audit_order",
        models=(Order, OrderLine, OrderTag, Shipment, Return, ReturnLine),
        called={Order: ("number", "uuid"), Return: ("number",)},
        order=10,
    ),
)

reasons.register(
    reasons.Reasoned(
        name="cancellations",
        label=_("Cancellations"),
        permission="orders.audit_order",
        rows=Cancellation.objects.all,
        code="reason_code",
        labels=dict(CANCELLATION_REASONS),
        look=lambda code: {"step": "orders.order.cancel", **({"reason": code} if code else {})},
        order=10,
    ),
    reasons.Reasoned(
        name="refunds",
        label=_("Refunds"),
        permission="orders.audit_order",
        rows=Refund.objects.all,
        code="reason_code",
        labels=dict(MONEY_BACK_REASONS),
        look=lambda code: {
            "what": "orders.order",
            **({"reason": code} if code else {"step": "orders.order.refund"}),
        },
        order=20,
    ),
)
