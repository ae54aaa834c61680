"""A bank in a table: deterministic, with the well-known test cards; it moves no real money.

It keeps its own book (`SandboxCharge`) in transactions of its own, as a bank far away would.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from backoffice.refused import BadValue, Text
from orders.integrations.gateway import (
    Answer,
    Approved,
    Declined,
    GatewayTimeout,
    KeyReused,
    require_no_transaction,
)
from orders.models import SandboxCharge

ZERO = Decimal(0)
LONGEST_TOKEN = 24


@dataclass(frozen=True)
class SandboxCard:
    """One test card.

    declines: what the bank answers to an operation, as (code, message).
    loses_before, loses_after: operations whose first answer is lost, before or after doing them.
    """

    token: str
    number: str
    label: Text
    declines: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    loses_before: tuple[str, ...] = ()
    loses_after: tuple[str, ...] = ()


def _declining(operation: str, code: str, message: str) -> dict[str, tuple[str, str]]:
    return {operation: (code, message)}


# The numbers up to …0341 are the ones that payment providers document; 4000 0000 0000 90xx is ours.
TEST_CARDS: tuple[SandboxCard, ...] = (
    SandboxCard("tok_visa", "4242424242424242", _("Visa that works")),
    SandboxCard(
        "tok_declined",
        "4000000000000002",
        _("Declined"),
        _declining("authorise", "card_declined", "Your card was declined."),
    ),
    SandboxCard(
        "tok_insufficient_funds",
        "4000000000009995",
        _("Insufficient funds"),
        _declining("authorise", "insufficient_funds", "Your card has insufficient funds."),
    ),
    SandboxCard(
        "tok_expired",
        "4000000000000069",
        _("Expired card"),
        _declining("authorise", "expired_card", "Your card has expired."),
    ),
    SandboxCard(
        "tok_wrong_cvc",
        "4000000000000127",
        _("Wrong security code"),
        _declining("authorise", "incorrect_cvc", "Your card's security code is incorrect."),
    ),
    SandboxCard(
        "tok_processing_error",
        "4000000000000119",
        _("Processing error"),
        _declining("authorise", "processing_error", "The card could not be processed."),
    ),
    SandboxCard(
        "tok_capture_declined",
        "4000000000000341",
        _("Authorises, then declines the capture"),
        _declining("capture", "card_declined", "Your card was declined."),
    ),
    SandboxCard(
        "tok_timeout",
        "4000000000009003",
        _("No answer, nothing charged"),
        loses_before=("authorise",),
    ),
    SandboxCard(
        "tok_charged_timeout",
        "4000000000009011",
        _("Authorised, but the answer is lost"),
        loses_after=("authorise",),
    ),
    SandboxCard(
        "tok_capture_timeout",
        "4000000000009029",
        _("Captured, but the answer is lost"),
        loses_after=("capture",),
    ),
    SandboxCard(
        "tok_return_timeout",
        "4000000000009037",
        _("Voided or refunded, but the answer is lost"),
        loses_after=("void", "refund"),
    ),
    SandboxCard(
        "tok_refund_declined",
        "4000000000009045",
        _("Works, then declines the refund"),
        _declining("refund", "refund_declined", "The refund was declined."),
    ),
)
_BY_TOKEN = {card.token: card for card in TEST_CARDS}
_BY_NUMBER = {card.number: card for card in TEST_CARDS}


def tokenise(number: str) -> str:
    """Return the token of a test card's number; the number itself goes nowhere.

    Refuses: BadValue for any other number (without repeating it).
    """
    card = _BY_NUMBER.get("".join(number.split()).replace("-", ""))
    if card is None:
        raise BadValue(field=_("Card number"), problem=_("the sandbox takes its test cards only."))
    return card.token


def _spaced(number: str) -> str:
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


class SandboxGateway:
    """The embedded gateway: see TEST_CARDS for what each card does."""

    name = "sandbox"
    label = _("The sandbox bank")
    token_label = _("Test card")
    token_choices = tuple(
        (card.token, format_lazy("{} · {}", card.label, _spaced(card.number)))
        for card in TEST_CARDS
    )

    def authorise(self, *, key: str, card_token: str, amount: Decimal, currency: str) -> Answer:
        """Reserve money on a test card."""
        # A token that no card has may be of any length; the book needs no more of it than this.
        card_token = card_token[:LONGEST_TOKEN]
        charge = f"ch_{hashlib.sha256(key.encode()).hexdigest()[:20]}"
        asked = SandboxCharge(
            key=key,
            operation="authorise",
            charge=charge,
            card=card_token,
            amount=amount,
            currency=currency,
        )
        return self._answer(asked)

    def capture(self, *, key: str, charge: str, amount: Decimal, currency: str) -> Answer:
        """Take what is reserved; once per charge."""
        return self._on_charge("capture", key, charge, amount, currency)

    def void(self, *, key: str, charge: str, amount: Decimal, currency: str) -> Answer:
        """Let go of what is reserved."""
        return self._on_charge("void", key, charge, amount, currency)

    def refund(self, *, key: str, charge: str, amount: Decimal, currency: str) -> Answer:
        """Give back what was taken, or a part of it."""
        return self._on_charge("refund", key, charge, amount, currency)

    def lookup(self, *, key: str) -> Answer | None:
        """Return what was answered to a key, or None when nothing was done for it."""
        row = SandboxCharge.objects.filter(key=key, is_done=True).first()
        return _as_answer(row) if row else None

    def _on_charge(
        self, operation: str, key: str, charge: str, amount: Decimal, currency: str
    ) -> Answer:
        row = SandboxCharge.objects.filter(operation="authorise", charge=charge).first()
        asked = SandboxCharge(
            key=key,
            operation=operation,
            charge=charge,
            card=row.card if row else "",
            amount=amount,
            currency=currency,
        )
        return self._answer(asked)

    def _answer(self, asked: SandboxCharge) -> Answer:
        require_no_transaction()
        card = _BY_TOKEN.get(asked.card)
        with transaction.atomic(durable=True):
            row, is_new = _book(asked)
            does = row.is_done is False and not (
                is_new and card is not None and asked.operation in card.loses_before
            )
            if does:
                _decide(row, card)
        # Only after the commit: what was done stays done, whatever the caller hears.
        if not does and not row.is_done:
            raise GatewayTimeout(asked.operation)
        if is_new and card is not None and asked.operation in card.loses_after:
            raise GatewayTimeout(asked.operation)
        return _as_answer(row)


def _book(asked: SandboxCharge) -> tuple[SandboxCharge, bool]:
    """Enter a question in the book, or find it there: the same key is the same question."""
    content = ("operation", "charge", "card", "amount", "currency")
    row, is_new = SandboxCharge.objects.get_or_create(
        key=asked.key, defaults={name: getattr(asked, name) for name in content}
    )
    row = SandboxCharge.objects.select_for_update().get(pk=row.pk)
    for name in content:
        if getattr(row, name) != getattr(asked, name):
            raise KeyReused(f"Key {asked.key} was sent before with another {name}.")
    return row, is_new


def _decide(row: SandboxCharge, card: SandboxCard | None) -> None:
    if card is None:
        refusal: tuple[str, str] | None = ("no_such_charge", "No such charge or card.")
    else:
        refusal = card.declines.get(row.operation) or _refusal_of_book(row)
    row.code, row.message = refusal or ("", "Approved.")
    row.is_approved = refusal is None
    row.is_done = True
    row.save()


def _refusal_of_book(row: SandboxCharge) -> tuple[str, str] | None:
    """Return why the charge's own past forbids an operation on it, or None."""
    if row.operation == "authorise":
        return None
    # The authorisation's row is the lock of the whole charge.
    origin = SandboxCharge.objects.select_for_update().get(operation="authorise", charge=row.charge)
    if not origin.is_approved:
        return ("no_such_charge", "No such charge or card.")
    done = {
        found["operation"]: found["sum"]
        for found in SandboxCharge.objects.filter(charge=row.charge, is_approved=True)
        .values("operation")
        .annotate(sum=Sum("amount"))
        .order_by()
    }
    captured, refunded = done.get("capture", ZERO), done.get("refund", ZERO)
    most = captured - refunded if row.operation == "refund" else origin.amount
    refusal = None
    if row.amount > most:
        refusal = ("amount_too_large", "The amount is larger than what is left of the charge.")
    if row.operation != "refund" and "void" in done:
        refusal = ("charge_voided", "The charge was voided before.")
    if row.operation != "refund" and captured:
        refusal = ("already_captured", "The charge was captured before.")
    return refusal


def _as_answer(row: SandboxCharge) -> Answer:
    if row.is_approved:
        return Approved(row.charge, row.message)
    return Declined(row.code, row.message)
