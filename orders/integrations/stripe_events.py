"""What Stripe says by itself: is it really Stripe, is it fresh, and which charge is it about."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

import stripe
from django.conf import settings

TOLERANCE_SECONDS = 300
LONGEST_ID = 120
LONGEST_KIND = 80

# Events that tell of money of a charge; all others are kept, and marked as not ours.
ABOUT_CHARGES = frozenset(
    {
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
        "payment_intent.payment_failed",
        "payment_intent.succeeded",
        "charge.refunded",
        "refund.created",
        "refund.failed",
        "refund.updated",
    }
)

PERSONAL = frozenset(
    {
        "address",
        "billing_details",
        "customer_details",
        "customer_email",
        "customer_name",
        "email",
        "name",
        "phone",
        "receipt_email",
        "receipt_url",
        "shipping",
    }
)
LEFT_OUT = "•••"


class Forged(Exception):  # noqa: N818
    """Not signed with our secret, too old, or no event at all."""


@dataclass(frozen=True)
class Event:
    """One event as it came."""

    id: str
    kind: str
    payload: dict[str, Any]


def read_event(body: bytes, signature: str) -> Event:
    """Return the event in a request's raw body. Raises Forged.

    The signature covers the bytes as they came, and the time they were signed at: five minutes
    old at most, so that a recorded request is worth nothing later.
    """
    secret = settings.STRIPE_WEBHOOK_SECRET
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, TOLERANCE_SECONDS)
        signed_at = int(dict(part.split("=", 1) for part in signature.split(","))["t"])
        payload = json.loads(body)
        event_id, kind = payload["id"], payload["type"]
        found = payload["data"]["object"]
    except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError) as error:
        raise Forged(type(error).__name__) from error
    if signed_at > time.time() + TOLERANCE_SECONDS:
        raise Forged("signed in the future")
    texts = [(event_id, LONGEST_ID), (kind, LONGEST_KIND)]
    # PostgreSQL keeps no NUL, and nothing honest sends one.
    if (
        b"\\u0000" in body
        or not isinstance(found, dict)
        or any(
            not isinstance(text, str) or not 0 < len(text) <= most or not text.isprintable()
            for text, most in texts
        )
    ):
        raise Forged("no event")
    return Event(event_id, kind, _without_people(payload))


def _without_people(told: Any) -> Any:
    """Return what was told without who paid and where they live: nobody here needs it.

    An event is kept as long as the books are; a customer's data must be erasable before.
    """
    if isinstance(told, dict):
        return {
            key: LEFT_OUT if key in PERSONAL and value else _without_people(value)
            for key, value in told.items()
        }
    if isinstance(told, list):
        return [_without_people(value) for value in told]
    return told


def charge_of(kind: str, payload: dict[str, Any]) -> str:
    """Return the PaymentIntent that an event is about; "": none, or nothing about its money."""
    if kind not in ABOUT_CHARGES:
        return ""
    found = payload["data"]["object"]
    charge = found.get("id") if found.get("object") == "payment_intent" else None
    charge = charge or found.get("payment_intent")
    return charge if isinstance(charge, str) else ""


def key_of(payload: dict[str, Any]) -> str:
    """Return our own idempotency key, which everything that we make carries along."""
    metadata = payload["data"]["object"].get("metadata") or {}
    key = metadata.get("key") if isinstance(metadata, dict) else ""
    return key if isinstance(key, str) else ""
