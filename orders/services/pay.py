"""Paying: a customer's card is reserved, and the order goes on by itself unless it waits for us."""

from __future__ import annotations

from django.db import transaction

from backoffice import changes
from backoffice.models import User
from backoffice.refused import StepNotOpen, UnknownRow
from orders.facts import load_facts
from orders.guards import ClaimOpen, OrderHeld, ReviewDue
from orders.models import Message, Order
from orders.services.cancel import cancel_order
from orders.services.messages import queue_message
from orders.services.payments import take_payment
from orders.services.process import process_order
from orders.states import ORDER_FLOW

PROCESS = ORDER_FLOW["process"]


def pay_order(*, order_id: int, token: str, by: User, version: int | None = None) -> Order:
    """Pay the customer's own order by card; then it is processed, and they are told by e-mail.

    An order that is held, or above ORDER_REVIEW_ABOVE, stays pending: the payment is only reserved
    until somebody of the house has looked at it.
    token: what the gateway's tokeniser made of the card.
    Refuses: UnknownRow, also for somebody else's; what `take_payment` refuses, and `process_order`:
    after PaymentDeclined the order can be paid again.
    Moves money: claim, call, settle, twice. Call it outside of a transaction.
    """
    own_order(order_id, by=by)
    take_payment(order_id=order_id, token=token, by=by, reason="", version=version)
    order = _processed(order_id, by=by)
    _confirm(order, by=by)
    return order


def cancel_own_order(
    *, order_id: int, by: User, reason_code: str, reason: str = "", version: int | None = None
) -> Order:
    """Cancel the customer's own order while nobody works on it: money and goods go back.

    Refuses: UnknownRow, also for somebody else's; what `cancel_order` refuses.
    Moves money like `cancel_order`.
    """
    own_order(order_id, by=by)
    return cancel_order(
        order_id=order_id, by=by, reason_code=reason_code, reason=reason, version=version
    )


def own_order(order_id: int, *, by: User) -> Order:
    """Return the customer's own placed order. Refuses: UnknownRow, also for somebody else's."""
    order = Order.objects.placed().filter(pk=order_id, customer=by.pk).first()
    if order is None:
        raise UnknownRow(what=Order._meta.verbose_name, key="")
    return order


def _processed(order_id: int, *, by: User) -> Order:
    try:
        return process_order(order_id=order_id, by=by, reason="")
    except (OrderHeld, ReviewDue, StepNotOpen, ClaimOpen):
        # It waits for staff, or they are at it this very moment: the money is reserved either way.
        return Order.objects.get(pk=order_id)


@transaction.atomic
def _confirm(order: Order, *, by: User) -> None:
    """Write once that the order came: a second card after a declined capture is no second order."""
    told = Message.objects.filter(order=order, template="confirmation")
    if not told.exists():
        load_facts([order])
        changes.say(action=PROCESS.action, by=by, reason="")
        queue_message(order=order, template="confirmation", by=by)
