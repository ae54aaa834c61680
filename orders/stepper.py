"""The road of an order, as a row of states above its page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from backoffice.flows import State
from orders.models import Order
from orders.states import ORDER_FLOW

STEPPER = ("draft", "pending", "processing", "completed")


@dataclass(frozen=True)
class Stop:
    """A state in the stepper; spent: how long the order was in it, blank when it never was."""

    state: State
    place: Literal["done", "here", "ahead", "left"]
    spent: str = ""


def stepper_of(order: Order) -> list[Stop]:
    """Return the road of an order; a cancelled one shows how far it came, then the side state."""
    if order.status == "cancelled":
        reached = 1 if order.placed_at else 0
        road = [
            Stop(ORDER_FLOW.states[name], "done" if at <= reached else "left")
            for at, name in enumerate(STEPPER)
        ]
        return [*road[: reached + 1], Stop(ORDER_FLOW.states["cancelled"], "here")]
    here = STEPPER.index(order.status)
    return [
        Stop(ORDER_FLOW.states[name], "done" if at < here else "here" if at == here else "ahead")
        for at, name in enumerate(STEPPER)
    ]
