from __future__ import annotations

import pytest

from backoffice.refused import ReasonMissing
from orders import services
from orders.guards import OrderHeld, OrderNotHeld
from tests.orders.factories import OrderFactory, click, fresh, pay

pytestmark = pytest.mark.django_db


def test_hold_order_stops_processing_and_shipping_until_it_is_released(support, fulfilment):
    order = OrderFactory(status="processing")
    with click(support):
        services.hold_order(order_id=order.pk, by=support, reason="address unclear")

    with pytest.raises(OrderHeld, match="address unclear"), click(fulfilment):
        services.ship_order(order_id=order.pk, by=fulfilment, reason="")
    with click(support):
        services.release_order(order_id=order.pk, by=support, reason="asked on the phone")

    after = fresh(order)
    assert (after.is_held, after.hold_reason) == (False, "")
    with click(fulfilment):
        services.ship_order(order_id=order.pk, by=fulfilment, reason="")


def test_hold_order_needs_a_reason(support):
    order = OrderFactory()

    with pytest.raises(ReasonMissing) as refusal, click(support):
        services.hold_order(order_id=order.pk, by=support, reason="")

    assert refusal.value.message == "“Hold” needs a reason."


def test_a_held_order_is_not_held_twice_and_a_free_one_not_released(support):
    order = OrderFactory()

    with pytest.raises(OrderNotHeld), click(support):
        services.release_order(order_id=order.pk, by=support, reason="")
    with click(support):
        services.hold_order(order_id=order.pk, by=support, reason="wait")
    with pytest.raises(OrderHeld), click(support):
        services.hold_order(order_id=order.pk, by=support, reason="wait more")


def test_hold_orders_and_release_orders_do_what_they_can(support):
    free, held, done = OrderFactory(), OrderFactory(), OrderFactory(status="completed")
    pay(free)
    with click(support):
        services.hold_order(order_id=held.pk, by=support, reason="wait")

    with click(support) as change:
        outcome = services.hold_orders(
            order_ids=[free.pk, held.pk, done.pk], by=support, reason="stocktaking"
        )

    assert outcome.done == [free]
    assert [refusal.code for _row, refusal in outcome.refused] == ["order_held", "step_not_open"]
    assert free.history.get(step="hold").change_set == change.row()
    with click(support):
        released = services.release_orders(order_ids=[free.pk, held.pk], by=support, reason="")
    assert len(released.done) == 2
    assert not fresh(free).is_held


@pytest.mark.parametrize("rows", [2, 12])
def test_hold_orders_asks_the_database_no_more_for_many(
    rows, support, django_assert_max_num_queries
):
    ids = [OrderFactory().pk for _ in range(rows)]
    support.has_perm("orders.hold_order")

    with click(support), django_assert_max_num_queries(18):
        services.hold_orders(order_ids=ids, by=support, reason="stocktaking")
