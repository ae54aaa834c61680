"""The orders' pages in the console."""

from orders.admin.customers import CustomerAdmin
from orders.admin.orders import OrderAdmin
from orders.admin.payments import (
    PaymentAdmin,
    PaymentIntentAdmin,
    RefundAdmin,
    ShipmentAdmin,
)

__all__ = [
    "CustomerAdmin",
    "OrderAdmin",
    "PaymentAdmin",
    "PaymentIntentAdmin",
    "RefundAdmin",
    "ShipmentAdmin",
]
