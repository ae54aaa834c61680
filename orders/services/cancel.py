"""Cancelling: money goes back first, then stock, then the customer is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes
from backoffice.models import User
from backoffice.refused import BadValue, ReasonMissing
from backoffice.steps import Outcome, taking
from catalog.services.allocation import keep_off_sale_stock, release_stock
from orders.models import Cancellation, Order, PaymentIntent, Refund
from orders.services import claims, mails
from orders.services.bulk import one_by_one
from orders.services.claims import Move
from orders.services.lines import locked_lines, uncommit_lines
from orders.states import CANCEL_REASONS, ORDER_FLOW

Operation = PaymentIntent.Operation
CANCEL = ORDER_FLOW["cancel"]


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
    answers = {"reason_code": reason_code, "restock": restock, "refund": refund, "notify": notify}
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
    """Cancel orders one after another, each in its own claim; what one refuses stops no other.

    Refuses: TooMany; ReasonMissing; per order what `cancel_order` refuses.
    """
    _require_reason_code(reason_code)
    cancel = partial(
        cancel_order,
        by=by,
        reason_code=reason_code,
        reason=reason,
        restock=restock,
        refund=refund,
        notify=notify,
    )
    return one_by_one(order_ids, lambda order_id: cancel(order_id=order_id))


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
        was_placed = order.number is not None
        if answers["refund"]:
            _note_transfer(order, code)
        let_go = release_stock if answers["restock"] else keep_off_sale_stock
        lines = locked_lines(order)
        uncommit_lines(lines, let_go, into="cancelled", step=CANCEL.name)
        order.cancelled_at = changes.moment()
        Cancellation.objects.create(
            order=order,
            reason_code=code,
            note=reason,
            is_restocked=answers["restock"],
            is_refunded=answers["refund"],
            is_notified=answers["notify"] and was_placed,
            change_set=changes.require(),
            at=changes.moment(),
        )
        if answers["notify"] and was_placed:
            transaction.on_commit(partial(mails.tell_cancelled, order.pk), robust=True)
    return order


def _note_transfer(order: Order, reason_code: str) -> None:
    """No gateway can return what came by bank transfer or cash: finance does, by this note."""
    if order.facts.received > 0:
        Refund.objects.create(
            order=order,
            amount=order.facts.received,
            currency=order.currency,
            reason_code=reason_code,
            change_set=changes.require(),
            at=changes.moment(),
            note=str(_("To be transferred by hand: it did not come through a gateway.")),
        )
