"""Money: taking it, noting it, asking the bank again."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.acts import Act
from backoffice.flows import Ask
from backoffice.models import User
from backoffice.refused import Refused
from orders import services
from orders.integrations.sandbox import TEST_CARDS
from orders.models import Order, PaymentIntent
from orders.states import RECORD_PAYMENT, TAKE_PAYMENT

REMARK = TAKE_PAYMENT.asks[0]


class NothingOpen(Refused):
    sentence = _("No payment is waiting for the bank's answer.")
    http_status = 409


def test_cards() -> list[tuple[str, str]]:
    """Return the sandbox's cards as choices: token, what it does and its number."""
    return [(card.token, f"{card.label} · {_spaced(card.number)}") for card in TEST_CARDS]


def _spaced(number: str) -> str:
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


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


ACTS: tuple[Act, ...] = (
    replace(
        Act.from_step(TAKE_PAYMENT, one=services.take_payment, icon="credit_card"),
        asks=(
            Ask(
                "token",
                _("Test card"),
                "choice",
                required=True,
                choices=test_cards,
                initial=TEST_CARDS[0].token,
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
    Act(
        "ask_bank",
        _("Ask the bank again"),
        "orders.take_payment_order",
        one=ask_bank,
        refusal=has_claim,
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
