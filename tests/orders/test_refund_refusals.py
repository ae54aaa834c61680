"""What a refund refuses: too much, of whom it is not, by whom it may not; and half of one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice.refused import BadValue, ReasonMissing, StaleVersion, StepNotOpen
from orders import services
from orders.guards import NothingToRefund
from orders.models import Payment, Refund, RefundLine
from orders.refusals import PartlyReturned, PaymentDeclined
from orders.services.amounts import (
    MoreShippingThanLeft,
    MoreThanLeft,
    MoreUnitsThanLeft,
)
from tests.orders.factories import OrderFactory, boss, click, fresh, pay
from tests.orders.refunding import paid, refund

pytestmark = pytest.mark.django_db


def test_refund_refuses_an_order_without_money(support):
    with pytest.raises(NothingToRefund):
        refund(OrderFactory(status="pending"), support)


def test_refund_refuses_a_draft(support):
    with pytest.raises(StepNotOpen):
        refund(OrderFactory(status="draft"), support)


def test_refund_refuses_a_reason_code_that_is_none(support):
    order = paid()

    with pytest.raises(ReasonMissing):
        refund(order, support, reason_code="")
    with pytest.raises(BadValue):
        refund(order, support, reason_code="because")


def test_refund_refuses_more_than_is_left(support):
    order = paid()
    refund(order, support, amount=Decimal("20.00"))

    with pytest.raises(MoreThanLeft, match=r"9\.91 EUR are more than the 9\.90 EUR"):
        refund(order, support, amount=Decimal("9.91"))

    assert fresh(order).facts.refunded == 20


def test_refund_refuses_more_units_than_are_left(support):
    order = paid()
    line = order.lines.get()
    refund(order, support, lines={line.pk: 1})

    with pytest.raises(MoreUnitsThanLeft, match="2 units to refund, but only 1"):
        refund(order, support, lines={line.pk: 2})


def test_refund_refuses_more_shipping_than_is_left(support):
    order = paid()
    refund(order, support, shipping=Decimal("4.00"))

    with pytest.raises(MoreShippingThanLeft):
        refund(order, support, shipping=Decimal("0.91"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": Decimal(0)},
        {"amount": Decimal(-1)},
        {"amount": Decimal("1.005")},
        {"amount": Decimal("NaN")},
        {"amount": Decimal("Infinity")},
        {"shipping": Decimal("-0.01")},
        {"shipping": Decimal("0.001")},
    ],
)
def test_refund_refuses_what_is_no_amount_of_money(support, wrong):
    with pytest.raises(BadValue):
        refund(paid(), support, **wrong)

    assert not Refund.objects.exists()


def test_refund_refuses_a_line_of_another_order_and_negative_units(support):
    order, other = paid(), paid()

    with pytest.raises(BadValue):
        refund(order, support, lines={other.lines.get().pk: 1})
    with pytest.raises(BadValue):
        refund(order, support, lines={order.lines.get().pk: -1})


def test_refund_refuses_a_stale_version(support):
    order = paid()

    with pytest.raises(StaleVersion):
        refund(order, support, version=order.version - 1)


def test_a_declined_refund_leaves_the_order_as_it_was(support):
    order = paid(card="tok_refund_declined")

    with pytest.raises(PaymentDeclined):
        refund(order, support)

    after = fresh(order)
    assert (after.facts.claim, after.facts.refunded) == (None, 0)
    assert Payment.objects.filter(kind="failed").count() == 1
    assert not RefundLine.objects.exists()


def test_a_refund_that_went_half_way_stays_reserved_and_says_what_is_left(
    support, manager, finance
):
    order = OrderFactory()
    pay(order, amount=Decimal("10.00"))
    pay(order, card="tok_refund_declined")
    with click(boss()):
        services.process_order(order_id=order.pk, by=boss(), reason="")

    with pytest.raises(PartlyReturned, match=r"19\.90"):
        refund(order, support)
    claim = fresh(order).facts.claim
    with click(finance):
        services.return_by_hand(intent_id=claim.pk, by=finance, reason="By bank transfer")

    after = fresh(order)
    assert (after.facts.claim, after.facts.net_paid) == (None, 0)
    assert RefundLine.objects.get().quantity == 2
