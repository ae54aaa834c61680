"""The orders' tables, one topic per file."""

from orders.models.carts import Cart, CartLine
from orders.models.fulfilment import Shipment, ShipmentLine
from orders.models.messages import Delivery, Message
from orders.models.notes import CustomerNote, Mention, OrderNote, OrderTag, Presence
from orders.models.orders import Cancellation, Order, OrderLine
from orders.models.payments import (
    Payment,
    PaymentIntent,
    Refund,
    RefundLine,
    SandboxCharge,
    Transfer,
    WebhookEvent,
)
from orders.models.people import Address, Contact, Customer
from orders.models.returns import Return, ReturnLine
from orders.models.targets import QueueTarget

__all__ = [
    "Address",
    "Cancellation",
    "Cart",
    "CartLine",
    "Contact",
    "Customer",
    "CustomerNote",
    "Delivery",
    "Mention",
    "Message",
    "Order",
    "OrderLine",
    "OrderNote",
    "OrderTag",
    "Payment",
    "PaymentIntent",
    "Presence",
    "QueueTarget",
    "Refund",
    "RefundLine",
    "Return",
    "ReturnLine",
    "SandboxCharge",
    "Shipment",
    "ShipmentLine",
    "Transfer",
    "WebhookEvent",
]
