"""Webhooks out: told in the transaction, signed, again for a day, never into our own network."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from backoffice import hooks
from backoffice.hooks import sending
from backoffice.hooks.delivering import PAUSE_MINUTES, deliver_due, forget_deliveries
from backoffice.hooks.endpoints import NotPaused, StillWaiting
from backoffice.hooks.sending import BadAddress, NotOurs, permitted
from backoffice.models import (
    Job,
    OutgoingEvent,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookHealth,
)
from backoffice.refused import BadValue, NotAllowed
from tests.backoffice.hooks.receiver import receiver
from tests.orders.factories import OrderFactory, boss

pytestmark = [pytest.mark.django_db, pytest.mark.row("G5")]
FACTS = {"order": "1", "name": "Möwe"}


@pytest.fixture
def ear(settings):
    settings.WEBHOOKS_TO_PRIVATE_ADDRESSES = True
    settings.WEBHOOK_TIMEOUT_SECONDS = 1
    with receiver() as told:
        yield told


@pytest.fixture
def endpoint(ear):
    return hooks.make_endpoint(
        url=ear.url, events=["order.placed"], description="ERP", by=boss(), reason=""
    )


@pytest.fixture
def delivery(endpoint):
    hooks.tell("order.placed", [FACTS])
    return WebhookDelivery.objects.get()


def later(delivery, **span):
    """Let the clock go on, so that the delivery is due."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(next_at=timezone.now() - timedelta(1))
    if span:
        health = WebhookHealth.objects.get()
        health.failing_since -= timedelta(**span)
        health.save()
    delivered = deliver_due(now=timezone.now())
    delivery.refresh_from_db()
    return delivered


def test_an_event_is_told_signed_and_logged(ear, endpoint, delivery):
    assert deliver_due(now=timezone.now()) == 1

    [(headers, body)] = ear.heard
    said = json.loads(body)
    assert (said["type"], said["data"]) == ("order.placed", FACTS)
    assert said["id"] == headers["X-Webhook-Id"] == str(delivery.event.uuid)
    stamp, _comma, mark = headers["X-Webhook-Signature"].partition(",")
    signed = f"{stamp.removeprefix('t=')}.".encode() + body
    expected = hmac.new(endpoint.secret.encode(), signed, hashlib.sha256).hexdigest()
    assert mark == f"v1={expected}"
    attempt = WebhookAttempt.objects.get()
    assert (attempt.status, attempt.excerpt, attempt.problem) == (200, "thanks", "")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == ("delivered", 1)
    assert deliver_due(now=timezone.now()) == 0


def test_what_is_rolled_back_was_never_told(endpoint):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        hooks.tell("order.placed", [FACTS])
        1 / 0  # noqa: B018

    assert not OutgoingEvent.objects.exists()


def test_nobody_listens_nothing_is_written(endpoint):
    hooks.edit_endpoint(endpoint_id=endpoint.pk, values={"is_active": False}, by=boss(), reason="")

    assert hooks.tell("order.placed", [FACTS]) == []
    assert hooks.tell("stock.low", [FACTS]) == []
    assert not Job.objects.filter(kind="backoffice.deliver_webhooks").exists()


@pytest.mark.parametrize("status", [500, 404, 301, 204])
def test_only_a_2xx_is_heard(ear, delivery, status):
    ear.status, ear.location = status, ear.url if status == 301 else ""

    deliver_due(now=timezone.now())

    delivery.refresh_from_db()
    assert delivery.state == ("delivered" if status == 204 else "waiting")
    assert len(ear.heard) == 1  # no redirect is followed
    assert WebhookAttempt.objects.get().status == status


def test_a_receiver_that_hangs_costs_its_time_out_and_the_others_wait_once(ear, endpoint, delivery):
    hooks.tell("order.placed", [FACTS, FACTS])
    ear.hangs_seconds = 30

    assert deliver_due(now=timezone.now()) == 0

    attempt = WebhookAttempt.objects.get()
    assert attempt.status is None
    assert 900 < attempt.milliseconds < 5_000
    assert "did not answer" in attempt.problem


def test_a_dead_receiver_is_asked_again_for_a_day_and_then_given_up(ear, delivery):
    ear.status = 500

    deliver_due(now=timezone.now())
    for minutes in PAUSE_MINUTES:
        delivery.refresh_from_db()
        wait = delivery.next_at - timezone.now()
        assert timedelta(minutes=minutes - 1) < wait <= timedelta(minutes=minutes)
        later(delivery)

    assert (delivery.state, delivery.tries) == ("given_up", len(PAUSE_MINUTES) + 1)
    assert sum(PAUSE_MINUTES) >= 23 * 60
    assert WebhookAttempt.objects.count() == delivery.tries


def test_after_a_day_of_failing_it_is_paused_and_resumed_by_hand(ear, endpoint, delivery):
    ear.status = 500
    deliver_due(now=timezone.now())
    assert later(delivery, hours=25) == 0

    endpoint.refresh_from_db()
    assert endpoint.paused_at is not None
    assert endpoint.history.latest().step == "pause"
    heard = len(ear.heard)
    hooks.tell("order.placed", [FACTS])
    assert deliver_due(now=timezone.now() + timedelta(days=2)) == 0
    assert len(ear.heard) == heard

    ear.status = 200
    hooks.resume_endpoint(webhook_endpoint_id=endpoint.pk, by=boss())
    assert deliver_due(now=timezone.now()) == 2
    with pytest.raises(NotPaused):
        hooks.resume_endpoint(webhook_endpoint_id=endpoint.pk, by=boss())


def test_a_delivery_is_sent_again_under_the_same_id(ear, endpoint, delivery):
    with pytest.raises(StillWaiting):
        hooks.resend_delivery(webhook_delivery_id=delivery.pk, by=boss())
    deliver_due(now=timezone.now())

    hooks.resend_delivery(webhook_delivery_id=delivery.pk, by=boss())
    hooks.deliver_event([delivery.event_id], now=timezone.now())

    ids = [headers["X-Webhook-Id"] for headers, _body in ear.heard]
    assert ids == [str(delivery.event.uuid)] * 2


def test_one_delivery_is_not_sent_by_two_workers(ear, delivery, monkeypatch):
    rival = WebhookDelivery.objects.select_related("event", "endpoint").get()
    from backoffice.hooks import delivering

    assert delivering._lease(delivery)
    assert not delivering._lease(rival)


def test_the_secret_stands_in_no_history(endpoint):
    before = endpoint.secret
    after = hooks.new_endpoint_secret(webhook_endpoint_id=endpoint.pk, by=boss()).secret

    assert before != after
    assert not hasattr(endpoint.history.latest(), "secret")


@pytest.mark.parametrize(
    "url",
    [
        "", "ftp://x.example", "https://", "https://me:you@x.example", "http://x.example/", "https://[::1",
        "https://127.0.0.1/", "https://localhost/", "https://10.0.0.1", "https://192.168.1.1",
        "https://169.254.169.254/latest/meta-data", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
        "https://[fd00::1]/", "https://db.internal/", "https://0.0.0.0/", "https://x .example",
        "https://224.0.0.1/", "https://x.example:99999/", "https://é.example/",
    ],
)  # fmt: skip
def test_an_address_of_our_own_network_is_none(url, db):
    with pytest.raises(BadAddress):
        hooks.make_endpoint(url=url, events=["order.placed"], by=boss(), reason="")


def test_a_name_that_leads_into_our_network_is_not_connected_to(
    ear, delivery, settings, monkeypatch
):
    WebhookEndpoint.objects.get().history  # noqa: B018
    settings.WEBHOOKS_TO_PRIVATE_ADDRESSES = False
    monkeypatch.setattr(sending, "require_address", lambda url: url)

    deliver_due(now=timezone.now())

    assert ear.heard == []
    assert WebhookAttempt.objects.get().problem == "It leads into our own network."


def test_a_name_that_changes_its_mind_between_question_and_connection_gains_nothing(
    ear, delivery, settings, monkeypatch
):
    answers = iter(["93.184.216.34"])
    real = permitted

    def rebinding(host, port):
        return next(answers, None) or real(host, port)

    settings.WEBHOOKS_TO_PRIVATE_ADDRESSES = False
    monkeypatch.setattr(sending, "require_address", lambda url: url)
    monkeypatch.setattr(sending, "permitted", rebinding)

    deliver_due(now=timezone.now())

    assert ear.heard == []
    assert WebhookAttempt.objects.get().status is None


def test_every_address_that_a_name_has_must_be_public(monkeypatch, settings):
    settings.WEBHOOKS_TO_PRIVATE_ADDRESSES = False

    def leads_to(*found):
        rows = [(2, 1, 6, "", (each, 443)) for each in found]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: rows)

    leads_to("93.184.216.34")
    assert permitted("x.example", 443) == "93.184.216.34"
    leads_to("93.184.216.34", "10.0.0.7")
    with pytest.raises(NotOurs):
        permitted("x.example", 443)


@pytest.mark.parametrize("events", [[], ["order.eaten"]])
def test_only_known_events_are_heard(events, db):
    with pytest.raises(BadValue):
        hooks.make_endpoint(url="https://x.example/", events=events, by=boss(), reason="")


def test_only_administrators_keep_endpoints(endpoint, delivery, manager, auditor, admin):
    for by in (manager, auditor):
        with pytest.raises(NotAllowed):
            hooks.make_endpoint(url="https://x.example/", events=["order.placed"], by=by, reason="")
        with pytest.raises(NotAllowed):
            hooks.new_endpoint_secret(webhook_endpoint_id=endpoint.pk, by=by)
    with pytest.raises(NotAllowed):
        hooks.resend_delivery(webhook_delivery_id=delivery.pk, by=auditor)
    assert hooks.make_endpoint(
        url="https://x.example/", events=["order.placed"], by=admin, reason=""
    )


def test_what_ended_weeks_ago_is_put_away(delivery):
    deliver_due(now=timezone.now())

    assert forget_deliveries(now=timezone.now()) == 0
    assert forget_deliveries(now=timezone.now() + timedelta(days=31)) == 1
    assert not OutgoingEvent.objects.exists()


def test_a_page_shows_the_secret_only_to_whoever_keeps_it(
    endpoint, delivery, admin, auditor, sign_in
):
    deliver_due(now=timezone.now())
    page = f"/admin/backoffice/webhookendpoint/{endpoint.pk}/change/"

    assert endpoint.secret in sign_in(admin).get(page).content.decode()
    assert endpoint.secret not in sign_in(auditor).get(page).content.decode()
    shown = sign_in(auditor).get(f"/admin/backoffice/webhookdelivery/{delivery.pk}/change/")
    assert "thanks" in shown.content.decode()


def test_the_console_makes_an_endpoint(admin, sign_in, ear):
    answer = sign_in(admin).post(
        "/admin/backoffice/webhookendpoint/add/",
        {
            "url": ear.url,
            "description": "ERP",
            "events": ["order.paid", "stock.low"],
            "is_active": "on",
            "reason": "",
        },
    )

    assert answer.status_code == 302, answer.context["errors"]
    assert WebhookEndpoint.objects.get().events == ["order.paid", "stock.low"]


def test_orders_tell_of_their_life(ear, manager, django_capture_on_commit_callbacks):
    from catalog.services import adjust_stock  # noqa: F401
    from orders import services
    from tests.orders.factories import ProductFactory, click, pay

    hooks.make_endpoint(
        url=ear.url, events=[kind for kind, _label in hooks.event_choices()], by=boss(), reason=""
    )
    mug = ProductFactory(sku="MUG", low_stock_threshold=18)
    with click(boss()):
        order = OrderFactory(lines=[(mug, 2)])
        pay(order)
        services.process_order(order_id=order.pk, by=boss(), reason="")
        services.ship_order(order_id=order.pk, by=boss(), reason="")
        services.refund_order(
            order_id=order.pk, by=boss(), reason_code="goodwill", reason="", amount=order.total
        )
        OrderFactory(status="cancelled", lines=[(mug, 1)])

    deliver_due(now=timezone.now())
    told = [json.loads(body) for _headers, body in ear.heard]
    kinds = [each["type"] for each in told]
    assert kinds == [
        "stock.low", "order.placed", "order.paid", "order.shipped", "order.refunded",
        "order.placed", "order.cancelled",
    ]  # fmt: skip
    assert told[0]["data"] == {
        "product": str(mug.uuid),
        "sku": "MUG",
        "available": 18,
        "threshold": 18,
    }
    assert told[1]["data"]["lines"] == [{"sku": "MUG", "quantity": 2, "shipped": 0}]
    assert "Ada" not in str(told)
    assert "example.com" not in str(told)
