from __future__ import annotations

import pytest

from orders import services
from orders.guards import NotFullyPaid, NotFullyShipped
from tests.orders.factories import OrderFactory, boss, click, fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def shipped_unpaid():
    order = OrderFactory()
    with click(boss()):
        services.process_unpaid_order(order_id=order.pk, by=boss(), reason="known customer")
        services.ship_order(order_id=order.pk, by=boss(), reason="")
    return order


def complete(order, by):
    with click(by):
        return services.complete_order(order_id=order.pk, by=by, reason="")


@pytest.mark.row("O1")
def test_complete_order_closes_what_is_shipped_and_paid(shipped_unpaid, support, finance):
    with click(finance):
        services.record_payment(
            order_id=shipped_unpaid.pk, amount=None, by=finance, reason="invoice 17"
        )

    done = complete(shipped_unpaid, support)

    assert done.status == "completed"
    assert done.completed_at is not None


def test_complete_order_refuses_what_is_not_paid(shipped_unpaid, support):
    with pytest.raises(NotFullyPaid) as refusal:
        complete(shipped_unpaid, support)

    assert refusal.value.message == "Only 0 of 29.90 EUR are paid."


def test_complete_order_refuses_what_is_not_shipped(support):
    order = OrderFactory(status="processing")

    with pytest.raises(NotFullyShipped, match="Units still to be shipped: 2"):
        complete(order, support)


def test_complete_orders_reports_each_order(shipped_unpaid, support):
    open_order = OrderFactory(status="processing")
    with click(boss()):
        services.record_payment(order_id=shipped_unpaid.pk, amount=None, by=boss(), reason="")

    with click(support):
        outcome = services.complete_orders(
            order_ids=[shipped_unpaid.pk, open_order.pk], by=support, reason="month end"
        )

    assert outcome.done == [shipped_unpaid]
    assert [refusal.code for _row, refusal in outcome.refused] == ["not_fully_shipped"]
    assert fresh(shipped_unpaid).completed_at is not None
