"""Processing: the authorised money is captured, and the order may be packed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from backoffice.models import User
from backoffice.steps import Outcome, taking, taking_many
from orders.models import Order, PaymentIntent
from orders.services import claims
from orders.services.bulk import once_each, one_by_one
from orders.services.moves import Move
from orders.states import ORDER_FLOW

Operation = PaymentIntent.Operation
PROCESS, PROCESS_UNPAID = ORDER_FLOW["process"], ORDER_FLOW["process_unpaid"]


@ORDER_FLOW.verb("process")
def process_order(*, order_id: int, by: User, reason: str, version: int | None = None) -> Order:
    """Capture what is authorised and let the order be packed.

    Refuses: what `taking` refuses; ClaimOpen; OrderHeld; PaymentMissing; PaymentDeclined (the
    order is as it was); PaymentInDoubt (the order stays reserved); ServiceUnavailable.
    Moves money: claim, call, settle for each charge; then one history row. With nothing to
    capture the step is taken at once. Call it outside of a transaction.
    """
    return claims.take(PROCESS, order_id, by=by, reason=reason, version=version, plan=_captures)


@ORDER_FLOW.verb("process_unpaid")
def process_unpaid_order(
    *, order_id: int, by: User, reason: str, version: int | None = None
) -> Order:
    """Let an order be packed although its payment is missing: a manager vouches for it.

    reason: why, required. What is authorised is captured all the same, as far as the bank lets.
    Refuses: what `process_order` refuses; ReasonMissing; PaymentPresent.
    Moves money like `process_order`.
    """
    plan = partial(_captures, is_needed=False)
    return claims.take(PROCESS_UNPAID, order_id, by=by, reason=reason, version=version, plan=plan)


@ORDER_FLOW.verb("process", many=True)
def process_orders(*, order_ids: Sequence[int], by: User, reason: str) -> Outcome[Order]:
    """Process many orders; what one refuses stops no other.

    Refuses: per order what `process_order` refuses.
    Atomic for all that have nothing to capture: locks them in key order, one history row each.
    The others go one by one after them, each in its own claim. Call it outside of a transaction.
    """
    begun = claims.begun(PROCESS, order_ids)
    at_once = [order_id for order_id in once_each(order_ids) if order_id not in begun]
    with taking_many(PROCESS, at_once, by=by, reason=reason) as taken:
        for order in taken:
            if _captures(order):
                taken.leave(order)
    alone = sorted([*begun, *(order.pk for order in taken.left)])
    return taken.outcome + one_by_one(
        alone, lambda order_id: process_order(order_id=order_id, by=by, reason=reason)
    )


def _captures(order: Order, *, is_needed: bool = True) -> list[Move]:
    """Capture what is due, from charges that were never declined first; let go of the rest."""
    due = order.facts.due_of(order.total)
    captures, voids = [], []
    for charge in sorted(order.facts.charges, key=lambda charge: charge.is_declined):
        amount = min(charge.open, due)
        if amount > 0:
            due -= amount
            captures.append(Move(Operation.CAPTURE, amount, charge.charge, is_needed=is_needed))
        elif charge.open:
            voids.append(Move(Operation.VOID, charge.open, charge.charge, is_needed=False))
    return captures + voids


@claims.finisher(PROCESS.name)
def _process(order_id: int, /, *, by: User, reason: str, answers: Mapping[str, Any]) -> Order:
    with taking(PROCESS, order_id, by=by, reason=reason) as order:
        pass
    return order


@claims.finisher(PROCESS_UNPAID.name)
def _process_unpaid(
    order_id: int, /, *, by: User, reason: str, answers: Mapping[str, Any]
) -> Order:
    with taking(PROCESS_UNPAID, order_id, by=by, reason=reason) as order:
        pass
    return order
