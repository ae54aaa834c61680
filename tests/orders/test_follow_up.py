from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from backoffice.refused import BadValue, NotAllowed, StaleVersion, UnknownRow
from orders import services
from orders.models import Order
from tests.orders.factories import OrderFactory, click, fresh

pytestmark = pytest.mark.django_db


def set_day(by, order, days, **more):
    on = None if days is None else timezone.localdate() + timedelta(days=days)
    with click(by) as change:
        services.set_follow_up(order_id=order.pk, on=on, by=by, reason="ask again", **more)
    return change


def test_set_follow_up_keeps_the_day_with_its_reason(support):
    order = OrderFactory()

    change = set_day(support, order, 3)

    after = fresh(order)
    assert after.follow_up_on == timezone.localdate() + timedelta(days=3)
    assert (change.row().action, change.row().note) == ("orders.follow_up", "ask again")
    assert after.history.latest("history_id").change_set == change.row()


def test_set_follow_up_to_nothing_ends_it(support):
    order = OrderFactory()
    set_day(support, order, 0)

    set_day(support, order, None)

    assert fresh(order).follow_up_on is None


def test_set_follow_up_refuses_a_day_that_has_passed(support):
    with pytest.raises(BadValue, match="choose today or a later day"):
        set_day(support, OrderFactory(), -1)


def test_set_follow_up_refuses_others_strangers_and_stale_pages(support, auditor):
    order = OrderFactory()

    with pytest.raises(NotAllowed):
        set_day(auditor, order, 1)
    with pytest.raises(StaleVersion):
        set_day(support, order, 1, version=order.version - 1)
    with pytest.raises(UnknownRow):
        services.set_follow_up(order_id=0, on=None, by=support, reason="")


def test_what_is_due_today_or_before_is_found(support):
    today = timezone.localdate()
    due, later, never = OrderFactory(), OrderFactory(), OrderFactory()
    set_day(support, due, 0)
    set_day(support, later, 1)

    assert list(Order.objects.follow_up_by(today)) == [due]
    assert set(Order.objects.follow_up_by(today + timedelta(days=9))) == {due, later}
    assert never.follow_up_on is None
