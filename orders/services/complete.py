"""Completing: everything is shipped and paid, and the order is closed."""

from __future__ import annotations

from collections.abc import Sequence

from backoffice import changes, steps
from backoffice.models import User
from backoffice.steps import Outcome, taking, taking_many
from orders.models import Order
from orders.services.bulk import require_few
from orders.states import ORDER_FLOW

COMPLETE = ORDER_FLOW["complete"]


@ORDER_FLOW.verb("complete")
def complete_order(*, order_id: int, by: User, reason: str, version: int | None = None) -> Order:
    """Close an order that is shipped and paid.

    Refuses: what `taking` refuses; ClaimOpen; NotFullyShipped; NotFullyPaid.
    Atomic: locks the order; one history row.
    """
    with taking(COMPLETE, order_id, by=by, reason=reason, version=version) as order:
        order.completed_at = changes.moment()
    return order


@ORDER_FLOW.verb("complete", many=True)
def complete_orders(*, order_ids: Sequence[int], by: User, reason: str) -> Outcome[Order]:
    """Close many orders. Refuses: TooMany; per order what `complete_order` refuses.

    Atomic: locks the orders in key order; one history row each.
    """
    with taking_many(COMPLETE, require_few(order_ids), by=by, reason=reason) as taken:
        for order in taken:
            order.completed_at = changes.moment()
    return taken.outcome


def complete_if_ready(order: Order, *, by: User, reason: str) -> Order:
    """Complete an order whose last parcel has just left, when it is paid and `by` may do so.

    Call it in the transaction that shipped: it is a second step with a history row of its own.
    """
    (order,) = steps.lock(COMPLETE, [order.pk])
    if by.has_perm(COMPLETE.permission_name) and COMPLETE.refusal(order) is None:
        return complete_order(order_id=order.pk, by=by, reason=reason)
    return order
