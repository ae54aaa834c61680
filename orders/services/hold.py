"""Holding: an order that nobody may process or ship until it is released."""

from __future__ import annotations

from collections.abc import Sequence

from backoffice.models import User
from backoffice.steps import Outcome, taking, taking_many
from orders.models import Order
from orders.services.bulk import require_few
from orders.states import ORDER_FLOW

HOLD, RELEASE = ORDER_FLOW["hold"], ORDER_FLOW["release"]


@ORDER_FLOW.verb("hold")
def hold_order(*, order_id: int, by: User, reason: str, version: int | None = None) -> Order:
    """Stop an order where it stands.

    reason: why, required; colleagues see it on the order.
    Refuses: what `taking` refuses; ClaimOpen; OrderHeld.
    Atomic: locks the order; one history row.
    """
    with taking(HOLD, order_id, by=by, reason=reason, version=version) as order:
        _hold(order, reason)
    return order


@ORDER_FLOW.verb("hold", many=True)
def hold_orders(*, order_ids: Sequence[int], by: User, reason: str) -> Outcome[Order]:
    """Stop many orders for one reason. Refuses: TooMany; per order what `hold_order` refuses.

    Atomic: locks the orders in key order; one history row each.
    """
    with taking_many(HOLD, require_few(order_ids), by=by, reason=reason) as taken:
        for order in taken:
            _hold(order, reason)
    return taken.outcome


@ORDER_FLOW.verb("release")
def release_order(*, order_id: int, by: User, reason: str, version: int | None = None) -> Order:
    """End an order's hold.

    Refuses: what `taking` refuses; ClaimOpen; OrderNotHeld.
    Atomic: locks the order; one history row.
    """
    with taking(RELEASE, order_id, by=by, reason=reason, version=version) as order:
        _release(order)
    return order


@ORDER_FLOW.verb("release", many=True)
def release_orders(*, order_ids: Sequence[int], by: User, reason: str) -> Outcome[Order]:
    """End the hold of many orders. Refuses: TooMany; per order what `release_order` refuses.

    Atomic: locks the orders in key order; one history row each.
    """
    with taking_many(RELEASE, require_few(order_ids), by=by, reason=reason) as taken:
        for order in taken:
            _release(order)
    return taken.outcome


def _hold(order: Order, reason: str) -> None:
    order.is_held, order.hold_reason = True, reason


def _release(order: Order) -> None:
    order.is_held, order.hold_reason = False, ""
