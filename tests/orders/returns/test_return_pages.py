"""The pages of returns: the list, one return, the bench, the exchange, and what stands elsewhere."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from config.roles import ROLES
from orders.models import Return
from orders.states import RETURN_FLOW
from tests.conftest import ROLES as PERSONAS
from tests.orders.factories import boss
from tests.orders.returns.doing import (
    MAKERS,
    announced,
    inspected,
    line_of,
    received,
    shipped_order,
    withdrawn,
)
from tests.orders.returns.pages import hidden, html_of, page, text_of

pytestmark = pytest.mark.django_db

LIST = reverse("admin:orders_return_changelist")


# --- The list ---------------------------------------------------------------------------------


def test_the_queues_show_what_waits_for_whom(manager, sign_in):
    rows = {state: make() for state, make in MAKERS.items()}
    client = sign_in(manager)

    for queue, state in (
        ("requested", "requested"),
        ("to_inspect", "received"),
        ("to_settle", "inspected"),
        ("closed", "closed"),
        ("cancelled", "cancelled"),
    ):
        shown = text_of(client.get(f"{LIST}?queue={queue}"))
        assert rows[state].number in shown
        assert not any(row.number in shown for key, row in rows.items() if key != state)


def test_the_list_offers_the_next_step_to_those_who_may(fulfilment, support, sign_in):
    requested, arrived = announced(), received()

    bench, desk = (text_of(sign_in(user).get(LIST)) for user in (fulfilment, support))

    assert "Receive" in bench
    assert page(arrived, "inspect") in html_of(sign_in(fulfilment).get(LIST))
    assert page(arrived, "inspect") not in html_of(sign_in(support).get(LIST))
    assert page(requested, "act", "receive") not in html_of(sign_in(support).get(LIST))
    assert "Ada Lindqvist" in desk
    assert "Ada Lindqvist" not in bench


@pytest.mark.parametrize("words", ["{number}", "{digits}", "rma {digits}", "{order}"])
def test_a_return_is_found_by_its_number_and_its_orders(manager, sign_in, words):
    row, other = announced(), announced()
    digits = re.sub(r"\D", "", row.number)

    shown = text_of(
        sign_in(manager).get(
            LIST, {"q": words.format(number=row.number, digits=digits, order=row.order.number)}
        )
    )

    assert row.number in shown
    assert other.number not in shown


@pytest.mark.parametrize("query", ["q=%00", "status=%00", "location=%00", "queue=no", "p=99999"])
def test_rubbish_in_the_address_is_answered_with_a_page(manager, sign_in, query):
    announced()

    assert sign_in(manager).get(f"{LIST}?{query}").status_code < 500


def test_the_list_asks_the_database_no_more_for_many(
    manager, sign_in, django_assert_max_num_queries
):
    client = sign_in(manager)
    announced()
    client.get(LIST)
    with django_assert_max_num_queries(60) as few:
        client.get(LIST)
    for _ in range(4):
        announced()

    with django_assert_max_num_queries(len(few.captured_queries) + 1):
        client.get(LIST)


# --- One return -------------------------------------------------------------------------------


@pytest.mark.parametrize("state", MAKERS)
@pytest.mark.parametrize("role", PERSONAS)
def test_each_role_is_offered_what_the_table_says(role, state, make_user, sign_in):
    row = MAKERS[state]()
    client = sign_in(make_user(role))

    response = client.get(page(row))

    if "orders.view_return" not in ROLES[role]:
        assert response.status_code == 403
        return
    offered = set(re.findall(r'data-act="(\w+)"', html_of(response)))
    expected = {
        step.name
        for step in RETURN_FLOW.steps.values()
        if state in step.sources and step.permission_name in ROLES[role]
    }
    if state == "inspected" and "orders.refund_order" in ROLES[role]:
        expected.add("refund")
    assert offered == expected


def test_the_page_tells_who_did_what_when_and_why(support, sign_in):
    row = withdrawn()

    shown = text_of(sign_in(support).get(page(row)))

    assert "Return announced" in shown
    assert "Return withdrawn" in shown
    assert "kept after all" in shown


def test_the_page_masks_the_customer_for_those_who_see_masks(fulfilment, support, sign_in):
    row = inspected()

    assert "Ada Lindqvist" not in text_of(sign_in(fulfilment).get(page(row)))
    assert "Ada Lindqvist" in text_of(sign_in(support).get(page(row)))


def test_the_page_says_what_is_due(support, sign_in):
    row = inspected(damaged=1)

    shown = text_of(sign_in(support).get(page(row)))

    assert "25.00 EUR due" in shown
    assert "Worth of what came back 25.00 EUR" in shown


def test_a_page_is_not_posted_to_and_an_unknown_one_not_there(manager, sign_in):
    client = sign_in(manager)
    row = announced()

    assert client.post(page(row)).status_code == 405
    for name in ("change", "inspect", "exchange"):
        assert client.get(page(Return(pk=987_654), name)).status_code == 404


# --- The workspace ----------------------------------------------------------------------------


def test_the_order_offers_a_return_and_announces_it(support, sign_in):
    order = shipped_order()
    client = sign_in(support)
    url = reverse("admin:orders_order_act", args=[order.pk, "request_return"])
    assert url in html_of(client.get(reverse("admin:orders_order_change", args=[order.pk])))

    dialog = client.get(url)
    sent = hidden(dialog) | {
        f"lines-{line_of(order).pk}": "1",
        "reason_code": "faulty",
        "reason": "The lid is loose.",
    }
    client.post(url, sent)
    again = client.post(url, sent)

    row = Return.objects.get()
    assert (row.lines.get().quantity, row.note) == (1, "The lid is loose.")
    assert again.status_code == 302
    shown = text_of(client.get(reverse("admin:orders_order_change", args=[order.pk])))
    assert f"{row.number} · Return announced" in shown
    assert "Faulty" in shown


def test_an_order_of_which_nothing_left_offers_no_return(support, sign_in):
    from tests.orders.factories import OrderFactory

    order = OrderFactory(status="processing")

    shown = html_of(sign_in(support).get(reverse("admin:orders_order_change", args=[order.pk])))

    assert "request_return" not in shown
    assert 'id="returns"' not in shown


def test_the_orders_timeline_tells_of_its_returns(manager, sign_in):
    row = inspected(damaged=1)

    shown = text_of(sign_in(manager).get(reverse("admin:orders_order_change", args=[row.order_id])))

    assert "Returned goods inspected" in shown
    assert "1 sellable · 1 damaged · 0 missing" in shown
    assert "Returned" in shown


# --- Elsewhere --------------------------------------------------------------------------------


def test_the_palette_finds_a_return_by_its_number(support):
    from orders.return_cards import find_returns

    row = announced()

    (hit,) = find_returns(support, row.number.lower(), 5)

    assert (hit.title, hit.url, hit.is_exact) == (row.number, page(row), True)
    assert list(find_returns(support, "no such thing", 5)) == []
    assert list(find_returns(support, "RMA", 5)) == []


def test_the_home_page_shows_the_bench_what_waits(fulfilment, sign_in):
    row = received()

    shown = html_of(sign_in(fulfilment).get("/admin/"))

    assert page(row, "inspect") in shown
    assert boss().pk  # the one who received it is somebody else
