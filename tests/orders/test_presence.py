from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.models import ChangeSet
from backoffice.refused import NotAllowed, UnknownRow
from orders import services
from orders.models import Order, Presence
from tests.catalog.threads import in_threads
from tests.orders.factories import OrderFactory

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def after(seconds):
    return NOW + timedelta(seconds=seconds)


def here(by, order, seconds=0):
    return services.be_present(order_id=order.pk, by=by, now=after(seconds))


def test_whoever_opens_an_order_first_is_the_one_the_others_see(support, fulfilment):
    order = OrderFactory()

    assert here(support, order).user == support
    seen = here(fulfilment, order, 30)

    assert (seen.user, seen.since) == (support, NOW)


def test_a_sign_of_life_refreshes_ones_own_presence_and_keeps_its_beginning(support, settings):
    order = OrderFactory()
    for seconds in (0, 100, 200, 300):
        seen = here(support, order, seconds)

    assert (seen.since, seen.seen_at) == (NOW, after(300))


def test_whoever_is_silent_too_long_gives_way_to_the_next(support, fulfilment, settings):
    settings.PRESENCE_IDLE_SECONDS = 120
    order = OrderFactory()
    here(support, order)

    assert here(fulfilment, order, 120).user == support
    seen = here(fulfilment, order, 121)

    assert (seen.user, seen.since) == (fulfilment, after(121))


def test_nobody_is_seen_at_an_order_once_they_are_silent(support):
    order = OrderFactory()
    here(support, order)
    read = Order.objects.select_related("presence__user").get(pk=order.pk)

    assert services.present_at(read, after(60)).user == support
    assert services.present_at(read, after(121)) is None
    assert services.presence_of(order.pk, after(60)).user == support
    assert services.presence_of(order.pk, after(121)) is None


def test_take_over_makes_one_the_one_who_is_seen(support, fulfilment):
    order = OrderFactory()
    here(support, order)

    services.take_over(order_id=order.pk, by=fulfilment, now=after(5))

    assert here(support, order, 10).user == fulfilment


def test_leaving_gives_way_after_a_moment_but_not_to_a_reload(support, fulfilment):
    order = OrderFactory()
    here(support, order)
    services.leave(order_id=order.pk, by=support, now=after(60))

    assert here(fulfilment, order, 61).user == support
    assert here(fulfilment, order, 95).user == fulfilment
    services.leave(order_id=order.pk, by=support, now=after(96))
    assert here(support, order, 97).user == fulfilment


def test_presence_refuses_who_may_not_work_on_orders_and_orders_that_are_none(support, auditor):
    for verb in (services.be_present, services.take_over):
        with pytest.raises(NotAllowed):
            verb(order_id=OrderFactory().pk, by=auditor, now=NOW)
        with pytest.raises(UnknownRow):
            verb(order_id=0, by=support, now=NOW)

    assert not Presence.objects.exists()


def test_a_sign_of_life_writes_one_row_at_most_and_no_history(support, fulfilment):
    order = OrderFactory()
    sets = ChangeSet.objects.count()

    for by, seconds in ((support, 0), (support, 20), (fulfilment, 30), (fulfilment, 200)):
        with CaptureQueriesContext(connection) as caught:
            here(by, order, seconds)
        tables = [q["sql"] for q in caught if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        assert all("orders_presence" in sql for sql in tables)
        assert Presence.objects.count() == 1

    assert ChangeSet.objects.count() == sets


def test_presence_never_closes_a_step(support, fulfilment):
    order = OrderFactory()
    here(fulfilment, order)

    services.hold_order(order_id=order.pk, by=support, reason="wait", version=order.version)

    assert Order.objects.get(pk=order.pk).is_held


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_open_an_order_in_the_same_moment_see_the_same_person(make_user):
    order = OrderFactory()
    people = [make_user("support", email=f"{n}@example.com") for n in range(8)]

    seen = in_threads(lambda n: here(people[n], order).user, 8)

    assert len(set(seen)) == 1
    assert Presence.objects.count() == 1
