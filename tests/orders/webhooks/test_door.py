"""Webhooks at the door: signed, stored once, answered at once."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from backoffice.models import Job
from orders.models import WebhookEvent
from tests.orders.webhooks.posting import (
    event,
    send,
)

pytestmark = pytest.mark.django_db


def test_a_signed_event_is_stored_by_its_id_and_answered_at_once(bank):
    answer = send(event("payment_intent.succeeded", {"id": "pi_9", "object": "payment_intent"}))

    assert answer.status_code == 200
    row = WebhookEvent.objects.get()
    assert (row.event_id, row.kind, row.state) == ("evt_1", "payment_intent.succeeded", "waiting")
    assert Job.objects.get(kind="orders.handle_webhook").change_set.channel == "webhook"


def test_who_paid_and_where_they_live_is_not_kept(bank):
    person = {"name": "Ada Lindqvist", "email": "ada@example.com", "phone": None,
              "address": {"line1": "Kai 4", "city": "Kiel"}}  # fmt: skip
    charge = {"id": "ch_9", "payment_intent": "pi_9", "amount": 500, "receipt_email": "ada@x.test",
              "billing_details": person, "shipping": person}  # fmt: skip
    found = {**charge, "charges": {"data": [charge]}, "metadata": {"key": "k"}}

    send(event("charge.refunded", found))

    kept = WebhookEvent.objects.get().payload
    text = json.dumps(kept)
    for personal in ("Ada", "ada@", "Kai 4", "Kiel"):
        assert personal not in text
    assert kept["data"]["object"]["payment_intent"] == "pi_9"
    assert kept["data"]["object"]["metadata"] == {"key": "k"}


def test_a_repeated_event_is_stored_once_and_answered_alike(bank):
    body = event("payment_intent.succeeded", {"id": "pi_9", "object": "payment_intent"})

    assert {send(body).status_code for _again in range(3)} == {200}

    assert WebhookEvent.objects.count() == 1
    assert Job.objects.filter(kind="orders.handle_webhook").count() == 1


@pytest.mark.parametrize(
    ("body", "more"),
    [
        (event("x", {}), {"secret": "whsec_of_somebody_else"}),
        (event("x", {}), {"seconds_off": -302}),
        (event("x", {}), {"seconds_off": 600}),
        ("not json", {}),
        ("[]", {}),
        ('"text"', {}),
        ("{}", {}),
        ('{"id": 7, "type": "x", "data": {"object": {}}}', {}),
        ('{"id": "", "type": "x", "data": {"object": {}}}', {}),
        ('{"id": "e", "type": "x", "data": {"object": []}}', {}),
        ('{"id": "e", "type": "x", "data": null}', {}),
        (event("x", {}, "e" * 121), {}),
        (event("x", {"a": "\x00"}), {}),
    ],
)
def test_what_is_forged_stale_or_no_event_is_refused_and_leaves_nothing(bank, body, more):
    assert send(body, **more).status_code == 400
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize("header", ["", "t=1", "t=x,v1=y", "v1=abc", "t=1,v1=abc", "=", "t=1,v1"])
def test_a_rubbish_signature_is_refused(bank, header):
    answer = Client().post(
        reverse("stripe_webhook"), b"{}", content_type="application/json",
        headers={"Stripe-Signature": header},
    )  # fmt: skip

    assert answer.status_code == 400


def test_bytes_that_are_no_text_are_refused(bank):
    answer = Client().post(
        reverse("stripe_webhook"), b"\xff\xfe", content_type="application/json",
        headers={"Stripe-Signature": "t=1,v1=abc"},
    )  # fmt: skip

    assert answer.status_code == 400


def test_without_a_secret_everything_is_refused(bank, settings):
    settings.STRIPE_WEBHOOK_SECRET = ""

    answer = send(event("x", {}))

    assert answer.status_code == 400


def test_a_huge_body_is_refused_before_it_is_read(bank, settings):
    settings.WEBHOOK_MAX_BYTES = 1_000

    assert send(event("x", {"text": "a" * 1_000})).status_code == 413
    assert not WebhookEvent.objects.exists()


def test_only_post_is_answered(bank):
    assert Client().get(reverse("stripe_webhook")).status_code == 405
