from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from backoffice import changes, jobs
from backoffice.models import ChangeSet, Job
from backoffice.refused import BadValue
from orders import services
from orders.models import Order, PaymentIntent
from tests.orders.factories import OrderFactory, boss, click, fresh

pytestmark = pytest.mark.django_db


def held(by, until) -> Order:
    order = OrderFactory()
    with click(by):
        return services.hold_order(order_id=order.pk, by=by, reason="away", until=until)


def in_hours(hours):
    return timezone.now() + timedelta(hours=hours)


def test_hold_order_remembers_since_when_and_until_when(support):
    until = in_hours(3)

    order = fresh(held(support, until))

    assert order.hold_until == until
    assert abs(order.held_since - timezone.now()) < timedelta(minutes=1)


@pytest.mark.parametrize("hours", [-1, 0])
def test_hold_order_refuses_a_moment_that_has_passed(hours, support):
    order = OrderFactory()

    for verb, ids in (
        (services.hold_order, {"order_id": order.pk}),
        (services.hold_orders, {"order_ids": [order.pk]}),
    ):
        with pytest.raises(BadValue, match="Held until: choose a moment in the future"):
            verb(**ids, by=support, reason="away", until=in_hours(hours))

    assert not fresh(order).is_held


@pytest.mark.parametrize("zone", ["UTC", "America/Anchorage", "Pacific/Kiritimati"])
def test_hold_order_refuses_the_calendar_s_end_in_every_time_zone(zone, support):
    order = OrderFactory()
    until = datetime(9999, 12, 31, 23, 59, tzinfo=ZoneInfo(zone))

    with pytest.raises(BadValue, match="Held until: choose a moment in the next ten years"):
        services.hold_order(order_id=order.pk, by=support, reason="away", until=until)

    assert not fresh(order).is_held


def test_hold_orders_gives_all_of_them_one_moment(support):
    orders, until = [OrderFactory(), OrderFactory()], in_hours(1)

    services.hold_orders(
        order_ids=[order.pk for order in orders], by=support, reason="away", until=until
    )

    assert {fresh(order).hold_until for order in orders} == {until}


def test_release_order_forgets_the_moment(support):
    order = held(support, in_hours(1))

    services.release_order(order_id=order.pk, by=support, reason="")

    assert (fresh(order).hold_until, fresh(order).held_since) == (None, None)


def test_release_due_holds_releases_what_is_due_and_nothing_else(support):
    due, later, open_end = held(support, in_hours(1)), held(support, in_hours(9)), OrderFactory()
    services.hold_order(order_id=open_end.pk, by=support, reason="until she calls")

    outcome = services.release_due_holds(now=in_hours(2))

    assert outcome.done == [due]
    assert [fresh(order).is_held for order in (due, later, open_end)] == [False, True, True]


def test_a_hold_that_ends_by_itself_is_recorded_as_the_systems_with_its_moment(support):
    order = held(support, in_hours(1))

    services.release_due_holds(now=in_hours(2))

    row = order.history.filter(step="release").get()
    assert row.history_user_id is None
    assert row.change_set.actor_kind == ChangeSet.ActorKind.SYSTEM
    assert row.change_set.note == f"The hold was set until {order.hold_until:%-d %b %Y, %H:%M} UTC."


def test_each_moment_has_a_change_set_of_its_own(support):
    first, second = held(support, in_hours(1)), held(support, in_hours(2))
    third = OrderFactory()
    services.hold_order(
        order_id=third.pk, by=support, reason="with the first", until=first.hold_until
    )

    services.release_due_holds(now=in_hours(3))

    sets = [
        order.history.filter(step="release").get().change_set_id for order in (first, second, third)
    ]
    assert sets[0] == sets[2] != sets[1]


def test_release_due_holds_twice_releases_once(support):
    order = held(support, in_hours(1))

    services.release_due_holds(now=in_hours(2))
    again = services.release_due_holds(now=in_hours(2))

    assert again.done == again.refused == []
    assert order.history.filter(step="release").count() == 1


def test_an_order_that_a_step_is_at_work_on_is_left_for_the_next_run(support):
    order = held(support, in_hours(1))
    claim = PaymentIntent.objects.create(
        order=order,
        step="cancel",
        operation="void",
        by=boss(),
        amount=1,
        currency="EUR",
        gateway="sandbox",
        change_set=ChangeSet.objects.latest("id"),
    )

    outcome = services.release_due_holds(now=in_hours(2))

    assert [refused.code for _row, refused in outcome.refused] == ["claim_open"]
    assert fresh(order).is_held
    claim.state = PaymentIntent.State.DECLINED
    claim.save()
    assert services.release_due_holds(now=in_hours(2)).done == [order]


@pytest.mark.parametrize("orders", [2, 8])
def test_release_due_holds_asks_no_more_for_many_of_one_moment(
    orders, support, django_assert_max_num_queries
):
    until = in_hours(1)
    ids = [OrderFactory().pk for _each in range(orders)]
    services.hold_orders(order_ids=ids, by=support, reason="away", until=until)

    with django_assert_max_num_queries(20):
        outcome = services.release_due_holds(now=in_hours(2))

    assert len(outcome.done) == orders


def test_the_clock_releases_due_holds_by_a_job(
    support, django_capture_on_commit_callbacks, settings
):
    settings.JOBS_BACKEND = "immediate"
    order = OrderFactory()
    with changes.change(separate=True, at=in_hours(-2)):
        services.hold_order(order_id=order.pk, by=support, reason="away", until=in_hours(-1))

    with django_capture_on_commit_callbacks(execute=True):
        jobs.start("orders.release_due_holds", by=None)

    assert not fresh(order).is_held
    assert Job.objects.get(kind="orders.release_due_holds").result["released"] == 1
