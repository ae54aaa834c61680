"""How any step of the order's flow is taken in tests: everything is read off the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backoffice.flows import Step
from backoffice.models import User
from backoffice.refused import Refused
from orders import services
from orders.models import Order
from orders.states import ORDER_FLOW
from tests.orders.factories import OrderFactory, boss, fresh, pay

STEPS = [step for step in ORDER_FLOW.steps.values() if not step.is_entry]


def answers_to(step: Step) -> dict[str, Any]:
    """Answer what a step asks, as a dialog that is sent off unchanged would."""
    answers: dict[str, Any] = {"reason": ""}
    for ask in step.asks:
        if ask.kind == "choice" and ask.choices:
            answers[ask.name] = ask.choices[0][0]
        elif ask.kind == "flag":
            answers[ask.name] = ask.initial
        elif ask.required:
            answers[ask.name] = "because it is so"
    return answers


# What a verb needs beside the dialog's answers, where that depends on the order.
NEEDS: dict[str, Callable[[Order], dict[str, Any]]] = {
    "merge": lambda order: {"into_id": OrderFactory(customer=order.customer).pk},
}


def do(step: Step, order: Order, *, by: User, **more: Any) -> Order:
    """Take the step by its registered verb."""
    needs = NEEDS.get(step.name, lambda _order: {})(order)
    answers = {**answers_to(step), **needs, **more}
    return ORDER_FLOW.verbs[step.name](order_id=order.pk, by=by, **answers)


def _hold(order: Order) -> None:
    services.hold_order(order_id=order.pk, by=boss(), reason="wait")


def _ship_unpaid(order: Order) -> None:
    services.ship_order(order_id=order.pk, by=boss(), reason="")
    services.record_payment(order_id=order.pk, amount=None, by=boss(), reason="")


def _processed_unpaid() -> Order:
    order = OrderFactory(status="pending")
    return services.process_unpaid_order(order_id=order.pk, by=boss(), reason="known customer")


def _receive(order: Order) -> None:
    services.record_payment(order_id=order.pk, amount=None, by=boss(), reason="")


def _cancelled_with_its_money_kept() -> Order:
    order = OrderFactory(status="processing")
    return services.cancel_order(
        order_id=order.pk, by=boss(), reason_code="other", reason="", refund=False
    )


# What may have happened to an order before; a test picks the first story in which a step is open.
STORIES: list[tuple[Callable[[str], Order], list[Callable[[Order], Any]]]] = [
    (lambda status: OrderFactory(status=status), []),
    (lambda status: OrderFactory(status=status), [pay]),
    (lambda status: OrderFactory(status=status), [_hold]),
    (lambda status: OrderFactory(status=status), [_receive]),
    (lambda status: _cancelled_with_its_money_kept(), []),
    (lambda status: _processed_unpaid(), [_ship_unpaid]),
]


def order_ready_for(step: Step, status: str) -> Order:
    """Return an order in a state on which no guard of the step objects."""
    for begin, events in STORIES:
        try:
            order = begin(status)
            for event in events:
                event(order)
        except Refused:  # a story that does not fit this state
            continue
        order = fresh(order)
        if order.status == status and step.refusal(order) is None:
            return order
    raise AssertionError(f"No story leads to an order on which {step.name} is open from {status}.")
