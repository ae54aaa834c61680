"""Answers that were lost, and workers that died between the call and the settlement."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from backoffice.models import AuditEvent
from backoffice.refused import NotAllowed, ServiceUnavailable, UnknownRow
from catalog.models import StockLevel
from catalog.services.allocation import NotCommitted
from orders import services
from orders.models import Payment, PaymentIntent, Refund, SandboxCharge
from orders.services import AlreadySettled, BeingAsked, PaymentDeclined, PaymentInDoubt, claims
from orders.services.settle import due_claims
from tests.orders.banks import CrashingBank
from tests.orders.factories import OrderFactory, boss, click, fresh, pay

pytestmark = pytest.mark.django_db

SANDBOX = "orders.integrations.sandbox.SandboxGateway"


@pytest.fixture
def in_doubt(support):
    """An order whose capture was done by the bank, but nobody heard of it."""
    order = OrderFactory()
    pay(order, "tok_capture_timeout")
    with pytest.raises(PaymentInDoubt), click(support):
        services.process_order(order_id=order.pk, by=support, reason="urgent")
    return fresh(order)


def settle(order, by):
    with click(by):
        return services.settle_in_doubt(intent_id=fresh(order).facts.claim.pk, by=by)


def bank_book(operation):
    return SandboxCharge.objects.filter(operation=operation, is_approved=True)


def test_asking_again_settles_for_the_first_person_in_the_first_change_set(
    in_doubt, support, manager
):
    first_click = in_doubt.facts.claim.change_set

    processed = settle(in_doubt, manager)

    assert processed.status == "processing"
    row = in_doubt.history.get(step="process")
    assert row.history_user_id == support.pk
    assert row.change_set == first_click
    assert Payment.objects.get(order=in_doubt, kind="captured").change_set == first_click
    assert row.change_set.note == "urgent"


def test_asking_again_never_charges_twice(in_doubt, support):
    settle(in_doubt, support)

    assert bank_book("capture").count() == 1
    assert fresh(in_doubt).facts.captured == in_doubt.total


def test_who_asked_again_is_an_event_of_their_own_click(in_doubt, manager):
    with click(manager) as change:
        services.settle_in_doubt(intent_id=in_doubt.facts.claim.pk, by=manager)

    event = AuditEvent.objects.get(kind="payment_asked_again")
    assert (event.change_set, event.change_set.actor) == (change.row(), manager)


def test_asking_again_needs_the_permission_of_the_step(in_doubt, fulfilment):
    with pytest.raises(NotAllowed, match="does not allow you to process"):
        settle(in_doubt, fulfilment)

    assert fresh(in_doubt).facts.claim is not None


def test_a_settled_claim_is_not_settled_again(in_doubt, support):
    claim = in_doubt.facts.claim
    settle(in_doubt, support)

    with pytest.raises(AlreadySettled) as refusal, click(support):
        services.settle_in_doubt(intent_id=claim.pk, by=support)

    assert refusal.value.message == "“capture 29.90 EUR” is settled already."


def test_an_unknown_intent_is_refused(support):
    with pytest.raises(UnknownRow), click(support):
        services.settle_in_doubt(intent_id=987654, by=support)


def test_a_bank_that_is_silent_again_leaves_the_claim_in_doubt(in_doubt, support, settings):
    settings.PAYMENT_GATEWAY = "tests.orders.banks.SilentBank"

    with pytest.raises(PaymentInDoubt):
        settle(in_doubt, support)

    assert fresh(in_doubt).facts.claim.state == "in_doubt"


def test_a_bank_that_is_down_now_does_not_prove_that_nothing_was_charged(
    in_doubt, support, settings
):
    settings.PAYMENT_GATEWAY = "tests.orders.banks.DownBank"

    with pytest.raises(ServiceUnavailable) as refusal:
        settle(in_doubt, support)

    assert refusal.value.way_out == "The order stays reserved; ask the bank again later."
    assert fresh(in_doubt).facts.claim.state == "in_doubt"


def test_an_authorisation_that_timed_out_before_charging_is_made_by_asking_again(support):
    order = OrderFactory()
    with pytest.raises(PaymentInDoubt), click(support):
        services.take_payment(order_id=order.pk, token="tok_timeout", by=support, reason="")
    assert not bank_book("authorise").exists()

    settle(order, support)

    assert fresh(order).facts.authorised == order.total
    assert bank_book("authorise").count() == 1


def test_a_timeout_after_charging_is_found_by_asking_again(support):
    order = OrderFactory()
    with pytest.raises(PaymentInDoubt), click(support):
        services.take_payment(order_id=order.pk, token="tok_charged_timeout", by=support, reason="")
    assert bank_book("authorise").count() == 1

    settle(order, support)

    assert fresh(order).facts.authorised == order.total
    assert bank_book("authorise").count() == 1


@pytest.mark.parametrize("status", ["pending", "processing"])
def test_a_cancel_whose_answer_was_lost_finishes_with_its_own_answers(status, support):
    order = OrderFactory(status=status, card="tok_return_timeout")
    if status == "pending":
        pay(order, "tok_return_timeout")
    with pytest.raises(PaymentInDoubt), click(support):
        services.cancel_order(
            order_id=order.pk,
            by=support,
            reason_code="out_of_stock",
            reason="late",
            restock=False,
            notify=False,
        )

    cancelled = settle(order, support)

    assert cancelled.status == "cancelled"
    fact = cancelled.cancellations.get()
    assert (fact.reason_code, fact.note, fact.is_restocked) == ("out_of_stock", "late", False)
    facts = fresh(order).facts
    assert (facts.authorised, facts.net_paid) == (0, 0)
    assert Refund.objects.count() == (1 if status == "processing" else 0)


def test_a_worker_that_dies_after_the_call_leaves_a_claim_that_can_be_finished(
    support, manager, settings
):
    order = OrderFactory()
    pay(order)
    settings.PAYMENT_GATEWAY = "tests.orders.banks.CrashingBank"
    with pytest.raises(CrashingBank.WorkerKilled), click(support):
        services.process_order(order_id=order.pk, by=support, reason="")
    settings.PAYMENT_GATEWAY = SANDBOX
    assert fresh(order).facts.claim.state == "claimed"
    assert not Payment.objects.filter(kind="captured").exists()
    with pytest.raises(BeingAsked, match="The bank is being asked right now"):
        settle(order, manager)

    PaymentIntent.objects.filter(settled_at=None).update(
        claimed_at=timezone.now() - timedelta(minutes=1)
    )
    processed = settle(order, manager)

    assert processed.status == "processing"
    assert order.history.get(step="process").history_user_id == support.pk
    assert bank_book("capture").count() == 1


def test_whoever_settles_second_finds_it_done_and_writes_nothing(in_doubt, support):
    claim = in_doubt.facts.claim
    settle(in_doubt, support)

    late = claims.settle(claim, claims.Approved("ch_late"))

    assert (late.refusal, late.order.status) == (None, "processing")
    assert Payment.objects.filter(kind="captured").count() == 1


def test_whoever_settles_second_hears_of_the_decline(support):
    order = OrderFactory()
    with pytest.raises(PaymentDeclined):
        pay(order, "tok_declined")

    late = claims.settle(PaymentIntent.objects.get(), claims.Declined("x", "y"))

    assert late.refusal.message.endswith("Your card was declined.")
    assert Payment.objects.count() == 1


def test_money_that_moved_stands_when_its_step_is_refused_by_then(in_doubt, support, manager):
    support.is_active = False
    support.save()

    with pytest.raises(NotAllowed):
        settle(in_doubt, manager)

    after = fresh(in_doubt)
    assert (after.status, after.facts.claim) == ("pending", None)
    assert after.facts.captured == in_doubt.total
    with click(manager):
        services.process_order(order_id=after.pk, by=manager, reason="")
    assert bank_book("capture").count() == 1


def test_a_step_that_is_refused_halfway_leaves_the_money_and_nothing_else(support):
    order = OrderFactory()
    with click(support):
        services.take_payment(
            order_id=order.pk,
            token="tok_return_timeout",
            amount=Decimal(20),
            by=support,
            reason="",
        )
    with click(boss()):
        services.record_payment(order_id=order.pk, amount=order.total - 20, by=boss(), reason="")
        services.process_order(order_id=order.pk, by=boss(), reason="")
    with pytest.raises(PaymentInDoubt), click(support):
        services.cancel_order(order_id=order.pk, by=support, reason_code="out_of_stock", reason="")
    # Drift that must not happen: the shelf no longer knows of the order's promise.
    StockLevel.objects.update(committed=0)

    with pytest.raises(NotCommitted):
        settle(order, support)

    after = fresh(order)
    assert (after.status, after.facts.claim) == ("processing", None)
    assert [refund.amount for refund in Refund.objects.all()] == [20]
    assert after.lines.get().committed == 2


def run_command(**options):
    out = StringIO()
    call_command("settle_payments", stdout=out, **options)
    return out.getvalue()


def test_settle_payments_leaves_young_claims_alone(in_doubt):
    said = run_command()

    assert said == "0 open payments were asked about.\n"
    assert fresh(in_doubt).facts.claim is not None


def test_settle_payments_finishes_what_is_older_than_a_minute(in_doubt, support):
    old = timezone.now() - timedelta(seconds=61)
    PaymentIntent.objects.filter(pk=in_doubt.facts.claim.pk).update(claimed_at=old)

    said = run_command()

    assert f"{in_doubt.number}: capture 29.90 EUR settled, now processing" in said
    assert in_doubt.history.get(step="process").history_user_id == support.pk


def test_settle_payments_goes_on_after_a_refusal(support, settings):
    for token in ("tok_timeout", "tok_charged_timeout"):
        with pytest.raises(PaymentInDoubt), click(support):
            services.take_payment(order_id=OrderFactory().pk, token=token, by=support, reason="")
    settings.PAYMENT_GATEWAY = "tests.orders.banks.SilentBank"

    said = run_command(older_than_seconds=0)

    assert said.count("The bank did not answer") == 2
    assert "2 open payments were asked about." in said


def test_a_claim_that_was_declined_is_asked_about_less_and_less_often(in_doubt):
    claim = in_doubt.facts.claim
    at = claim.claimed_at
    for attempts, seconds in ((0, 60), (1, 120), (3, 480), (30, 6 * 60 * 60)):
        PaymentIntent.objects.filter(pk=claim.pk).update(
            arguments={**claim.arguments, "attempts": attempts}
        )

        early = due_claims(now=at + timedelta(seconds=seconds - 1))
        due = due_claims(now=at + timedelta(seconds=seconds))

        assert (early, due) == ([], [claim])
