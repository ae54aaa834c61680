"""Cancelling: money goes back first, then stock, then the customer is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypedDict, cast

from django.utils.translation import gettext_lazy as _

from backoffice import changes, steps
from backoffice.models import User
from backoffice.refused import BadValue, ReasonMissing
from backoffice.steps import Outcome, taking, taking_many
from catalog.services.allocation import keep_off_sale_stock, release_stock
from orders.models import Cancellation, Order, PaymentIntent, Refund
from orders.services import claims
from orders.services.bulk import one_by_one
from orders.services.ledger import BY_HAND
from orders.services.lines import locked_lines, uncommit_lines
from orders.services.messages import queue_message, queue_messages
from orders.services.moves import Move
from orders.states import CANCEL_REASONS, ORDER_FLOW

Operation = PaymentIntent.Operation
CANCEL = ORDER_FLOW["cancel"]


class Answers(TypedDict):
    """What else a cancellation is told, as its claim keeps it."""

    reason_code: str
    restock: bool
    refund: bool
    notify: bool


@ORDER_FLOW.verb("cancel")
def cancel_order(
    *,
    order_id: int,
    by: User,
    reason_code: str,
    reason: str,
    restock: bool = True,
    refund: bool = True,
    notify: bool = True,
    version: int | None = None,
) -> Order:
    """Cancel an order of which nothing has left the house.

    reason_code: a key of CANCEL_REASONS. restock: False keeps the goods off sale. refund: voids
    what is authorised and gives back what is captured; money that came outside of a gateway is
    noted as a refund to be transferred by hand. notify: an e-mail to the contact.
    Refuses: what `taking` refuses; ClaimOpen; AlreadyShipped; PaymentDeclined (the order is as it
    was); PartlyReturned and PaymentInDoubt (it stays reserved); ServiceUnavailable.
    Moves money: claim, call, settle for each charge; then in one transaction the stock, the
    cancellation and one history row. Call it outside of a transaction.
    """
    _require_reason_code(reason_code)
    if not (restock and refund):
        # Whose order it is may end it, and not decide about the goods and the books.
        steps.require_permission(by, CANCEL.permission_name, _("keep goods or money"))
    answers = Answers(reason_code=reason_code, restock=restock, refund=refund, notify=notify)
    return claims.take(
        CANCEL,
        order_id,
        by=by,
        reason=reason,
        version=version,
        answers=answers,
        plan=_returns if refund else _nothing,
    )


@ORDER_FLOW.verb("cancel", many=True)
def cancel_orders(
    *,
    order_ids: Sequence[int],
    by: User,
    reason_code: str,
    reason: str,
    restock: bool = True,
    refund: bool = True,
    notify: bool = True,
) -> Outcome[Order]:
    """Cancel many orders; what one refuses stops no other.

    Refuses: ReasonMissing; BadValue; per order what `cancel_order` refuses.
    Atomic for all that have no money at a gateway: locks orders, lines and levels in order, and
    writes each table once. The others go one by one after them, each in its own claim.
    """
    _require_reason_code(reason_code)
    answers = Answers(reason_code=reason_code, restock=restock, refund=refund, notify=notify)
    # What a killed worker left claimed for this very change is pursued, not refused.
    begun = claims.begun(CANCEL, order_ids)
    at_once = [order_id for order_id in order_ids if order_id not in begun]
    with taking_many(CANCEL, at_once, by=by, reason=reason, reason_code=reason_code) as taken:
        for order in taken:
            if refund and _returns(order):
                taken.leave(order)
        _cancel_locked(taken.rows, by=by, reason=reason, answers=answers)
    cancel = partial(cancel_order, by=by, reason=reason, **answers)
    return taken.outcome + one_by_one(
        sorted([*begun, *(order.pk for order in taken.left)]),
        lambda order_id: cancel(order_id=order_id),
    )


def _require_reason_code(reason_code: str) -> None:
    if not reason_code:
        raise ReasonMissing(step=CANCEL.label, hint=_("Choose one from the list."))
    if reason_code not in dict(CANCEL_REASONS):
        raise BadValue(field=_("Reason"), problem=_("choose one from the list."))


def _nothing(order: Order) -> list[Move]:
    return []


def _returns(order: Order) -> list[Move]:
    """Let go of what is reserved and give back what is taken, charge by charge."""
    moves = []
    for charge in order.facts.charges:
        if charge.returnable:
            moves.append(Move(Operation.REFUND, charge.returnable, charge.charge))
        if charge.open:
            moves.append(Move(Operation.VOID, charge.open, charge.charge))
    return moves


@claims.finisher(CANCEL.name, is_binding=True)
def _cancel(order_id: int, /, *, by: User, reason: str, answers: Mapping[str, Any]) -> Order:
    code = answers["reason_code"]
    with taking(CANCEL, order_id, by=by, reason=reason, reason_code=code) as order:
        _cancel_locked([order], by=by, reason=reason, answers=cast("Answers", answers))
    return order


def _cancel_locked(orders: Sequence[Order], *, by: User, reason: str, answers: Answers) -> None:
    """Do what cancelling does to locked orders whose money has gone back, each table once."""
    if not orders:
        return
    let_go = release_stock if answers["restock"] else keep_off_sale_stock
    uncommit_lines(locked_lines(*orders), let_go, into="cancelled", step=CANCEL.name)
    now = changes.moment()
    said = {"change_set": changes.require(), "at": now}
    if answers["refund"]:
        _note_transfers(orders, answers["reason_code"], said)
    for order in orders:
        order.cancelled_at = now
    Cancellation.objects.bulk_create(
        Cancellation(
            order=order,
            reason_code=answers["reason_code"],
            note=reason,
            is_restocked=answers["restock"],
            is_refunded=answers["refund"],
            is_notified=answers["notify"] and order.number is not None,
            **said,
        )
        for order in orders
    )
    if answers["notify"]:
        _tell([order for order in orders if order.number is not None], by)


def _tell(orders: Sequence[Order], by: User) -> None:
    """Write to the customers; many letters are written by the job that sends them."""
    if len(orders) == 1:
        queue_message(order=orders[0], template="cancelled", by=by)
    else:
        queue_messages(order_ids=[order.pk for order in orders], template="cancelled", by=by)


def _note_transfers(orders: Sequence[Order], reason_code: str, said: Mapping[str, Any]) -> None:
    """No gateway can return what came by bank transfer or cash: finance does, by this note."""
    Refund.objects.bulk_create(
        Refund(
            order=order,
            amount=order.facts.received,
            currency=order.currency,
            reason_code=reason_code,
            note=str(BY_HAND),
            is_by_hand=True,
            **said,
        )
        for order in orders
        if order.facts.received > 0
    )
