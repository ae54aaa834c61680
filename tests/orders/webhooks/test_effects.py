"""What is done about an event, in whatever order they come."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice.models import Job
from backoffice.refused import NotAllowed, UnknownRow
from orders import services
from orders.models import Payment, PaymentIntent, Refund
from orders.refusals import PaymentInDoubt
from orders.services.webhooks import handle_webhook
from tests.orders.factories import OrderFactory, boss, click, fresh, pay
from tests.orders.webhooks.posting import (
    charge_object,
    paid_order,
    refund_in_the_dashboard,
)

pytestmark = pytest.mark.django_db


def test_an_event_of_money_that_we_moved_ourselves_records_nothing(bank, tell):
    order, intent = paid_order(bank)
    before = Payment.objects.count()

    row = tell("payment_intent.succeeded", intent)

    assert (row.state, row.outcome, row.order) == ("done", "Known already.", order)
    assert Payment.objects.count() == before


def test_an_event_about_an_open_claim_settles_it_and_takes_the_step(bank, tell):
    order = pay(OrderFactory(), card="pm_card_visa")
    bank.mishaps = ["drop_after"]
    with click(boss()), pytest.raises(PaymentInDoubt):
        services.process_order(order_id=order.pk, by=boss(), reason="Ring twice")

    row = tell("payment_intent.succeeded", bank.intents["pi_000001"])

    assert "claim was settled" in row.outcome
    after = fresh(order)
    assert (after.status, after.facts.captured, after.facts.claim) == (
        "processing",
        order.total,
        None,
    )
    assert order.history.first().change_set.note == "Ring twice"


def test_an_authorisation_whose_answer_was_lost_is_found_by_the_key_it_carries(bank, tell):
    order = OrderFactory()
    bank.mishaps = ["drop_after"]
    with pytest.raises(PaymentInDoubt):
        pay(order, card="pm_card_visa")

    row = tell("payment_intent.amount_capturable_updated", bank.intents["pi_000001"])

    assert row.order == order
    assert fresh(order).facts.authorised == order.total
    assert Payment.objects.count() == 1


def test_a_claim_that_is_being_answered_right_now_is_left_alone(bank, tell):
    order = pay(OrderFactory(), card="pm_card_visa")
    PaymentIntent.objects.create(
        order=order, step="process", operation="capture", amount=order.total, currency="EUR",
        gateway="stripe", charge="pi_000001", by=boss(), change_set=order.history.first().change_set,
        arguments={"answers": {}, "has_moved": False, "attempts": 0, "moves": []},
    )  # fmt: skip

    row = tell("payment_intent.succeeded", bank.intents["pi_000001"])

    assert row.state == "failed"
    assert PaymentIntent.objects.filter(state="claimed").exists()
    assert Job.objects.get(kind="orders.handle_webhook").state == "queued"  # again, later


def test_a_refund_made_in_stripes_dashboard_is_recorded_once(bank, tell):
    order, intent = paid_order(bank)
    refund_in_the_dashboard(bank, intent, 1000)

    tell("charge.refunded", charge_object(intent, 1000), "evt_1")
    tell("charge.refunded", charge_object(intent, 1000), "evt_2")
    tell("refund.created", {"object": "refund", "payment_intent": intent["id"]}, "evt_3")

    refund = Refund.objects.get()
    assert (refund.amount, refund.charge) == (Decimal("10.00"), intent["id"])
    assert refund.change_set.channel == "webhook"
    assert (fresh(order).facts.due, fresh(order).facts.returnable) == (0, Decimal("19.90"))


def test_events_out_of_order_lead_to_the_same_book(bank, tell):
    order, intent = paid_order(bank)
    refund_in_the_dashboard(bank, intent, 1000)
    refund_in_the_dashboard(bank, intent, 500)

    tell("charge.refunded", charge_object(intent, 1500), "evt_late")
    tell("charge.refunded", charge_object(intent, 1000), "evt_early")

    assert fresh(order).facts.refunded == Decimal("15.00")


def test_a_refund_that_failed_later_is_money_of_the_customer_again(bank, tell):
    order, intent = paid_order(bank)
    with click(boss()):
        services.refund_order(
            order_id=order.pk, by=boss(), reason_code="other", reason="", amount=Decimal("10.00")
        )
    refund = bank.refunds["re_000001"]
    refund["status"] = "failed"

    for event_id in ("evt_1", "evt_2"):
        tell("refund.failed", refund, event_id)

    after = fresh(order)
    assert (after.facts.net_paid, after.facts.due) == (order.total, -10)
    assert after.facts.returnable == order.total
    assert Payment.objects.filter(message__startswith="A refund failed later").count() == 1
    # And it can be refunded once more.
    with click(boss()):
        services.refund_order(
            order_id=order.pk, by=boss(), reason_code="other", reason="", amount=Decimal("10.00")
        )
    tell("charge.refunded", charge_object(intent, 1000), "evt_3")
    assert (fresh(order).facts.due, Refund.objects.count()) == (0, 2)


def test_what_was_captured_or_released_in_the_dashboard_is_recorded(bank, tell):
    order = pay(OrderFactory(), card="pm_card_visa")
    intent = bank.intents["pi_000001"]
    intent.update(status="succeeded", amount_received=1000, amount_capturable=0)

    tell("payment_intent.succeeded", intent)

    facts = fresh(order).facts
    assert (facts.captured, facts.authorised) == (10, 0)


def test_a_reservation_that_was_cancelled_there_is_released_here(bank, tell):
    order = pay(OrderFactory(), card="pm_card_visa")
    intent = bank.intents["pi_000001"]
    intent.update(status="canceled", amount_capturable=0)

    tell("payment_intent.canceled", intent)

    assert fresh(order).facts.authorised == 0
    assert fresh(order).facts.payment_state(order.total) == "unpaid"


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("customer.created", {"object": "customer", "id": "cus_1"}),
        ("payment_intent.succeeded", {"object": "payment_intent", "id": "pi_of_another_shop"}),
        ("charge.refunded", {"object": "charge", "payment_intent": None}),
        ("charge.refunded", {"object": "charge", "payment_intent": {"id": "x"}}),
        ("refund.failed", {"metadata": []}),
        (
            "payment_intent.succeeded",
            {"object": "payment_intent", "id": "pi_x", "metadata": {"key": 7}},
        ),
    ],
)
def test_events_that_are_not_ours_are_kept_and_marked(bank, tell, kind, found):
    row = tell(kind, found)

    assert row.state == "unknown"
    assert row.outcome


def test_an_event_waits_when_stripe_cannot_be_asked_and_is_handled_again(
    bank, tell, finance, django_capture_on_commit_callbacks
):
    order, intent = paid_order(bank)
    refund_in_the_dashboard(bank, intent, 1000)
    bank.mishaps = ["500"]
    row = tell("charge.refunded", charge_object(intent, 1000))
    assert (row.state, row.outcome) == ("failed", "Stripe could not be asked.")

    with click(finance), django_capture_on_commit_callbacks(execute=True):
        services.handle_webhook_again(webhook_event_id=row.pk, by=finance)

    row.refresh_from_db()
    assert row.state == "done"
    assert fresh(order).facts.refunded == 10


@pytest.mark.parametrize("role", ["support", "fulfilment", "merchandiser", "auditor"])
def test_roles_without_the_permission_handle_nothing_again(bank, tell, make_user, role):
    row = tell("customer.created", {"object": "customer"})

    with pytest.raises(NotAllowed):
        services.handle_webhook_again(webhook_event_id=row.pk, by=make_user(role))


def test_an_event_that_is_not_there_is_refused(finance):
    with pytest.raises(UnknownRow):
        handle_webhook(event_id=0)
    with pytest.raises(UnknownRow):
        services.handle_webhook_again(webhook_event_id=0, by=finance)
