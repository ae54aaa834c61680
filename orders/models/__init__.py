"""The orders' tables, one topic per file."""

from orders.models.fulfilment import Shipment, ShipmentLine
from orders.models.notes import CustomerNote, Mention, OrderNote, OrderTag, Presence
from orders.models.orders import Cancellation, Order, OrderLine
from orders.models.payments import (
    Payment,
    PaymentIntent,
    Refund,
    RefundLine,
    SandboxCharge,
    WebhookEvent,
)
from orders.models.people import Address, Contact, Customer
from orders.models.returns import Return, ReturnLine

__all__ = [
    "Address",
    "Cancellation",
    "Contact",
    "Customer",
    "CustomerNote",
    "Mention",
    "Order",
    "OrderLine",
    "OrderNote",
    "OrderTag",
    "Payment",
    "PaymentIntent",
    "Presence",
    "Refund",
    "RefundLine",
    "Return",
    "ReturnLine",
    "SandboxCharge",
    "Shipment",
    "ShipmentLine",
    "WebhookEvent",
]
