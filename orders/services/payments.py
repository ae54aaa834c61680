"""Payments that staff take: a card by its token, or money that arrived by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, steps
from backoffice.models import User
from backoffice.refused import BadValue, Refused
from orders.facts import ChargeFacts
from orders.models import Order, Payment, PaymentIntent
from orders.services import claims
from orders.services.amounts import CENT, require_money
from orders.services.moves import Move
from orders.states import CAPTURE_PAYMENT, RECORD_PAYMENT, TAKE_PAYMENT, VOID_PAYMENT

Operation = PaymentIntent.Operation

# Every gateway's tokens begin with a letter (tok_, pm_); a card number does not.
TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9_-]{2,99}")


class MoreThanAuthorised(Refused):
    """facts: amount, most, currency."""

    sentence = _("{amount} {currency} are more than the {most} {currency} that are authorised.")
    hint = _("Check the amount.")


class MoreThanDue(Refused):
    """facts: amount, due, currency."""

    sentence = _("{amount} {currency} is more than the {due} {currency} that are due.")
    hint = _("Check the amount.")


def take_payment(
    *,
    order_id: int,
    token: str,
    by: User,
    reason: str,
    amount: Decimal | None = None,
    version: int | None = None,
) -> Order:
    """Authorise a card for what is not yet covered; processing the order captures it.

    token: what the gateway's tokeniser made of the card; a card number never comes here.
    amount: None is all that is due.
    Refuses: what `steps.taking` refuses; ClaimOpen; PaymentPresent; MoreThanDue; BadValue;
    PaymentDeclined (noted on the timeline); PaymentInDoubt; ServiceUnavailable.
    Moves money: claim, call, settle. Call it outside of a transaction.
    """
    token = token.strip()
    if not TOKEN.fullmatch(token):
        # A number typed into the wrong field must not reach the database, nor this sentence.
        raise BadValue(field=_("Card"), problem=_("a token is needed, never a card number."))

    def authorise(order: Order) -> list[Move]:
        due = order.facts.due_of(order.total) - order.facts.surely_authorised
        return [Move(Operation.AUTHORISE, _amount(order, amount, due))]

    return claims.take(
        TAKE_PAYMENT,
        order_id,
        by=by,
        reason=reason,
        version=version,
        answers={"card_token": token},
        plan=authorise,
    )


@transaction.atomic
def record_payment(
    *,
    order_id: int,
    amount: Decimal | None,
    by: User,
    reason: str,
    reference: str = "",
    version: int | None = None,
) -> Payment:
    """Note money that arrived outside of a gateway: a bank transfer, cash.

    amount: None is all that is due. reference: what the bank statement says.
    Refuses: what `steps.taking` refuses; ClaimOpen; AlreadyPaid; MoreThanDue; BadValue.
    Atomic: locks the order; one payment.
    """
    order = claims.lock_order(RECORD_PAYMENT, order_id, by=by, version=version)
    due = order.facts.due_of(order.total)
    steps.say(RECORD_PAYMENT, by=by, reason=reason)
    return Payment.objects.create(
        order=order,
        kind=Payment.Kind.RECEIVED,
        amount=_amount(order, amount, due),
        currency=order.currency,
        message=reference.strip()[:300],
        change_set=changes.require(),
        at=changes.moment(),
    )


def capture_payment(
    *,
    order_id: int,
    by: User,
    reason: str,
    amount: Decimal | None = None,
    charge: str = "",
    version: int | None = None,
) -> Order:
    """Take what is authorised, whole or in part; the gateway releases the rest of that charge.

    amount: None is all that is authorised. charge: "" takes the oldest charges first.
    Refuses: what `steps.taking` refuses; ClaimOpen; NothingToCapture; MoreThanAuthorised; BadValue;
    PaymentDeclined; PartlyReturned; PaymentInDoubt; ServiceUnavailable.
    Moves money: claim, call, settle for each charge; one history row. Call it outside of a
    transaction.
    """

    def captures(order: Order) -> list[Move]:
        charges = _open_charges(order, charge)
        rest = _authorised(order, amount, sum((c.open for c in charges), Decimal(0)))
        moves = []
        for each in charges:
            if (part := min(each.open, rest)) > 0:
                rest -= part
                moves.append(Move(Operation.CAPTURE, part, each.charge))
        return moves

    return claims.take(
        CAPTURE_PAYMENT, order_id, by=by, reason=reason, version=version, plan=captures
    )


def void_payment(
    *, order_id: int, by: User, reason: str, charge: str = "", version: int | None = None
) -> Order:
    """Release what is authorised and not captured: all of it, or one charge.

    reason: why, required.
    Refuses: what `steps.taking` refuses; ClaimOpen; NothingToCapture; BadValue; PaymentDeclined;
    PaymentInDoubt; ServiceUnavailable.
    Moves money: claim, call, settle for each charge; one history row. Call it outside of a
    transaction.
    """

    def voids(order: Order) -> list[Move]:
        return [Move(Operation.VOID, c.open, c.charge) for c in _open_charges(order, charge)]

    return claims.take(VOID_PAYMENT, order_id, by=by, reason=reason, version=version, plan=voids)


def _open_charges(order: Order, charge: str) -> list[ChargeFacts]:
    """Return the charges with something authorised. Refuses: BadValue for one that is not open."""
    found = [c for c in order.facts.charges if c.open and charge in {"", c.charge}]
    if not found:
        raise BadValue(field=_("Charge"), problem=_("nothing is authorised on it."))
    return found


def _authorised(order: Order, amount: Decimal | None, most: Decimal) -> Decimal:
    if amount is None:
        return most
    require_money(amount, _("Amount"), least=CENT)
    if amount > most:
        raise MoreThanAuthorised(amount=amount, most=most, currency=order.currency)
    return amount


def _amount(order: Order, amount: Decimal | None, due: Decimal) -> Decimal:
    if amount is None:
        return due
    if amount.is_finite() and amount > due:
        raise MoreThanDue(amount=amount, due=due, currency=order.currency)
    require_money(amount, _("Amount"), least=CENT)
    return amount


@claims.finisher(CAPTURE_PAYMENT.name, is_binding=True)
def _captured(order_id: int, /, *, by: User, reason: str, answers: Mapping[str, Any]) -> Order:
    with claims.finishing(CAPTURE_PAYMENT, order_id, by=by, reason=reason) as order:
        pass
    return order


@claims.finisher(VOID_PAYMENT.name)
def _voided(order_id: int, /, *, by: User, reason: str, answers: Mapping[str, Any]) -> Order:
    with claims.finishing(VOID_PAYMENT, order_id, by=by, reason=reason) as order:
        pass
    return order


@claims.finisher(TAKE_PAYMENT.name)
def _taken(order_id: int, /, *, by: User, reason: str, answers: Mapping[str, Any]) -> Order:
    """The payment itself is the whole effect: the order's state stays."""
    return Order.objects.get(pk=order_id)
