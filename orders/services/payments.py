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
from orders.models import Order, Payment, PaymentIntent
from orders.services import claims
from orders.services.claims import Move
from orders.states import RECORD_PAYMENT, TAKE_PAYMENT

# Every gateway's tokens begin with a letter (tok_, pm_); a card number does not.
TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9_-]{2,99}")


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
        due = order.total - order.facts.surely_covered
        return [Move(PaymentIntent.Operation.AUTHORISE, _amount(order, amount, due))]

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
    due = order.total - order.facts.net_paid
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


def _amount(order: Order, amount: Decimal | None, due: Decimal) -> Decimal:
    if amount is None:
        return due
    if amount.is_finite() and amount > due:
        raise MoreThanDue(amount=amount, due=due, currency=order.currency)
    if not amount.is_finite() or amount <= 0 or amount != round(amount, 2):
        raise BadValue(field=_("Amount"), problem=_("an amount of money above zero is needed."))
    return amount


@claims.finisher(TAKE_PAYMENT.name)
def _authorised(order_id: int, /, *, by: User, reason: str, answers: Mapping[str, Any]) -> Order:
    """The payment itself is the whole effect: the order's state stays."""
    return Order.objects.get(pk=order_id)
