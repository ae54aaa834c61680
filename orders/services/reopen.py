"""Reopening: a cancelled order waits again, if its stock can be promised again."""

from __future__ import annotations

from backoffice.models import User
from backoffice.steps import taking
from orders.models import Order
from orders.services.lines import commit_lines, locked_lines
from orders.services.place import make_binding
from orders.states import ORDER_FLOW

REOPEN = ORDER_FLOW["reopen"]


@ORDER_FLOW.verb("reopen")
def reopen_order(*, order_id: int, by: User, reason: str, version: int | None = None) -> Order:
    """Take a cancellation back; names and prices stay those of the day it was placed.

    reason: why, required. A draft that was cancelled is placed by this. Money that went back
    stays there: the order needs a new payment.
    Refuses: what `taking` refuses; OrderEmpty; NotEnoughStock (then nothing is committed).
    Atomic: locks the order, its lines, their stock levels in order; one history row.
    """
    with taking(REOPEN, order_id, by=by, reason=reason, version=version) as order:
        order.cancelled_at = None
        if order.number is None:
            make_binding(order, step=REOPEN.name)
            return order
        units = {line: line.cancelled for line in locked_lines(order) if line.cancelled}
        for line in units:
            line.cancelled = 0
        commit_lines(units, step=REOPEN.name)
    return order
