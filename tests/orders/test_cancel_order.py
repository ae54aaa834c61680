from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice.refused import BadValue, ReasonMissing, ServiceUnavailable
from catalog.models import StockLevel
from orders import services
from orders.guards import AlreadyShipped, ClaimOpen
from orders.models import Cancellation, Payment, PaymentIntent, Refund
from orders.services import PartlyReturned, PaymentDeclined, PaymentInDoubt, claims
from orders.services.moves import Move
from tests.orders.banks import CrashingBank, DownBank
from tests.orders.factories import OrderFactory, ProductFactory, boss, click, fresh, pay

pytestmark = pytest.mark.django_db


def cancel(order, by, **more):
    with click(by):
        return services.cancel_order(
            order_id=order.pk, by=by, **{"reason_code": "changed_mind", "reason": "", **more}
        )


def level_of(product):
    level = StockLevel.objects.get(product=product)
    return (level.on_hand, level.committed, level.unavailable)


def test_cancel_order_puts_its_stock_back_on_sale(support):
    mug = ProductFactory(stock=9)
    order = OrderFactory(lines=[(mug, 4)])

    cancelled = cancel(order, support)

    assert cancelled.status == "cancelled"
    assert cancelled.cancelled_at is not None
    assert level_of(mug) == (9, 0, 0)
    line = cancelled.lines.get()
    assert (line.committed, line.cancelled) == (0, 4)


def test_cancel_order_without_restock_keeps_the_goods_off_sale(support):
    mug = ProductFactory(stock=9)
    order = OrderFactory(lines=[(mug, 4)])

    cancel(order, support, restock=False)

    assert level_of(mug) == (9, 0, 4)


def test_cancel_order_records_why_and_what_was_asked_for(support):
    order = OrderFactory()

    with click(support) as change:
        services.cancel_order(
            order_id=order.pk,
            by=support,
            reason_code="out_of_stock",
            reason="supplier is late",
            restock=False,
            refund=True,
            notify=False,
        )

    fact = Cancellation.objects.get(order=order)
    assert (fact.reason_code, fact.note) == ("out_of_stock", "supplier is late")
    assert (fact.is_restocked, fact.is_refunded, fact.is_notified) == (False, True, False)
    assert fact.change_set == change.row() == order.history.get(step="cancel").change_set
    assert change.row().reason_code == "out_of_stock"


def test_cancel_order_asks_no_bank_when_nothing_was_ever_paid(support):
    order = OrderFactory()

    cancel(order, support)

    assert not PaymentIntent.objects.exists()


def test_cancel_order_voids_what_is_only_authorised(support):
    order = OrderFactory()
    pay(order)

    cancel(order, support)

    facts = fresh(order).facts
    assert (facts.authorised, facts.captured, facts.refunded) == (0, 0, 0)
    assert Payment.objects.filter(order=order, kind="voided", amount=order.total).count() == 1


def test_cancel_order_refunds_what_is_captured(support):
    order = OrderFactory(status="processing")

    cancel(order, support, reason="came too late")

    refund = Refund.objects.get(order=order)
    assert (refund.amount, refund.reason_code) == (order.total, "changed_mind")
    assert refund.charge == Payment.objects.get(order=order, kind="captured").charge
    assert fresh(order).facts.payment_state(order.total) == "refunded"


def test_cancel_order_keeps_the_money_when_no_refund_is_asked(support):
    order = OrderFactory(status="processing")

    cancel(order, support, refund=False)

    assert fresh(order).status == "cancelled"
    assert not Refund.objects.filter(order=order).exists()
    assert Cancellation.objects.get(order=order).is_refunded is False


def test_cancel_order_notes_money_that_came_by_transfer_as_a_refund_by_hand(support, finance):
    order = OrderFactory()
    with click(finance):
        services.record_payment(order_id=order.pk, amount=None, by=finance, reason="transfer")

    cancel(order, support)

    refund = Refund.objects.get(order=order)
    assert (refund.amount, refund.charge, refund.intent) == (order.total, "", None)
    assert "by hand" in refund.note
    assert fresh(order).facts.net_paid == 0


def test_cancel_order_works_on_a_draft(support):
    order = OrderFactory(status="draft")

    cancelled = cancel(order, support)

    assert (cancelled.status, cancelled.number) == ("cancelled", None)


@pytest.mark.parametrize(("code", "refusal"), [("", ReasonMissing), ("because", BadValue)])
def test_cancel_order_wants_a_reason_from_the_list(support, code, refusal):
    order = OrderFactory()

    with pytest.raises(refusal):
        cancel(order, support, reason_code=code)

    assert fresh(order).status == "pending"


def test_cancel_order_refuses_once_something_has_left_the_house(support, manager):
    order = OrderFactory()
    with click(manager):
        services.process_unpaid_order(order_id=order.pk, by=manager, reason="known")
        services.ship_order(order_id=order.pk, by=manager, reason="")

    with pytest.raises(AlreadyShipped) as refusal:
        cancel(order, support)

    assert refusal.value.message == "2 units have left the house."
    assert refusal.value.way_out == "Take them back as a return instead."


def test_a_declined_refund_leaves_the_order_as_it_was(support):
    order = OrderFactory(status="processing", card="tok_refund_declined")

    with pytest.raises(PaymentDeclined) as refusal:
        cancel(order, support)

    assert refusal.value.message == (
        "The bank declined to refund 29.90 EUR: The refund was declined."
    )
    after = fresh(order)
    assert (after.status, after.facts.claim) == ("processing", None)
    assert after.lines.get().committed == 2


def half_refundable_order():
    """Two charges captured: the bank gives the first one back and declines the second."""
    order = OrderFactory()
    pay(order, "tok_visa", amount=Decimal(10))
    pay(order, "tok_refund_declined")
    with click(boss()):
        services.process_order(order_id=order.pk, by=boss(), reason="")
    return order


def test_a_half_refunded_cancel_stays_claimed_and_says_what_is_left(support):
    order = half_refundable_order()

    with pytest.raises(PartlyReturned) as refusal:
        cancel(order, support)

    assert "19.90 EUR are still to go back" in refusal.value.way_out
    after = fresh(order)
    assert (after.status, after.facts.refunded) == ("processing", 10)
    assert after.facts.claim.amount == Decimal("19.90")
    with pytest.raises(ClaimOpen, match="“Cancel” by Support"), click(support):
        services.hold_order(order_id=order.pk, by=support, reason="wait")


def test_a_half_refunded_cancel_asks_again_with_a_new_key_and_finishes(support):
    order = half_refundable_order()
    with pytest.raises(PartlyReturned):
        cancel(order, support)
    claim = fresh(order).facts.claim

    with pytest.raises(PartlyReturned), click(support):
        services.settle_in_doubt(intent_id=claim.pk, by=support)

    second = fresh(order).facts.claim
    assert second.uuid != claim.uuid
    assert second.arguments["attempts"] == 2
    assert Payment.objects.filter(order=order, kind="failed").count() == 2


def test_the_rest_may_be_returned_by_hand_and_then_the_cancel_finishes(support, finance):
    order = half_refundable_order()
    with pytest.raises(PartlyReturned):
        cancel(order, support)

    with click(finance):
        done = services.return_by_hand(
            intent_id=fresh(order).facts.claim.pk, by=finance, reason="bank transfer 4711"
        )

    assert done.status == "cancelled"
    after = fresh(order)
    assert (after.facts.net_paid, after.facts.claim) == (0, None)
    assert order.history.get(step="cancel").history_user_id == support.pk


def test_money_that_is_merely_in_doubt_is_not_returned_by_hand(support, finance):
    order = OrderFactory(status="processing", card="tok_return_timeout")
    with pytest.raises(PaymentInDoubt):
        cancel(order, support)

    with pytest.raises(services.NotForHand), click(finance):
        services.return_by_hand(
            intent_id=fresh(order).facts.claim.pk, by=finance, reason="bank transfer"
        )


def test_money_whose_call_may_still_be_under_way_is_not_returned_by_hand(
    support, finance, settings
):
    order = OrderFactory(status="processing")
    settings.PAYMENT_GATEWAY = "tests.orders.banks.CrashingBank"
    with pytest.raises(CrashingBank.WorkerKilled):
        cancel(order, support)
    claim = fresh(order).facts.claim
    assert claim.state == "claimed"

    with pytest.raises(services.NotForHand), click(finance):
        services.return_by_hand(intent_id=claim.pk, by=finance, reason="bank transfer")


def test_a_bank_that_goes_down_halfway_leaves_the_cancel_claimed(support, settings, monkeypatch):
    order = half_refundable_order()
    banks = iter([claims.gateway()])
    monkeypatch.setattr(claims, "_send", lambda intent: _first_then_down(intent, banks))

    def _first_then_down(intent, banks):
        bank = next(banks, DownBank())
        return bank.refund(
            key=str(intent.uuid),
            charge=intent.charge,
            amount=intent.amount,
            currency=intent.currency,
        )

    with pytest.raises(ServiceUnavailable) as refusal:
        cancel(order, support)

    assert refusal.value.way_out == "The order stays reserved; ask the bank again later."
    assert fresh(order).facts.claim.state == "claimed"


def test_cancel_orders_reports_each_order(support):
    pending, completed = OrderFactory(), OrderFactory(status="completed")

    with click(support):
        outcome = services.cancel_orders(
            order_ids=[pending.pk, completed.pk], by=support, reason_code="ordered_twice", reason=""
        )

    assert [order.pk for order in outcome.done] == [pending.pk]
    ((row, refusal),) = outcome.refused
    assert (row, refusal.code) == (completed, "step_not_open")


def test_a_move_survives_its_trip_through_json():
    move = Move("refund", Decimal("19.90"), "ch_1", is_needed=False)

    assert Move.from_json(move.as_json()) == move
