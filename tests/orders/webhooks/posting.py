"""Events as Stripe sends them, and what they tell of."""

from __future__ import annotations

import json
import time

import stripe
from django.test import Client
from django.urls import reverse

from orders import services
from tests.orders.factories import OrderFactory, boss, click, fresh, pay

SECRET = "whsec_test"


def event(kind, found, event_id="evt_1"):
    return json.dumps({"id": event_id, "object": "event", "type": kind, "data": {"object": found}})


def send(body, *, secret=SECRET, seconds_off=0, **headers):
    at = int(time.time()) + seconds_off
    signature = stripe.WebhookSignature.generate_signature_header(body, secret, timestamp=at)
    return Client(enforce_csrf_checks=True).post(
        reverse("stripe_webhook"),
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signature, **headers},
    )


def paid_order(bank):
    order = pay(OrderFactory(), card="pm_card_visa")
    with click(boss()):
        services.process_order(order_id=order.pk, by=boss(), reason="")
    return fresh(order), bank.intents["pi_000001"]


def charge_object(intent, refunded=0):
    return {
        "id": f"ch_{intent['id']}",
        "object": "charge",
        "payment_intent": intent["id"],
        "amount_refunded": refunded,
    }


def refund_in_the_dashboard(bank, intent, amount, status="succeeded"):
    re = f"re_{len(bank.refunds) + 1}"
    bank.refunds[re] = {
        "id": re,
        "object": "refund",
        "amount": amount,
        "payment_intent": intent["id"],
        "status": status,
        "currency": "eur",
        "metadata": {},
    }
    return bank.refunds[re]
