from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice.refused import BadValue, StaleVersion, StepNotOpen
from orders import services
from orders.guards import AlreadyPaid, ClaimOpen
from orders.services import MoreThanDue, PaymentInDoubt
from tests.orders.factories import OrderFactory, click, fresh, pay

pytestmark = pytest.mark.django_db


def record(order, by, amount=None, **more):
    with click(by):
        return services.record_payment(
            order_id=order.pk, amount=amount, by=by, reason="bank statement", **more
        )


def test_record_payment_notes_money_that_arrived(finance):
    order = OrderFactory()

    payment = record(order, finance, Decimal(10), reference=" SO-10001 Lindqvist ")

    assert (payment.kind, payment.amount) == ("received", 10)
    assert payment.message == "SO-10001 Lindqvist"
    assert payment.change_set.actor == finance
    assert payment.change_set.action == "orders.record_payment"
    assert fresh(order).facts.payment_state(order.total) == "partly_paid"


def test_record_payment_without_amount_notes_all_that_is_due(finance):
    order = OrderFactory()
    record(order, finance, Decimal(10))

    assert record(order, finance).amount == order.total - 10


def test_record_payment_refuses_more_than_is_due(finance):
    with pytest.raises(MoreThanDue):
        record(OrderFactory(), finance, Decimal("29.91"))


@pytest.mark.parametrize("amount", ["0", "-5", "0.005", "NaN"])
def test_record_payment_refuses_what_is_no_amount(finance, amount):
    with pytest.raises(BadValue):
        record(OrderFactory(), finance, Decimal(amount))


def test_record_payment_refuses_a_paid_order(finance):
    with pytest.raises(AlreadyPaid, match="fully paid"):
        record(OrderFactory(status="processing"), finance)


@pytest.mark.parametrize("status", ["draft", "cancelled", "completed"])
def test_record_payment_is_closed_outside_of_open_orders(finance, status):
    with pytest.raises(StepNotOpen):
        record(OrderFactory(status=status), finance, Decimal(1))


def test_record_payment_refuses_a_stale_version(finance):
    order = OrderFactory()

    with pytest.raises(StaleVersion):
        record(order, finance, version=order.version - 1)


def test_record_payment_waits_for_an_open_claim(finance):
    order = OrderFactory()
    with pytest.raises(PaymentInDoubt):
        pay(order, "tok_timeout")

    with pytest.raises(ClaimOpen, match="“Take a payment”"):
        record(order, finance)
