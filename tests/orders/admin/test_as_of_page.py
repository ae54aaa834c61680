"""An order's page of the past: the time in the address, presets, differences, masks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from backoffice import changes
from backoffice.as_of import Instant, query_of
from orders import services
from orders.as_of import OrderPast
from orders.models import Order
from tests.conftest import ROLES
from tests.orders.factories import OrderFactory, ProductFactory, boss, click

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(db) -> Order:
    with click(boss()):
        return OrderFactory(lines=[(ProductFactory(name="Mug", stock=9), 2)])


def address(order: Order, instant: Instant | None = None) -> str:
    url = reverse("admin:orders_order_as_of", args=[order.pk])
    return f"{url}?{query_of(instant)}" if instant else url


def cells(view, title: str) -> list[list[str]]:
    section = next(s for s in view.sections if s.title == title)
    return [[cell.then for cell in line.cells] for line in section.lines]


def test_an_order_is_shown_with_lines_stock_and_money_as_it_was(support, sign_in, order):
    before = timezone.now()
    with click(support):
        services.take_payment(order_id=order.pk, token="tok_visa", by=boss(), reason="")
    with click(support):
        services.process_order(order_id=order.pk, by=support, reason="")
        services.tag_orders(order_ids=[order.pk], names=["gift"], by=support, reason="")

    page = sign_in(support).get(address(order, Instant(before)))

    view = page.context["view"]
    then, now = view.badges[0]
    assert (then.name, now.name) == ("pending", "processing")
    assert [then.name for then, _now in view.badges[1:]] == ["unpaid", "unfulfilled"]
    assert cells(view, "Lines")[0][2:4] == ["2", "2"]
    assert cells(view, "Lines")[0][-1] == "7"
    money = next(s for s in view.sections if s.title == "Payments and refunds")
    assert [line.fate for line in money.lines] == ["since", "since"]
    tags = dict(view.facts)["Tags"]
    assert (tags.then, tags.now) == ("", "gift")
    assert "You are looking at the past" in page.content.decode()
    assert page.context["clicks_since"] == 2


def test_what_is_the_same_is_not_marked(support, sign_in, order):
    page = sign_in(support).get(address(order, Instant(timezone.now())))

    assert page.context["view"].differences == 0
    assert "Nothing is different now." in page.content.decode()


def test_before_an_order_was_written_there_was_none(support, sign_in, order):
    page = sign_in(support).get(address(order, Instant(datetime(2020, 1, 1, tzinfo=UTC))))

    assert page.context["view"] is None
    assert "It was not there at that time." in page.content.decode()
    made = sign_in(support).get(page.context["first_url"])
    assert made.context["view"] is not None


def test_each_entry_of_the_timeline_leads_to_the_order_before_it(support, sign_in, order):
    with click(support):
        services.hold_order(order_id=order.pk, by=support, reason="The address looks odd")
    client = sign_in(support)
    workspace = client.get(reverse("admin:orders_order_change", args=[order.pk]))
    entry = workspace.context["ws"].timeline[0].entries[0]

    page = client.get(f"{address(order)}?{entry.before_query}")

    held = dict(page.context["view"].facts)["On hold"]
    assert (held.then, held.now) == ("", "The address looks odd")
    assert "just before this" in page.content.decode()


def test_clicks_at_the_very_same_moment_are_parted_in_their_order(support):
    """A replay writes with one clock: the order of its clicks is the order of their change sets."""
    moment = timezone.now() + timedelta(days=1)
    mug, boss_ = ProductFactory(stock=9), boss()
    order = OrderFactory(lines=[(mug, 2)])
    ids = []
    for name in ("first", "second", "third"):
        with changes.change(separate=True, by=boss_, at=moment) as made:
            services.tag_orders(order_ids=[order.pk], names=[name], by=boss_, reason="")
            ids.append(made.row().pk)

    past = OrderPast(order.pk)
    seen = [past.at(Instant(moment, before)).tags for before in ids]
    assert seen == [[], ["first"], ["first", "second"]]
    assert past.at(Instant(moment)).tags == ["first", "second", "third"]


def test_a_time_of_ones_own_clock_becomes_one_that_everybody_reads_the_same(
    support, sign_in, order
):
    response = sign_in(support).get(address(order), {"at": "2026-03-01T12:00"})

    assert response.status_code == 302
    assert "at=2026-03-01T12:00:00Z" in response.url


@pytest.mark.parametrize("at", ["yesterday", "9999-12-31T23:59", "2026-02-30T10:00", "\0", "1e9"])
def test_a_time_that_is_none_is_said_so(support, sign_in, order, at):
    page = sign_in(support).get(address(order), {"at": at})

    assert page.status_code == 200
    assert page.context["form"].errors
    assert "view" not in page.context


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "99999999"])
def test_a_click_that_never_was_takes_nothing_away(support, sign_in, order, before):
    url = address(order, Instant(timezone.now()))

    page = sign_in(support).get(f"{url}&before={before}")

    assert page.context["view"].differences == 0


def test_two_clicks_lead_from_the_order_to_yesterday_noon(support, sign_in, order):
    """The menu is open after the first one; the second is a preset."""
    page = sign_in(support).get(reverse("admin:orders_order_change", args=[order.pk]))

    label, url = page.context["as_of"]["presets"][0]

    assert str(label) == "Yesterday 12:00"
    assert sign_in(support).get(url).status_code == 200
    noon = timezone.localtime(timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT12:00:00Z")
    assert noon in url


def test_it_costs_the_same_for_one_change_and_for_twenty(support, sign_in, order):
    client, instant = sign_in(support), Instant(timezone.now())
    client.get(address(order, instant))
    with CaptureQueriesContext(connection) as few:
        client.get(address(order, instant))
    for number in range(10):
        with click(support):
            services.hold_order(order_id=order.pk, by=support, reason=f"{number}")
            services.release_order(order_id=order.pk, by=support, reason="")

    with CaptureQueriesContext(connection) as many:
        client.get(address(order, instant))

    assert len(many) <= len(few)
    assert len(many) <= 32


@pytest.mark.parametrize("role", ROLES)
def test_it_is_for_whoever_sees_orders_and_masks_as_the_order_does(role, request, sign_in, order):
    user = request.getfixturevalue(role)
    page = sign_in(user).get(address(order, Instant(timezone.now())))

    assert page.status_code == (200 if user.has_perm("orders.view_order") else 403)
    if page.status_code == 200:
        seen = "Ada Lindqvist" in page.content.decode()
        # A parcel's address has the name on it.
        assert seen is any(map(user.has_perm, ["orders.reveal_customer", "orders.view_address"]))


def test_it_can_only_be_read(support, sign_in, order):
    for method in ("post", "put", "patch", "delete"):
        assert getattr(sign_in(support), method)(address(order)).status_code == 405
