from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection

from backoffice.refused import BadValue, ServiceUnavailable, StepNotOpen
from orders import services
from orders.guards import PaymentPresent
from orders.integrations.sandbox import TEST_CARDS
from orders.models import Payment, PaymentIntent, SandboxCharge
from orders.services import MoreThanDue, PaymentDeclined, PaymentInDoubt
from tests.orders.factories import OrderFactory, click, fresh, pay

pytestmark = pytest.mark.django_db


def take(order, by, token="tok_visa", **more):
    with click(by):
        return services.take_payment(order_id=order.pk, token=token, by=by, reason="", **more)


def test_take_payment_authorises_what_is_due(support):
    order = OrderFactory()

    take(order, support)

    facts = fresh(order).facts
    assert (facts.authorised, facts.captured) == (order.total, 0)
    payment = Payment.objects.get(order=order)
    assert (payment.kind, payment.gateway, payment.amount) == ("authorised", "sandbox", order.total)
    assert payment.charge.startswith("ch_")


def test_take_payment_moves_neither_state_nor_version(support):
    order = OrderFactory()

    take(order, support)

    after = fresh(order)
    assert (after.status, after.version) == (order.status, order.version)


def test_take_payment_takes_a_part_and_then_the_rest(support):
    order = OrderFactory()

    take(order, support, amount=Decimal("9.90"))
    take(order, support)

    assert [p.amount for p in Payment.objects.order_by("id")] == [Decimal("9.90"), Decimal(20)]


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "NaN", "Infinity", "-1e400"])
def test_take_payment_refuses_what_is_no_amount(support, amount):
    with pytest.raises(BadValue, match="Amount"):
        take(OrderFactory(), support, amount=Decimal(amount))


def test_take_payment_refuses_more_than_is_due(support):
    with pytest.raises(MoreThanDue) as refusal:
        take(OrderFactory(), support, amount=Decimal(30))
    with pytest.raises(MoreThanDue):
        take(OrderFactory(), support, amount=Decimal("1e400"))

    assert refusal.value.message == "30 EUR is more than the 29.90 EUR that are due."


def test_take_payment_refuses_when_the_payment_is_there(support):
    order = OrderFactory()
    pay(order)

    with pytest.raises(PaymentPresent):
        take(order, support)


@pytest.mark.parametrize("status", ["draft", "processing", "completed", "cancelled"])
def test_take_payment_is_only_open_for_pending_orders(support, status):
    order = OrderFactory(status=status)

    with pytest.raises(StepNotOpen, match="“Take a payment” is only possible from pending"):
        take(order, support)


DECLINING = [card for card in TEST_CARDS if "authorise" in card.declines]


@pytest.mark.row("O3")
@pytest.mark.parametrize("card", DECLINING, ids=lambda card: card.token)
def test_a_declined_card_leaves_the_order_payable_and_says_the_banks_words(support, card):
    order = OrderFactory()

    with pytest.raises(PaymentDeclined) as refusal:
        take(order, support, card.token)

    words = card.declines["authorise"][1]
    assert refusal.value.message == f"The bank declined to authorise 29.90 EUR: {words}"
    assert Payment.objects.get(order=order).kind == "failed"
    assert fresh(order).facts.claim is None
    take(order, support)
    assert fresh(order).facts.authorised == order.total


@pytest.mark.parametrize(
    "typed", ["4242424242424242", " 4242 4242 4242 4242", "4242-4242-4242-4242", "", "tok visa"]
)
def test_a_card_number_is_refused_and_stored_nowhere(support, typed):
    order = OrderFactory()

    with pytest.raises(BadValue) as refusal:
        take(order, support, typed)

    assert "4242" not in str(refusal.value)
    assert not PaymentIntent.objects.exists()


def test_no_test_card_number_ever_reaches_a_table(support):
    order = OrderFactory()
    for card in TEST_CARDS:
        try:
            take(order, support, card.token, amount=Decimal(1))
        except services.PaymentDeclined:
            continue
        except services.PaymentInDoubt:
            services.settle_in_doubt(intent_id=fresh(order).facts.claim.pk, by=support)

    written = ""
    for model in (PaymentIntent, Payment, SandboxCharge):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")
            written += str(cursor.fetchall())

    assert SandboxCharge.objects.count() == len(TEST_CARDS)
    assert not [card.token for card in TEST_CARDS if card.number in written]


def test_an_unknown_token_is_declined_by_the_bank(support):
    with pytest.raises(PaymentDeclined, match="No such charge or card"):
        take(OrderFactory(), support, "tok_nobody_" + "x" * 60)


def test_a_lost_answer_reserves_the_order(support):
    order = OrderFactory()

    with pytest.raises(PaymentInDoubt):
        take(order, support, "tok_charged_timeout")

    assert fresh(order).facts.claim.state == "in_doubt"
    assert not Payment.objects.exists()


def test_a_bank_that_is_down_leaves_nothing_behind(support, settings):
    settings.PAYMENT_GATEWAY = "tests.orders.banks.DownBank"
    order = OrderFactory()

    with pytest.raises(ServiceUnavailable) as refusal:
        take(order, support)

    assert refusal.value.http_status == 503
    assert fresh(order).facts.claim is None
    assert not Payment.objects.exists()
