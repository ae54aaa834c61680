from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice import changes
from backoffice.refused import ReasonMissing, ServiceUnavailable, StaleVersion
from orders import services
from orders.guards import OrderHeld, PaymentMissing
from orders.models import Payment, PaymentIntent
from orders.services import PaymentDeclined, PaymentInDoubt, claims
from tests.orders.factories import OrderFactory, click, fresh, pay

pytestmark = pytest.mark.django_db


def process(order, by, **more):
    with click(by):
        return services.process_order(order_id=order.pk, by=by, reason="", **more)


def kinds(order):
    return list(Payment.objects.filter(order=order).order_by("id").values_list("kind", flat=True))


@pytest.mark.row("O3")
def test_process_order_captures_what_is_authorised(support):
    order = OrderFactory()
    pay(order)

    processed = process(order, support)

    assert processed.status == "processing"
    assert fresh(order).facts.captured == order.total
    assert kinds(order) == ["authorised", "captured"]
    intent = PaymentIntent.objects.get(order=order, operation="capture")
    assert (intent.state, intent.step, intent.by) == ("settled", "process", support)


def test_process_order_writes_the_money_and_the_step_under_one_change_set(support):
    order = OrderFactory()
    pay(order)

    with click(support) as change:
        services.process_order(order_id=order.pk, by=support, reason="urgent")

    captured = Payment.objects.get(order=order, kind="captured")
    row = order.history.get(step="process")
    assert captured.change_set == row.change_set == change.row()
    assert (row.change_set.action, row.change_set.note) == ("orders.process", "urgent")


def test_process_order_asks_no_bank_when_the_money_is_there_already(support, finance):
    order = OrderFactory()
    with click(finance):
        services.record_payment(order_id=order.pk, amount=None, by=finance, reason="transfer")

    processed = process(order, support)

    assert processed.status == "processing"
    assert not PaymentIntent.objects.filter(order=order).exists()


def test_process_order_captures_several_charges_one_after_another(support):
    order = OrderFactory()
    pay(order, amount=Decimal(5))
    pay(order)

    process(order, support)

    assert fresh(order).facts.captured == order.total
    assert kinds(order) == ["authorised", "authorised", "captured", "captured"]


def test_process_order_takes_no_more_than_is_due_and_lets_go_of_the_rest(support, finance):
    order = OrderFactory()
    pay(order)
    with click(finance):
        services.record_payment(order_id=order.pk, amount=Decimal(9), by=finance, reason="cash")

    process(order, support)

    facts = fresh(order).facts
    assert (facts.captured, facts.authorised) == (order.total, 0)
    assert Payment.objects.get(order=order, kind="captured").amount == order.total - 9
    assert Payment.objects.get(order=order, kind="voided").amount == 9


def test_process_order_lets_go_of_a_reservation_that_a_transfer_made_needless(support, finance):
    order = OrderFactory()
    pay(order)
    with click(finance):
        services.record_payment(order_id=order.pk, amount=None, by=finance, reason="transfer")

    process(order, support)

    assert kinds(order) == ["authorised", "received", "voided"]
    assert fresh(order).status == "processing"


def test_process_order_refuses_without_payment(support):
    order = OrderFactory()

    with pytest.raises(PaymentMissing) as refusal:
        process(order, support)

    assert refusal.value.message == "Only 0 of 29.90 EUR are authorised or paid."
    assert refusal.value.way_out


def test_process_order_refuses_a_held_order(support):
    order = OrderFactory()
    pay(order)
    with click(support):
        services.hold_order(order_id=order.pk, by=support, reason="address unclear")

    with pytest.raises(OrderHeld, match="on hold: address unclear"):
        process(order, support)


def test_process_order_refuses_a_stale_version_before_any_money_moves(support):
    order = OrderFactory()
    pay(order)

    with pytest.raises(StaleVersion):
        process(order, support, version=order.version - 1)

    assert kinds(order) == ["authorised"]


def test_a_declined_capture_leaves_the_order_as_it_was_and_stands_in_its_timeline(support):
    order = OrderFactory()
    pay(order, "tok_capture_declined")

    with pytest.raises(PaymentDeclined) as refusal:
        process(order, support)

    assert refusal.value.message == (
        "The bank declined to capture 29.90 EUR: Your card was declined."
    )
    assert refusal.value.way_out
    after = fresh(order)
    assert (after.status, after.version, after.facts.claim) == ("pending", order.version, None)
    assert Payment.objects.get(order=order, kind="failed").message == (
        "capture: Your card was declined."
    )
    assert not order.history.filter(step="process").exists()


def test_after_a_declined_capture_another_card_may_be_taken_and_is_used_first(support):
    order = OrderFactory()
    pay(order, "tok_capture_declined")
    with pytest.raises(PaymentDeclined):
        process(order, support)

    pay(order, "tok_visa")
    processed = process(order, support)

    assert processed.status == "processing"
    facts = fresh(order).facts
    assert (facts.captured, facts.authorised) == (order.total, 0)


def test_a_lost_answer_leaves_the_order_reserved_and_in_doubt(support):
    order = OrderFactory()
    pay(order, "tok_capture_timeout")

    with pytest.raises(PaymentInDoubt) as refusal:
        process(order, support)

    assert refusal.value.http_status == 409
    assert refusal.value.message == (
        "The bank did not answer; it may or may not capture 29.90 EUR."
    )
    after = fresh(order)
    assert after.status == "pending"
    assert after.facts.claim.state == "in_doubt"


def test_a_bank_that_is_down_changes_nothing(support, settings):
    order = OrderFactory()
    pay(order)
    settings.PAYMENT_GATEWAY = "tests.orders.banks.DownBank"

    with pytest.raises(ServiceUnavailable) as refusal:
        process(order, support)

    assert refusal.value.message == "The dead bank did not answer."
    assert fresh(order).facts.claim is None
    assert PaymentIntent.objects.get(operation="capture").state == "not_sent"
    settings.PAYMENT_GATEWAY = "orders.integrations.sandbox.SandboxGateway"
    assert process(order, support).status == "processing"


def test_process_unpaid_needs_a_reason(manager):
    order = OrderFactory()

    with pytest.raises(ReasonMissing), click(manager):
        services.process_unpaid_order(order_id=order.pk, by=manager, reason=" ")


def test_process_unpaid_captures_the_part_that_is_authorised(manager):
    order = OrderFactory()
    pay(order, amount=Decimal(10))

    with click(manager):
        services.process_unpaid_order(order_id=order.pk, by=manager, reason="known customer")

    after = fresh(order)
    assert (after.status, after.facts.captured) == ("processing", 10)
    assert order.history.get(step="process_unpaid").change_set.note == "known customer"


def test_process_unpaid_goes_on_when_the_bank_declines_that_part(manager):
    order = OrderFactory()
    pay(order, "tok_capture_declined", amount=Decimal(10))

    with click(manager):
        services.process_unpaid_order(order_id=order.pk, by=manager, reason="known customer")

    assert fresh(order).status == "processing"
    assert kinds(order) == ["authorised", "failed"]


def test_process_orders_tells_for_each_order_what_was_done_and_what_was_refused(support):
    paid, unpaid, declined = OrderFactory(), OrderFactory(), OrderFactory()
    pay(paid)
    pay(declined, "tok_capture_declined")

    with click(support):
        outcome = services.process_orders(
            order_ids=[paid.pk, unpaid.pk, declined.pk, 987654, paid.pk], by=support, reason=""
        )

    assert outcome.done == [paid]
    assert {row: refusal.code for row, refusal in outcome.refused} == {
        unpaid: "payment_missing",
        declined: "payment_declined",
        987654: "unknown_row",
    }


def test_process_orders_takes_those_with_nothing_to_capture_in_one_transaction(
    finance, support, django_assert_max_num_queries
):
    orders = [OrderFactory() for _each in range(6)]
    for order in orders:
        services.record_payment(order_id=order.pk, amount=None, by=finance, reason="")

    with click(support), django_assert_max_num_queries(40):
        outcome = services.process_orders(
            order_ids=[order.pk for order in orders], by=support, reason=""
        )

    assert outcome.done == orders
    assert {fresh(order).status for order in orders} == {"processing"}
    assert all(order.history.filter(step="process").count() == 1 for order in orders)


def test_process_orders_pursues_what_a_killed_worker_left_claimed(support, monkeypatch):
    order = OrderFactory()
    pay(order)

    class Killed(BaseException):
        pass

    def die(*args, **more):
        raise Killed

    with click(support) as change:
        monkeypatch.setattr(claims, "_call", die)
        with pytest.raises(Killed):
            services.process_orders(order_ids=[order.pk], by=support, reason="")
        monkeypatch.undo()
        with click(support):
            rival = services.process_orders(order_ids=[order.pk], by=support, reason="")
        with changes.resume(change.row().pk):
            outcome = services.process_orders(order_ids=[order.pk], by=support, reason="")

    assert [refusal.code for _row, refusal in rival.refused] == ["claim_open"]
    assert outcome.done == [order]
    after = fresh(order)
    assert (after.status, after.facts.captured) == ("processing", order.total)
    assert order.intents.filter(operation="capture").count() == 1
