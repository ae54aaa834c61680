"""Refund: whole, an amount, by line with shipping; through the gateway that took it, or by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice.models import AuditEvent
from backoffice.refused import NotAllowed
from orders import services
from orders.guards import NothingToRefund
from orders.models import Message, Refund, RefundLine, SandboxCharge
from orders.refusals import PaymentDeclined, PaymentInDoubt
from orders.services import RefundUnits
from tests.orders.factories import OrderFactory, ProductFactory, boss, click, fresh, pay
from tests.orders.refunding import MUGS, free, paid, refund, transferred

pytestmark = pytest.mark.django_db


# --- What goes back -----------------------------------------------------------------------------


def test_refund_without_more_gives_back_all_that_is_left(support):
    order = paid()

    refund(order, support)

    after = fresh(order)
    assert (after.facts.net_paid, after.facts.due, after.facts.returnable) == (0, 0, 0)
    assert after.facts.payment_state(order.total) == "refunded"
    row = Refund.objects.get()
    assert (row.amount, row.shipping_amount) == (Decimal("29.90"), Decimal("4.90"))
    assert row.reason_code == "goodwill"
    assert row.lowers_due_by == row.amount
    assert [(x.quantity, x.amount) for x in RefundLine.objects.all()] == [(2, Decimal("25.00"))]


def test_refund_of_one_unit_gives_back_its_worth_and_leaves_the_order_paid(support):
    order = paid()
    line = order.lines.get()

    refund(order, support, lines=[RefundUnits(line.pk, 1)])

    after = fresh(order)
    assert after.facts.refunded == MUGS
    assert (after.facts.due, after.facts.returnable) == (0, Decimal("17.40"))
    assert after.facts.payment_state(order.total) == "partly_refunded"
    assert after.status == "processing"


def test_an_order_refunded_in_part_still_completes(support, manager):
    order = paid()
    refund(order, support, amount=Decimal("10.00"))

    with click(manager):
        services.ship_order(order_id=order.pk, by=manager, reason="")

    assert fresh(order).status == "completed"


def test_a_cancelled_refunded_and_reopened_order_is_unpaid(support, manager):
    order = paid()
    refund(order, support, amount=Decimal("10.00"))
    with click(manager):
        services.cancel_order(order_id=order.pk, by=manager, reason_code="other", reason="")
    with click(manager):
        services.reopen_order(order_id=order.pk, by=manager, reason="They want it after all")

    after = fresh(order)

    assert (after.facts.net_paid, after.facts.due) == (0, order.total)
    assert after.facts.payment_state(order.total) == "unpaid"


def test_money_of_a_cancelled_order_that_was_kept_can_go_back_later(support):
    order = paid()
    with click(support):
        services.cancel_order(
            order_id=order.pk, by=support, reason_code="other", reason="", refund=False
        )

    refund(order, support)

    assert fresh(order).facts.net_paid == 0
    assert Refund.objects.get().lowers_due_by == 0


def test_refund_of_lines_with_shipping_and_another_amount_shares_it_out(support):
    order = paid()
    line = order.lines.get()

    refund(order, support, lines={line.pk: 2}, shipping=Decimal("4.90"), amount=Decimal("20.00"))

    row, share = Refund.objects.get(), RefundLine.objects.get()
    assert row.amount == Decimal("20.00")
    assert share.amount + row.shipping_amount == row.amount
    assert share.amount > row.shipping_amount


def test_discounts_are_spread_so_that_units_add_up_to_what_was_paid(support):
    order = OrderFactory(status="pending", lines=[(ProductFactory(price=Decimal("3.33")), 3)])
    with click(boss()):
        services.discount_order(
            order_id=order.pk, by=boss(), amount=Decimal("1.00"), reason="Late once"
        )
    order = pay(fresh(order))
    with click(boss()):
        services.process_order(order_id=order.pk, by=boss(), reason="")
    line = order.lines.get()

    for _unit in range(3):
        refund(order, support, lines={line.pk: 1})

    shares = list(RefundLine.objects.values_list("amount", flat=True))
    assert sum(shares) == Decimal("8.99")
    assert max(shares) - min(shares) <= Decimal("0.01")


def test_money_that_was_paid_too_much_goes_back_and_lowers_nothing(support):
    order = OrderFactory()
    with click(boss()):
        services.record_payment(order_id=order.pk, amount=None, by=boss(), reason="")
        services.discount_order(
            order_id=order.pk, by=boss(), amount=Decimal("5.00"), reason="Late once"
        )
    assert fresh(order).facts.due == -5

    refund(order, support, amount=Decimal("8.00"))

    after = fresh(order)
    assert (after.facts.lowered, after.facts.due) == (3, 0)


def test_two_cards_are_refunded_oldest_first(support):
    order = OrderFactory()
    pay(order, amount=Decimal("10.00"))
    pay(order)
    with click(boss()):
        services.process_order(order_id=order.pk, by=boss(), reason="")

    refund(order, support, amount=Decimal("12.00"))

    assert list(Refund.objects.order_by("pk").values_list("amount", flat=True)) == [10, 2]
    assert Refund.objects.values("charge").distinct().count() == 2
    assert Refund.objects.values("change_set").distinct().count() == 1


def test_money_that_was_transferred_is_noted_to_be_sent_back_by_hand(support):
    order = transferred()

    refund(order, support, amount=Decimal("10.00"), reason="Scratched")

    row = Refund.objects.get()
    assert (row.amount, row.charge, row.is_by_hand) == (10, "", True)
    assert row.note.startswith("Scratched To be transferred by hand")
    assert Refund.objects.to_transfer().get() == row
    assert not SandboxCharge.objects.filter(operation="refund").exists()


def test_after_a_part_was_shipped_the_rest_can_still_be_refunded(support, manager):
    product = ProductFactory()
    order = paid([(product, 3)])
    line = order.lines.get()
    with click(manager):
        services.ship_order(order_id=order.pk, by=manager, reason="", lines={line.pk: 1})

    refund(order, support, lines={line.pk: 3}, restock=True)

    line.refresh_from_db()
    assert (line.shipped, line.cancelled, line.committed) == (1, 2, 0)
    assert free(product) == 19
    assert fresh(order).facts.returnable == Decimal("4.90")


# --- The stock follows its success ----------------------------------------------------------------


def test_a_restock_takes_unsent_units_off_the_order_and_frees_them(support):
    product = ProductFactory()
    order = paid([(product, 5)])
    line = order.lines.get()
    before = free(product)

    refund(order, support, lines={line.pk: 2}, restock=True)

    line.refresh_from_db()
    assert (line.committed, line.cancelled) == (3, 2)
    assert free(product) == before + 2
    assert line.history.first().step == "refund"


def test_without_a_restock_the_units_are_still_to_be_sent(support):
    product = ProductFactory()
    order = paid([(product, 5)])
    line = order.lines.get()

    refund(order, support, lines={line.pk: 2})

    line.refresh_from_db()
    assert (line.committed, line.cancelled) == (5, 0)


@pytest.mark.parametrize("card", ["tok_refund_declined", "tok_return_timeout"])
def test_no_stock_moves_before_the_money_has(support, card):
    product = ProductFactory()
    order = paid([(product, 2)], card=card)
    before = free(product)

    with pytest.raises((PaymentDeclined, PaymentInDoubt)):
        refund(order, support, restock=True)

    assert free(product) == before
    assert order.lines.get().cancelled == 0


def test_the_restock_follows_when_the_lost_answer_is_found(support):
    product = ProductFactory()
    order = paid([(product, 2)], card="tok_return_timeout")
    with pytest.raises(PaymentInDoubt):
        refund(order, support, restock=True)

    services.settle_in_doubt(intent_id=fresh(order).facts.claim.pk, by=None)

    assert order.lines.get().cancelled == 2
    assert fresh(order).facts.net_paid == 0
    assert order.history.first().step == "refund"
    assert Refund.objects.count() == 1


# --- Who, why, and the record ---------------------------------------------------------------------


def test_refund_leaves_one_history_row_with_its_actor_and_reason(finance):
    order = paid()

    refund(order, finance, amount=Decimal("1.00"), reason="Late by a week")

    row = order.history.first()
    assert (row.step, row.status) == ("refund", "processing")
    assert (row.change_set.action, row.change_set.note) == ("orders.refund", "Late by a week")
    assert row.change_set.reason_code == "goodwill"
    assert row.change_set == Refund.objects.get().change_set


def test_the_customer_is_told_unless_nobody_wants_it(support):
    order, quiet = paid(), paid()

    refund(order, support)
    refund(quiet, support, notify=False)

    assert [message.order for message in Message.objects.filter(template="refunded")] == [order]


@pytest.mark.parametrize("role", ["fulfilment", "merchandiser", "auditor", "admin"])
def test_refund_refuses_roles_without_the_permission(role, make_user):
    order = paid()

    with pytest.raises(NotAllowed):
        refund(order, make_user(role))

    assert not Refund.objects.exists()


# --- Many ------------------------------------------------------------------------------------------


def test_refund_orders_gives_back_what_is_left_of_each_and_says_which_could_not(support):
    orders = [paid(), transferred(), OrderFactory(status="pending")]

    with click(support):
        outcome = services.refund_orders(
            order_ids=[order.pk for order in orders], by=support, reason_code="other", reason=""
        )

    assert [order.pk for order in outcome.done] == [orders[0].pk, orders[1].pk]
    [(row, why)] = outcome.refused
    assert (row.pk, why.code) == (orders[2].pk, "nothing_to_refund")
    assert {fresh(order).facts.net_paid for order in orders} == {0}


def test_nothing_is_recorded_as_an_event_of_a_refused_step_twice(support):
    order = paid()
    refund(order, support)

    with pytest.raises(NothingToRefund):
        refund(order, support)

    assert Refund.objects.count() == 1
    assert not AuditEvent.objects.filter(kind="payment_returned_by_hand").exists()
