"""Money: taking it, noting it, asking the bank again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.acts import Act
from backoffice.flows import Ask
from backoffice.models import User
from backoffice.refused import NotAllowed, Refused
from orders import services
from orders.integrations.gateway import gateway
from orders.models import Order, PaymentIntent
from orders.states import (
    CAPTURE_PAYMENT,
    RECORD_PAYMENT,
    TAKE_PAYMENT,
    VOID_PAYMENT,
    step_named,
)
from orders.sums import in_words

SEVERAL = 2
REMARK = TAKE_PAYMENT.asks[0]


class NothingOpen(Refused):
    sentence = _("No payment is waiting for the bank's answer.")
    http_status = 409


def _card(_order: Order) -> Mapping[str, Any]:
    """Ask for what the gateway of new charges takes: one of its test cards, or a typed token."""
    bank = gateway()
    if choices := getattr(bank, "token_choices", ()):
        return {"label": bank.token_label, "choices": choices, "initial": choices[0][0]}
    return {
        "kind": "line",
        "label": getattr(bank, "token_label", _("Token")),
        "help": _("From the payment form, for example pm_…; a card number never comes here."),
    }


def _charges(order: Order) -> Mapping[str, Any] | None:
    """Ask which card only where there are several."""
    is_open = [c for c in order.facts.charges if c.open]
    if len(is_open) < SEVERAL:
        return None
    named = [(c.charge, f"{in_words(c.open, order.currency)} · {c.charge}") for c in is_open]
    return {"choices": [("", _("All of them")), *named]}


def _authorised(order: Order) -> Mapping[str, Any]:
    most = in_words(order.facts.authorised, order.currency)
    return {"help": str(_("Blank: all of it, {amount}.")).format(amount=most)}


def is_own_step(order: Order, by: User) -> Refused | None:
    """Say beforehand what `settle_in_doubt` says: asking again needs the step's permission."""
    step = step_named(order.facts.claim.step) if order.facts.claim else None
    if step is None or by.has_perm(step.permission_name):
        return None
    return NotAllowed(what=str(step.label).lower(), hint=_("Ask a colleague who may."))


def ask_bank(*, order_id: int, by: User) -> Order:
    """Settle the order's open claim: see `services.settle_in_doubt`."""
    return services.settle_in_doubt(intent_id=_open_claim(order_id), by=by)


def return_by_hand(*, order_id: int, by: User, reason: str) -> Order:
    """End the order's open claim: see `services.return_by_hand`."""
    return services.return_by_hand(intent_id=_open_claim(order_id), by=by, reason=reason)


def _open_claim(order_id: int) -> int:
    claim = PaymentIntent.objects.filter(order=order_id, state__in=PaymentIntent.OPEN).first()
    if claim is None:
        raise NothingOpen
    return claim.pk


def has_claim(order: Order) -> Refused | None:
    """nothing waits for the bank"""
    return None if order.facts.claim else NothingOpen()


def was_declined(order: Order) -> Refused | None:
    """the bank has not declined to give the money back"""
    claim = order.facts.claim
    return None if claim and claim.arguments["attempts"] else services.NotForHand()


CHARGE = Ask("charge", _("Card"), "choice", about=_charges)

ACTS: tuple[Act, ...] = (
    replace(
        Act.from_step(TAKE_PAYMENT, one=services.take_payment, icon="credit_card"),
        asks=(
            Ask(
                "token",
                _("Card"),
                "choice",
                required=True,
                about=_card,
            ),
            Ask("amount", _("Amount"), "money", help=_("Blank: all that is due.")),
            REMARK,
        ),
    ),
    replace(
        Act.from_step(RECORD_PAYMENT, one=services.record_payment, icon="account_balance"),
        asks=(
            Ask("amount", _("Amount"), "money", help=_("Blank: all that is due.")),
            Ask("reference", _("Reference"), "line", help=_("What the bank statement says.")),
            REMARK,
        ),
    ),
    replace(
        Act.from_step(CAPTURE_PAYMENT, one=services.capture_payment, icon="download_done"),
        asks=(CHARGE, Ask("amount", _("Amount"), "money", about=_authorised), REMARK),
    ),
    replace(
        Act.from_step(
            VOID_PAYMENT,
            one=services.void_payment,
            icon="block",
            dismiss=_("Keep it authorised"),
        ),
        asks=(CHARGE, *VOID_PAYMENT.asks),
    ),
    Act(
        "ask_bank",
        _("Ask the bank again"),
        "orders.take_payment_order",
        one=ask_bank,
        refusal=has_claim,
        refusal_for=is_own_step,
        tone="warning",
        effect=_("sends the same question with the same key; nothing is charged twice"),
        done=_("{row}: the bank has answered."),
    ),
    Act(
        "return_by_hand",
        _("Returned by hand"),
        "orders.record_payment_order",
        asks=(Ask("reason", _("How it went back"), required=True),),
        one=return_by_hand,
        refusal=was_declined,
        tone="warning",
        effect=_("records that you have given the money back another way, and goes on"),
    ),
)
