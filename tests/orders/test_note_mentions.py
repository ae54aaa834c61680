from __future__ import annotations

import pytest

from backoffice.refused import BadValue, NotAllowed, UnknownRow
from orders import services
from orders.models import CustomerNote, Mention
from tests.orders.factories import CustomerFactory, OrderFactory, click

pytestmark = pytest.mark.django_db


def write(by, body, order=None):
    with click(by):
        return services.add_note(order_id=(order or OrderFactory()).pk, body=body, by=by)


def test_add_note_puts_a_mention_into_the_inbox_of_whom_it_names(support, fulfilment, auditor):
    note = write(support, "@fulfilment and (@Auditor), see ada@example.com and @nobody")

    assert {mention.user for mention in note.mentions.all()} == {fulfilment, auditor}
    assert all(mention.read_at is None for mention in note.mentions.all())


def test_a_colleague_named_twice_has_one_mention_and_the_author_none(support, fulfilment):
    note = write(support, "@fulfilment, @FULFILMENT and I, @support")

    assert [mention.user for mention in note.mentions.all()] == [fulfilment]


def test_nobody_is_mentioned_who_may_not_see_orders_or_has_left(support, admin, manager):
    manager.is_active = False
    manager.save()

    note = write(support, "@admin @manager")

    assert not note.mentions.exists()


def test_a_long_note_keeps_its_lines(support):
    body = "first\r\n\r\nsecond " + "x" * 3980

    assert write(support, body).body == body.replace("\r\n", "\n")


def test_a_note_is_written_with_as_many_queries_for_many_names(
    support, fulfilment, auditor, manager, finance, django_assert_max_num_queries
):
    order = OrderFactory()
    support.has_perm("orders.note_order")

    with click(support), django_assert_max_num_queries(10):
        services.add_note(
            order_id=order.pk, body="@fulfilment @auditor @manager @finance", by=support
        )

    assert Mention.objects.count() == 4


def test_read_mentions_reads_ones_own_only(support, fulfilment, auditor):
    note = write(support, "@fulfilment @auditor")
    ids = list(note.mentions.values_list("pk", flat=True))

    assert services.read_mentions(by=fulfilment, mention_ids=ids) == 1
    assert services.read_mentions(by=fulfilment, mention_ids=ids) == 0

    assert services.unread_by(auditor).count() == 1
    assert not services.unread_by(fulfilment).exists()


def test_read_mentions_reads_those_of_one_order_or_all(support, fulfilment):
    first, second = OrderFactory(), OrderFactory()
    for order in (first, second, second):
        write(support, "@fulfilment", order)

    assert services.read_mentions(by=fulfilment, order_id=second.pk) == 2
    assert services.read_mentions(by=fulfilment) == 1


# --- Notes on customers -----------------------------------------------------------------------


def test_add_customer_note_keeps_it_under_its_click_and_mentions_colleagues(support, manager):
    customer = CustomerFactory()

    with click(support) as change:
        note = services.add_customer_note(
            customer_id=customer.pk, body=" Prefers the phone, @manager. ", by=support
        )

    assert (note.body, note.author) == ("Prefers the phone, @manager.", support)
    assert note.change_set == change.row()
    assert change.row().action == "orders.note_customer"
    assert [mention.user for mention in note.mentions.all()] == [manager]


def test_a_customer_note_names_only_who_may_see_customers(support, merchandiser):
    note = services.add_customer_note(
        customer_id=CustomerFactory().pk, body="@merchandiser", by=support
    )

    assert not note.mentions.exists()


@pytest.mark.parametrize("body", ["", " \n ", "\x00", "x" * 4001])
def test_add_customer_note_refuses_what_is_no_note(body, support):
    with pytest.raises(BadValue, match="Note"):
        services.add_customer_note(customer_id=CustomerFactory().pk, body=body, by=support)

    assert not CustomerNote.objects.exists()


def test_add_customer_note_refuses_staff_strangers_and_other_roles(support, auditor):
    with pytest.raises(UnknownRow):
        services.add_customer_note(customer_id=auditor.pk, body="nice", by=support)
    with pytest.raises(NotAllowed):
        services.add_customer_note(customer_id=CustomerFactory().pk, body="nice", by=auditor)
