"""Stripe by its official library: PaymentIntents that are authorised first and captured later.

Asking twice with one idempotency key is asking once, so an answer that was lost is fetched by the
same question. What Stripe says by itself arrives in `stripe_events`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Never

import requests
import stripe
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from backoffice.refused import Text
from orders.integrations.gateway import (
    Answer,
    Approved,
    ChargeState,
    Declined,
    GatewayDown,
    GatewayTimeout,
    KeyReused,
    require_no_transaction,
)

logger = logging.getLogger(__name__)

# Stripe counts money in the smallest unit; these currencies have no smaller one, or a third digit.
ZERO_DECIMAL = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "JPY",
        "KMF",
        "KRW",
        "MGA",
        "PYG",
        "RWF",
        "UGX",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
THREE_DECIMAL = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
LIBRARY_ERRORS = (stripe.StripeError, ValueError, KeyError, TypeError, AttributeError)


class StripeGateway:
    """PaymentIntents with manual capture; the charge of this console is the PaymentIntent's id."""

    name = "stripe"
    label: Text = _("Stripe")
    token_label: Text = _("Payment method")
    token_choices: Sequence[tuple[str, Text]] = ()  # typed or pasted: pm_… or tok_…

    def authorise(self, *, key: str, card_token: str, amount: Decimal, currency: str) -> Answer:
        """Reserve money: a PaymentIntent, confirmed at once, to be captured by hand."""
        method: dict[str, Any] = (
            {"payment_method_data": {"type": "card", "card": {"token": card_token}}}
            if card_token.startswith("tok_")
            else {"payment_method": card_token}
        )
        asked = {
            "amount": to_units(amount, currency),
            "currency": currency.lower(),
            "capture_method": "manual",
            "confirm": True,
            "payment_method_types": ["card"],
            # Nobody sits before a browser here: a card that wants its owner's consent declines.
            "error_on_requires_action": True,
            "metadata": {"key": key},
            **method,
        }
        return _ask(
            key,
            lambda api, options: api.v1.payment_intents.create(asked, options),  # type: ignore[arg-type]
            {"requires_capture", "succeeded"},
        )

    def capture(self, *, key: str, charge: str, amount: Decimal, currency: str) -> Answer:
        """Take what is reserved, or a part of it; Stripe releases the rest."""
        asked = {
            "amount_to_capture": to_units(amount, currency),
            "metadata": {"capture_key": key},
        }
        return _ask(
            key,
            lambda api, options: api.v1.payment_intents.capture(charge, asked, options),  # type: ignore[arg-type]
            {"succeeded"},
        )

    def void(self, *, key: str, charge: str, amount: Decimal, currency: str) -> Answer:
        """Release what is reserved."""
        return _ask(
            key,
            lambda api, options: api.v1.payment_intents.cancel(charge, {}, options),
            {"canceled"},
        )

    def refund(self, *, key: str, charge: str, amount: Decimal, currency: str) -> Answer:
        """Give back what was taken, or a part of it."""
        asked = {
            "payment_intent": charge,
            "amount": to_units(amount, currency),
            "metadata": {"key": key},
        }
        return _ask(
            key,
            lambda api, options: api.v1.refunds.create(asked, options),  # type: ignore[arg-type]
            {"succeeded", "pending", "requires_action"},
        )

    def lookup(self, *, key: str) -> Answer | None:
        """Return what became of an authorisation or a refund, by the key it carries.

        Stripe's search lags behind by seconds: None is no proof while a question is fresh. Asking
        again with the same key is.
        """
        if not key.replace("-", "").isalnum():
            return None
        try:
            found = _client().v1.payment_intents.search(
                {"query": f"metadata['key']:'{key}'", "limit": 1}
            )
            rows = list(found.data)
        except LIBRARY_ERRORS as error:
            _fail(error)
        if not rows:
            return None
        return _as_answer(rows[0], {"requires_capture", "succeeded", "canceled"})

    def look_at(self, *, charge: str, currency: str) -> ChargeState:
        """Return how a PaymentIntent stands now; refunds that failed do not count."""
        require_no_transaction()
        client = _client()
        try:
            found = client.v1.payment_intents.retrieve(charge, {"expand": ["latest_charge"]})
            latest = getattr(found, "latest_charge", None)
            refunded = latest.amount_refunded if latest is not None else 0
            return ChargeState(
                authorised=from_units(int(found.amount_capturable), currency),
                captured=from_units(int(found.amount_received), currency),
                refunded=from_units(int(refunded), currency),
                key=str(getattr(found.metadata, "key", "") or ""),
            )
        except LIBRARY_ERRORS as error:
            _fail(error)


def to_units(amount: Decimal, currency: str) -> int:
    """Return an amount in Stripe's units: cents, yen."""
    return int((amount * _per_one(currency)).to_integral_value())


def from_units(units: int, currency: str) -> Decimal:
    """Return Stripe's units as an amount of money."""
    return (Decimal(units) / _per_one(currency)).quantize(Decimal("0.01"))


def _per_one(currency: str) -> int:
    if currency.upper() in ZERO_DECIMAL:
        return 1
    return 1000 if currency.upper() in THREE_DECIMAL else 100


def _client() -> stripe.StripeClient:
    if not settings.STRIPE_SECRET_KEY:
        logger.error("STRIPE_SECRET_KEY is not set: Stripe cannot be asked.")
        raise GatewayDown
    return _client_for(
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.STRIPE_TIMEOUT_SECONDS
    )


@lru_cache(maxsize=4)
def _client_for(secret_key: str, base: str, timeout_seconds: float) -> stripe.StripeClient:
    """Return a client that asks once: what to do when an answer is lost is the claim's matter."""
    return stripe.StripeClient(
        secret_key,
        base_addresses={"api": base} if base else {},
        http_client=stripe.RequestsClient(timeout=timeout_seconds),
        max_network_retries=0,
    )


def _ask(
    key: str, question: Callable[[stripe.StripeClient, Any], Any], approved: set[str]
) -> Answer:
    require_no_transaction()
    client = _client()
    try:
        answer = question(client, {"idempotency_key": key})
        return _as_answer(answer, approved)
    except stripe.CardError as error:
        return Declined(error.code or "card_declined", _words(error))
    except LIBRARY_ERRORS as error:
        if (declined := _refusal_in(error)) is not None:
            return declined
        _fail(error)


def _as_answer(answer: Any, approved: set[str]) -> Answer:
    """Read what came back; anything but a clear word leaves the question open."""
    status, charge = answer.status, getattr(answer, "payment_intent", None) or answer.id
    if not isinstance(status, str) or not isinstance(charge, str) or not charge:
        raise ValueError("no answer that this console understands")
    if status in approved:
        return Approved(charge, f"Stripe: {status}"[:200])
    if status in {"canceled", "failed", "requires_payment_method"}:
        reason = getattr(answer, "failure_reason", None) or getattr(
            answer, "cancellation_reason", None
        )
        return Declined(status, str(reason or status).replace("_", " ").capitalize() + ".")
    # "processing": Stripe itself does not know yet; its event will tell.
    raise GatewayTimeout(status)


def _refusal_in(error: Exception) -> Declined | None:
    """Return the refusal that Stripe answered, when it is certain that nothing was done."""
    if isinstance(error, stripe.IdempotencyError) and error.http_status == 400:  # noqa: PLR2004
        raise KeyReused(str(error)) from error
    if isinstance(error, stripe.InvalidRequestError):
        return Declined(error.code or "invalid_request", _words(error))
    return None


def _fail(error: Exception) -> Never:
    """Say of a failed call whether it was certainly not carried out, or whether nobody knows."""
    if isinstance(error, stripe.APIConnectionError):
        if _was_never_sent(error):
            raise GatewayDown from error
        raise GatewayTimeout from error
    if isinstance(error, (stripe.AuthenticationError, stripe.PermissionError)):
        logger.error("Stripe does not accept our key: %s", type(error).__name__)
        raise GatewayDown from error
    if isinstance(error, stripe.RateLimitError):
        raise GatewayDown from error
    logger.error("Stripe answered what nobody understands: %s", type(error).__name__)
    raise GatewayTimeout from error


def _was_never_sent(error: stripe.APIConnectionError) -> bool:
    """Tell whether the connection itself failed, so that no question left the house."""
    cause = error.__cause__
    if isinstance(cause, (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError)):
        return True
    if not isinstance(cause, requests.exceptions.ConnectionError):
        return False
    reason = getattr(cause.args[0], "reason", None) if cause.args else None
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError", "SSLError"}


def _words(error: stripe.StripeError) -> str:
    return str(error.user_message or _("Stripe refused it."))[:250]
