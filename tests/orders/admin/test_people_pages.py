"""Colleagues on the pages: inbox, presence, what is offered to type, tags and days."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from orders import services
from orders.models import Mention, Presence
from tests.conftest import ROLES
from tests.orders.admin.desk import page_of, press, read
from tests.orders.factories import CustomerFactory, OrderFactory, boss, fresh

pytestmark = pytest.mark.django_db

INBOX = "/admin/orders/order/mentions/"
LIST = "/admin/orders/order/"
MAY_SEE = {"support", "fulfilment", "merchandiser", "finance", "auditor", "manager"}


def here(client, order, word="here"):
    return client.post(reverse("admin:order_here", args=[order.pk]), {"word": word})


def mention(name, body="can you look?", order=None):
    return services.add_note(
        order_id=(order or OrderFactory()).pk, body=f"@{name} {body}", by=boss()
    ).mentions.get()


# --- The inbox ---------------------------------------------------------------------------------


def test_the_inbox_shows_ones_own_mentions_unread_ones_first(support, auditor, sign_in):
    old, new = mention("support", "first thing"), mention("support", "second thing")
    services.read_mentions(by=support, mention_ids=[new.pk])
    mention("auditor", "not for support")

    html = read(sign_in(support), INBOX)

    assert html.index("first thing") < html.index("second thing")
    assert "not for support" not in html
    assert "1 unread mention" in html
    assert f"#note-{old.note_id}" in html


def test_reading_takes_one_out_or_all(support, sign_in):
    first, _second = mention("support"), mention("support")
    client, url = sign_in(support), reverse("admin:read_mentions")

    client.post(url, {"ids": [first.pk]})
    assert services.unread_by(support).count() == 1
    client.post(url)
    assert services.unread_by(support).count() == 0


def test_nobody_reads_what_is_in_anothers_inbox(support, auditor, sign_in):
    other = mention("auditor")

    sign_in(support).post(reverse("admin:read_mentions"), {"ids": [other.pk, "rubbish", "-1"]})

    assert services.unread_by(auditor).count() == 1


def test_opening_an_order_reads_the_mentions_on_it(support, sign_in):
    found, other = mention("support"), mention("support")
    client = sign_in(support)

    read(client, page_of(found.note.order))
    assert services.unread_by(support).count() == 2
    here(client, found.note.order, "open")

    assert list(services.unread_by(support)) == [other]


def test_the_sidebar_counts_what_is_unread(support, sign_in):
    client = sign_in(support)
    mention("support")

    html = read(client, INBOX)

    at = html.index('href="/admin/orders/order/mentions/"')
    assert ">1<" in "".join(html[at : at + 1500].split())


def test_a_note_on_a_customer_is_mentioned_under_the_name_the_reader_may_see(
    fulfilment, sign_in, support
):
    customer = CustomerFactory(first_name="Ada", last_name="Lovelace")
    services.add_customer_note(customer_id=customer.pk, body="@fulfilment hello", by=support)

    html = read(sign_in(fulfilment), INBOX)

    assert "A••• L•••" in html
    assert "Lovelace" not in html


def test_a_note_cannot_put_markup_onto_a_page(support, sign_in):
    found = mention("support", "<script>alert(1)</script>\nnext & last")
    client = sign_in(support)

    for url in (INBOX, page_of(found.note.order)):
        html = read(client, url)
        assert "<script>alert(1)" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>next &amp; last" in html
        assert '<mark class="ow-mention"' in html


@pytest.mark.parametrize("role", ROLES)
def test_the_colleagues_pages_are_for_those_who_see_orders(role, make_user, sign_in):
    client = sign_in(make_user(role))
    order = OrderFactory()
    wanted = 200 if role in MAY_SEE else 403

    for name in ("mentions", "mentionable", "used_tags"):
        assert client.get(reverse(f"admin:{name}")).status_code == wanted, name
    assert here(client, order).status_code == wanted
    answer = client.post(reverse("admin:read_mentions"))
    assert answer.status_code == (302 if role in MAY_SEE else 403)


def test_what_writes_is_never_a_get_and_a_stranger_signs_in(client, support, sign_in):
    order = OrderFactory()
    known = sign_in(support)

    for url in (reverse("admin:read_mentions"), reverse("admin:order_here", args=[order.pk])):
        assert known.get(url).status_code == 405
        assert client.post(url).status_code == 302


# --- Presence ----------------------------------------------------------------------------------


def test_looking_at_a_workspace_makes_nobody_present(support, sign_in):
    read(sign_in(support), page_of(OrderFactory()))

    assert not Presence.objects.exists()


def test_the_others_see_who_is_at_work_in_banner_and_list_oneself_sees_nothing(
    support, fulfilment, auditor, sign_in
):
    order = OrderFactory()
    here(sign_in(support), order)

    assert "has been working on this" not in here(sign_in(support), order).content.decode()
    seen = here(sign_in(fulfilment), order).content.decode()
    assert "<strong>Support</strong> has been working on this" in seen
    assert "data-take-over" in seen
    assert "Support</strong> has been working" in read(sign_in(fulfilment), page_of(order))
    assert 'class="ol-dot"' in read(sign_in(fulfilment), LIST)
    assert "data-take-over" not in here(sign_in(auditor), order).content.decode()
    assert Presence.objects.get().user == support


def test_take_over_and_leave_by_the_page(support, fulfilment, sign_in):
    order = OrderFactory()
    here(sign_in(support), order)

    here(sign_in(fulfilment), order, "take_over")
    assert Presence.objects.get().user == fulfilment
    assert here(sign_in(fulfilment), order, "leave").status_code == 204
    assert Presence.objects.get().seen_at < timezone.now() - timedelta(seconds=60)


@pytest.mark.parametrize("key", ["0", "rubbish", "9" * 30])
def test_a_sign_of_life_on_no_order_is_a_404(key, support, sign_in):
    answer = sign_in(support).post(f"/admin/orders/order/{key}/here/", {"word": "open"})

    assert answer.status_code == 404


# --- What is offered ---------------------------------------------------------------------------


def test_active_colleagues_who_see_orders_are_offered_with_a_handle_that_means_them(
    support, fulfilment, admin, make_user, sign_in
):
    make_user("manager", email="femi@example.com", last_name="Adeyemi")
    gone = make_user("auditor")
    gone.is_active = False
    gone.save()
    CustomerFactory()

    offers = sign_in(support).get(reverse("admin:mentionable")).json()

    assert offers == [
        {"handle": "fulfilment", "name": "Fulfilment"},
        {"handle": "manager.adeyemi", "name": "Manager Adeyemi"},
    ]


def test_for_a_customer_only_those_who_see_customers_are_offered(support, merchandiser, sign_in):
    url = reverse("admin:mentionable")
    client = sign_in(support)

    assert [one["handle"] for one in client.get(url).json()] == ["merchandiser"]
    assert client.get(url, {"about": "customer"}).json() == []


def test_used_tags_are_offered_the_most_used_first(support, sign_in):
    orders = [OrderFactory() for _each in range(2)]
    services.tag_orders(order_ids=[o.pk for o in orders], names="vip", by=boss(), reason="")
    services.tag_order(order_id=orders[0].pk, names="gift", by=boss(), reason="")

    assert sign_in(support).get(reverse("admin:used_tags")).json() == ["vip", "gift"]


# --- Tags and days -----------------------------------------------------------------------------


def test_tags_are_put_on_and_taken_off_from_the_workspace_and_stand_on_its_timeline(
    support, sign_in
):
    order, client = OrderFactory(), sign_in(support)

    press(client, order, "tag", names="Gift, VIP")
    press(client, order, "untag", names="vip")

    html = read(client, page_of(order))
    assert [tag.name for tag in order.tags.all()] == ["gift"]
    assert "Tagged" in html
    assert "Untagged" in html
    assert "gift, vip" in html
    assert "?tag=gift" in html


def test_the_list_shows_tags_and_is_narrowed_down_by_one(support, sign_in):
    tagged, other = OrderFactory(), OrderFactory()
    services.tag_order(order_id=tagged.pk, names="call first", by=support, reason="")

    html = read(sign_in(support), LIST, tag="Call  First")

    assert tagged.number in html
    assert other.number not in html
    assert '<span class="ol-tag">call first</span>' in html


def test_a_refused_tag_says_why(support, sign_in):
    answer = press(sign_in(support), OrderFactory(), "tag", names="x" * 41)

    assert answer.status_code == 422
    assert "is longer than 40 characters" in answer.content.decode()


def test_the_follow_up_queue_has_what_is_due_the_longest_overdue_first(support, sign_in):
    today = timezone.localdate()
    client = sign_in(support)
    orders = [OrderFactory() for _each in range(3)]
    for order, days in zip(orders, (0, 1, 0), strict=True):
        press(client, order, "follow_up", on=(today + timedelta(days=days)).isoformat())

    read(client, LIST)  # what was said of each stands there
    html = read(client, LIST, queue="follow_up")

    assert orders[1].number not in html
    assert html.index(orders[0].number) < html.index(orders[2].number)
    assert "follow up today" in read(client, page_of(orders[0]))
    assert fresh(orders[1]).follow_up_on == today + timedelta(days=1)


def test_a_day_that_has_passed_is_refused_in_words(support, sign_in):
    answer = press(sign_in(support), OrderFactory(), "follow_up", on="2020-01-01")

    assert answer.status_code == 422
    assert "choose today or a later day" in answer.content.decode()


def test_who_only_looks_sees_tags_and_no_way_to_change_them(auditor, sign_in):
    order = OrderFactory()
    services.tag_order(order_id=order.pk, names="gift", by=boss(), reason="")

    html = read(sign_in(auditor), page_of(order))

    assert "?tag=gift" in html
    assert "ow-tag-form" not in html
    assert 'data-act="follow_up"' not in html
    assert press(sign_in(auditor), order, "tag", names="vip").status_code == 403


def test_hold_until_is_asked_and_shown(support, sign_in):
    order, client = OrderFactory(), sign_in(support)
    until = (timezone.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")

    press(client, order, "hold", reason="away", until=until)

    assert fresh(order).hold_until.strftime("%Y-%m-%dT%H:%M") == until
    assert "Released by itself on" in read(client, page_of(order))


def test_mentions_are_counted_without_a_query_for_each(support, sign_in):
    for _each in range(3):
        mention("support")

    html = read(sign_in(support), "/admin/")

    assert html.count("can you look?") == Mention.objects.count() == 3


def test_a_note_as_long_as_its_box_allows_is_kept_line_ends_and_all(support, sign_in):
    order, body = OrderFactory(), "x\r\n" * 1998 + "end"

    answer = press(sign_in(support), order, "add_note", body=body)

    assert answer.status_code == 302
    assert order.notes.get().body == body.replace("\r\n", "\n")
