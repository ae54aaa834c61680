"""The trade's state machines, one table per file."""

from orders.states.orders import (
    ADDRESS,
    BESIDE,
    CANCEL_REASONS,
    CANCELLATION_REASONS,
    CAPTURE_PAYMENT,
    DISCOUNT_LINE,
    ORDER_FLOW,
    PACK,
    RECORD_PAYMENT,
    REFUND_REASONS,
    SEND_PARCEL,
    TAKE_BACK,
    TAKE_OVER,
    TAKE_PAYMENT,
    UNPACK_PARCEL,
    VOID_PAYMENT,
    step_named,
)
from orders.states.returns import (
    REFUND_RETURN,
    REQUEST_RETURN,
    RETURN_FLOW,
    RETURN_REASONS,
)
from orders.states.shipments import SHIPMENT_FLOW

__all__ = [
    "ADDRESS",
    "BESIDE",
    "CANCELLATION_REASONS",
    "CANCEL_REASONS",
    "CAPTURE_PAYMENT",
    "DISCOUNT_LINE",
    "ORDER_FLOW",
    "PACK",
    "RECORD_PAYMENT",
    "REFUND_REASONS",
    "REFUND_RETURN",
    "REQUEST_RETURN",
    "RETURN_FLOW",
    "RETURN_REASONS",
    "SEND_PARCEL",
    "SHIPMENT_FLOW",
    "TAKE_BACK",
    "TAKE_OVER",
    "TAKE_PAYMENT",
    "UNPACK_PARCEL",
    "VOID_PAYMENT",
    "step_named",
]
