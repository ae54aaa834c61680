"""The orders' tables, one topic per file."""

from orders.models.orders import (
    Cancellation,
    Order,
    OrderLine,
    OrderNote,
    Shipment,
    ShipmentLine,
)
from orders.models.payments import Payment, PaymentIntent, Refund, SandboxCharge
from orders.models.people import Address, Contact, Customer

__all__ = [
    "Address",
    "Cancellation",
    "Contact",
    "Customer",
    "Order",
    "OrderLine",
    "OrderNote",
    "Payment",
    "PaymentIntent",
    "Refund",
    "SandboxCharge",
    "Shipment",
    "ShipmentLine",
]
