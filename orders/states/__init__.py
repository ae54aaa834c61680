"""The trade's state machines, one table per file."""

from orders.states.orders import (
    CANCEL_REASONS,
    ORDER_FLOW,
    RECORD_PAYMENT,
    TAKE_PAYMENT,
    step_named,
)
from orders.states.returns import RETURN_FLOW, RETURN_REASONS
from orders.states.shipments import SHIPMENT_FLOW

__all__ = [
    "CANCEL_REASONS",
    "ORDER_FLOW",
    "RECORD_PAYMENT",
    "RETURN_FLOW",
    "RETURN_REASONS",
    "SHIPMENT_FLOW",
    "TAKE_PAYMENT",
    "step_named",
]
