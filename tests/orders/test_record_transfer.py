"""Refunds that no gateway can make: somebody sends them, and says so."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice.refused import BadValue, NotAllowed, UnknownRow
from orders import services
from orders.models import Refund, Transfer
from orders.services.transfers import NotToTransfer, TransferredAlready
from tests.orders.factories import OrderFactory, boss, click

pytestmark = pytest.mark.django_db


def refunded_by_hand(**more):
    order = OrderFactory()
    with click(boss()):
        services.record_payment(order_id=order.pk, amount=None, by=boss(), reason="")
        services.refund_order(
            order_id=order.pk, by=boss(), reason_code="other", reason="", amount=Decimal(10)
        )
    return Refund.objects.get(order=order)


def record(refund, by, reference="SEPA 4711"):
    with click(by):
        return services.record_transfer(refund_id=refund.pk, by=by, reference=reference)


def test_a_transfer_takes_the_refund_off_the_list(finance):
    refund = refunded_by_hand()

    record(refund, finance)

    assert not Refund.objects.to_transfer().exists()
    assert Transfer.objects.get().change_set.actor == finance


def test_it_is_recorded_once_and_the_second_is_told_who_was_first(finance):
    refund = refunded_by_hand()
    record(refund, finance)

    with pytest.raises(TransferredAlready, match=r"SEPA 4711.*Finance"):
        record(refund, finance, "again")

    assert Transfer.objects.count() == 1


def test_a_refund_through_a_gateway_needs_none(finance):
    order = OrderFactory(status="processing")
    with click(boss()):
        services.refund_order(order_id=order.pk, by=boss(), reason_code="other", reason="")

    with pytest.raises(NotToTransfer):
        record(Refund.objects.get(), finance)


@pytest.mark.parametrize("reference", ["", "  ", "x" * 121, "a\nb"])
def test_a_reference_is_needed(finance, reference):
    with pytest.raises(BadValue):
        record(refunded_by_hand(), finance, reference)


@pytest.mark.parametrize("role", ["support", "auditor", "admin"])
def test_only_who_records_payments_records_transfers(role, make_user):
    with pytest.raises(NotAllowed):
        record(refunded_by_hand(), make_user(role))


def test_an_unknown_refund_is_refused(finance):
    with click(finance), pytest.raises(UnknownRow):
        services.record_transfer(refund_id=0, by=finance, reference="x")


def test_a_cancellation_of_received_money_waits_for_its_transfer_too(support):
    order = OrderFactory()
    with click(boss()):
        services.record_payment(order_id=order.pk, amount=None, by=boss(), reason="")
        services.cancel_order(order_id=order.pk, by=boss(), reason_code="other", reason="")

    assert Refund.objects.to_transfer().get().order == order
