"""What orders put at the auditor's desk: whose record belongs to an order."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from backoffice.desk.trails import Trail, register
from orders.models import Order, OrderLine, OrderTag, Return, ReturnLine, Shipment

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
