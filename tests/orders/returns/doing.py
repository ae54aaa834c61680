"""Returns as tests need them: made by the same verbs that staff use, by somebody who may do all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backoffice.flows import Step
from backoffice.models import User
from catalog.models import Product
from orders import services
from orders.models import Order, OrderLine, Return
from orders.services import Inspected, LineDraft
from orders.services.returns import fresh_return
from orders.states import RETURN_FLOW
from tests.orders.factories import OrderFactory, ProductFactory, boss, click

STEPS = [step for step in RETURN_FLOW.steps.values() if not step.is_entry]


def shipped_order(*lines: tuple[Product, int], **options: Any) -> Order:
    """Return a completed order; of two mugs at 12.50 and 4.90 shipping unless told otherwise."""
    return OrderFactory(status="completed", lines=lines, **options)


def line_of(order: Order, at: int = 0) -> OrderLine:
    return order.lines.order_by("pk")[at]


def announced(order: Order | None = None, units: int | None = None) -> Return:
    """Return a requested return of an order's first line; of all its shipped units."""
    order = order or shipped_order()
    line = line_of(order)
    with click(boss()):
        return services.request_return(
            order_id=order.pk,
            lines={line.pk: line.shipped if units is None else units},
            reason_code="changed_mind",
            by=boss(),
            reason="",
        )


def received(order: Order | None = None, units: int | None = None) -> Return:
    row = announced(order, units)
    with click(boss()):
        return services.receive_return(return_id=row.pk, by=boss(), reason="")


def inspected(
    order: Order | None = None, units: int | None = None, *, damaged: int = 0, missing: int = 0
) -> Return:
    """Return an inspected return; what is not damaged or missing is sellable."""
    row = received(order, units)
    (part,) = row.lines.all()
    found = Inspected(part.quantity - damaged - missing, damaged, missing)
    with click(boss()):
        services.inspect_return(
            return_id=row.pk, results={part.line_id: found}, by=boss(), reason=""
        )
    return fresh_return(row.pk)


def closed(order: Order | None = None) -> Return:
    row = inspected(order)
    with click(boss()):
        return services.close_return(return_id=row.pk, by=boss(), reason="kept")


def withdrawn(order: Order | None = None) -> Return:
    row = announced(order)
    with click(boss()):
        return services.withdraw_return(return_id=row.pk, by=boss(), reason="kept after all")


MAKERS: dict[str, Callable[[], Return]] = {
    "requested": announced,
    "received": received,
    "inspected": inspected,
    "closed": closed,
    "cancelled": withdrawn,
}


def answers_to(step: Step, row: Return) -> dict[str, Any]:
    """Answer what a step asks, rightly."""
    answers: dict[str, Any] = {"reason": "because it is so"}
    if step.name == "inspect":
        answers["results"] = {p.line_id: Inspected(sellable=p.quantity) for p in row.lines.all()}
    if step.name == "exchange":
        answers["lines"] = [LineDraft(ProductFactory().pk, 1)]
    return answers


def do(step: Step, row: Return, *, by: User, **more: Any) -> Any:
    """Take the step by its registered verb, in a click of its own."""
    answers = {**answers_to(step, row), **more}
    with click(by):
        return RETURN_FLOW.verbs[step.name](return_id=row.pk, by=by, **answers)
