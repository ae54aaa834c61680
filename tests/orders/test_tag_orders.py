from __future__ import annotations

import time

import pytest
from django.db import transaction

from backoffice.refused import BadValue, NotAllowed, UnknownRow
from orders import services
from orders.models import Order, OrderTag
from orders.services import TooManyTags
from orders.services import tags as verbs
from tests.catalog.threads import in_threads
from tests.orders.factories import OrderFactory, boss, click

pytestmark = pytest.mark.django_db


def names_of(order) -> list[str]:
    return list(order.tags.values_list("name", flat=True))


def tag(by, order, names):
    with click(by) as change:
        services.tag_order(order_id=order.pk, names=names, by=by, reason="")
    return change


def test_tag_order_keeps_tags_in_lower_case_trimmed_and_once(support):
    order = OrderFactory()

    tag(support, order, " VIP , call   first,vip,, ")

    assert names_of(order) == ["call first", "vip"]


def test_tagging_leaves_a_history_row_for_each_new_tag_and_the_orders_version(support):
    order = OrderFactory()
    tag(support, order, ["gift"])

    change = tag(support, order, ["gift", "vip"])

    rows = OrderTag.history.filter(change_set=change.row())
    assert [row.name for row in rows] == ["vip"]
    assert change.row().action == "orders.tag"
    assert Order.objects.get(pk=order.pk).version == order.version


def test_untag_order_takes_off_what_is_there_and_records_it(support):
    order = OrderFactory()
    tag(support, order, "gift, vip")

    with click(support) as change:
        services.untag_order(order_id=order.pk, names="Gift, never was", by=support, reason="done")

    assert names_of(order) == ["vip"]
    row = OrderTag.history.get(history_type="-")
    assert (row.name, row.change_set) == ("gift", change.row())


@pytest.mark.parametrize("names", ["", " , ", [], ["a,b"], "x" * 41, ["\x00"]])
def test_tag_order_refuses_what_is_no_tag(names, support):
    order = OrderFactory()

    for verb in (services.tag_order, services.untag_order):
        with pytest.raises(BadValue, match="Tags"):
            verb(order_id=order.pk, names=names, by=support, reason="")


def test_an_order_has_twenty_tags_at_most(support):
    order = OrderFactory()
    tag(support, order, [f"tag {n}" for n in range(20)])

    tag(support, order, "tag 3")
    with pytest.raises(TooManyTags) as refusal:
        tag(support, order, "one more")

    assert refusal.value.message == f"{order.number} would have more than 20 tags."
    assert order.tags.count() == 20


def test_tag_orders_does_what_it_can_and_says_what_it_cannot(support):
    free, full = OrderFactory(), OrderFactory()
    tag(support, full, [f"tag {n}" for n in range(20)])

    outcome = services.tag_orders(
        order_ids=[free.pk, full.pk, free.pk, 0], names="gift", by=support, reason=""
    )

    assert outcome.done == [free]
    assert {refused.code for _row, refused in outcome.refused} == {"unknown_row", "too_many_tags"}
    assert names_of(free) == ["gift"]


def test_untag_orders_takes_a_tag_off_all_of_them(support):
    orders = [OrderFactory(), OrderFactory(), OrderFactory()]
    for order in orders[:2]:
        tag(support, order, "gift, vip")

    outcome = services.untag_orders(
        order_ids=[order.pk for order in orders], names="gift", by=support, reason=""
    )

    assert outcome.done == orders
    assert [names_of(order) for order in orders] == [["vip"], ["vip"], []]


def test_tag_verbs_refuse_unknown_orders_and_other_roles(support, auditor):
    order = OrderFactory()

    for verb in (services.tag_order, services.untag_order):
        with pytest.raises(UnknownRow):
            verb(order_id=0, names="gift", by=support, reason="")
        with pytest.raises(NotAllowed):
            verb(order_id=order.pk, names="gift", by=auditor, reason="")


@pytest.mark.parametrize("orders", [2, 12])
def test_tagging_many_asks_no_more_than_tagging_few(orders, support, django_assert_max_num_queries):
    ids = [OrderFactory().pk for _each in range(orders)]
    support.has_perm("orders.note_order")

    with click(support), django_assert_max_num_queries(12):
        services.tag_orders(order_ids=ids, names="gift, vip", by=support, reason="")
    with click(support), django_assert_max_num_queries(12):
        services.untag_orders(order_ids=ids, names="gift, vip", by=support, reason="")


def tags_after_a_race() -> int:
    order = OrderFactory()
    by = boss()

    def work(number):
        names = [f"{number} {n}" for n in range(12)]
        return services.tag_order(order_id=order.pk, names=names, by=by, reason="")

    in_threads(work, 4)
    return order.tags.count()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_hands_at_once_do_not_tag_beyond_the_limit():
    assert tags_after_a_race() == 12


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_they_would(monkeypatch):
    class Unlocked:
        def __get__(self, instance, owner):
            return Order.objects.all

    real = verbs._lock

    def slow(*args, **options):
        with transaction.atomic():
            found = real(*args, **options)
        time.sleep(0.4)
        return found

    monkeypatch.setattr(type(Order.objects), "select_for_update", lambda self, **_: self.all())
    monkeypatch.setattr(verbs, "_lock", slow)

    assert tags_after_a_race() > 20
