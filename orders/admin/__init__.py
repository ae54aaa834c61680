"""The orders' pages in the console."""

from orders.admin.carts import CartAdmin
from orders.admin.customers import CustomerAdmin
from orders.admin.messages import MessageAdmin
from orders.admin.orders import OrderAdmin
from orders.admin.payments import (
    PaymentAdmin,
    PaymentIntentAdmin,
    RefundAdmin,
)
from orders.admin.returns import ReturnAdmin
from orders.admin.shipments import ShipmentAdmin
from orders.admin.targets import QueueTargetAdmin
from orders.admin.webhooks import WebhookEventAdmin

__all__ = [
    "CartAdmin",
    "CustomerAdmin",
    "MessageAdmin",
    "OrderAdmin",
    "PaymentAdmin",
    "PaymentIntentAdmin",
    "QueueTargetAdmin",
    "RefundAdmin",
    "ReturnAdmin",
    "ShipmentAdmin",
    "WebhookEventAdmin",
]
