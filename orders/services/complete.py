"""Completing: everything is shipped and paid, and the order is closed."""

from __future__ import annotations

from collections.abc import Sequence

from backoffice import changes, steps
from backoffice.models import User
from backoffice.steps import Outcome, taking, taking_many
from orders.models import Order
from orders.services.bulk import once_each
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
    """Close many orders. Refuses: per order what `complete_order` refuses.

    Atomic: locks the orders in key order; one history row each.
    """
    now = changes.moment()
    with taking_many(COMPLETE, once_each(order_ids), by=by, reason=reason) as taken:
        for order in taken:
            order.completed_at = now
    return taken.outcome


def complete_if_ready(order: Order, *, by: User, reason: str) -> Order:
    """Complete an order whose last parcel has just left: see `complete_ready`."""
    (order,) = complete_ready([order], by=by, reason=reason)
    return order


def complete_ready(orders: Sequence[Order], *, by: User, reason: str) -> list[Order]:
    """Complete those orders that are shipped and paid, when `by` may do so; return all anew.

    Call it in the transaction that shipped: it is a second step with a history row of its own.
    """
    found: list[Order] = steps.lock(COMPLETE, [order.pk for order in orders])
    if not by.has_perm(COMPLETE.permission_name):
        return found
    ready = [order.pk for order in found if COMPLETE.refusal(order) is None]
    if not ready:
        return found
    done = {row.pk: row for row in complete_orders(order_ids=ready, by=by, reason=reason).done}
    return [done.get(order.pk, order) for order in found]
