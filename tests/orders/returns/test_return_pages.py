"""The pages of returns: the list, one return, the bench, the exchange, and what stands elsewhere."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from config.roles import ROLES
from orders.models import Order, Return
from orders.services.returns import fresh_return
from orders.states import RETURN_FLOW
from tests.conftest import ROLES as PERSONAS
from tests.orders.factories import ProductFactory, boss, fresh
from tests.orders.returns.doing import (
    MAKERS,
    announced,
    inspected,
    line_of,
    received,
    shipped_order,
    withdrawn,
)

pytestmark = pytest.mark.django_db

LIST = reverse("admin:orders_return_changelist")


def page(row, name="change", *args):
    return reverse(f"admin:orders_return_{name}", args=[row.pk, *args])


def text_of(response) -> str:
    words = re.sub(
        r"<(script|style).*?</\1>|<[^>]+>", " ", response.content.decode(), flags=re.DOTALL
    )
    return " ".join(words.split())


def hidden(response) -> dict[str, str]:
    """Return the hidden fields of a form as it was shown."""
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', _html(response))
    return {name: value for name, value in fields if name != "csrfmiddlewaretoken"}


def _html(response) -> str:
    return response.content.decode()


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
    assert page(arrived, "inspect") in _html(sign_in(fulfilment).get(LIST))
    assert page(arrived, "inspect") not in _html(sign_in(support).get(LIST))
    assert page(requested, "act", "receive") not in _html(sign_in(support).get(LIST))
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
    offered = set(re.findall(r'data-act="(\w+)"', _html(response)))
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
    assert url in _html(client.get(reverse("admin:orders_order_change", args=[order.pk])))

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

    shown = _html(sign_in(support).get(reverse("admin:orders_order_change", args=[order.pk])))

    assert "request_return" not in shown
    assert 'id="returns"' not in shown


def test_the_orders_timeline_tells_of_its_returns(manager, sign_in):
    row = inspected(damaged=1)

    shown = text_of(sign_in(manager).get(reverse("admin:orders_order_change", args=[row.order_id])))

    assert "Returned goods inspected" in shown
    assert "1 sellable · 1 damaged · 0 missing" in shown
    assert "Returned" in shown


# --- The bench --------------------------------------------------------------------------------


def test_the_bench_starts_with_everything_sellable_and_is_sent_once(fulfilment, sign_in):
    row = received()
    client, key = sign_in(fulfilment), line_of(row.order).pk
    url = page(row, "inspect")
    bench = client.get(url)
    assert re.search(rf'name="sellable-{key}" value="2"', _html(bench))

    sent = hidden(bench) | {f"sellable-{key}": "1", f"damaged-{key}": "1", f"missing-{key}": ""}
    first, again = client.post(url, sent), client.post(url, sent)

    assert (first.status_code, again.status_code) == (302, 302)
    assert first.url == again.url == page(row)
    part = fresh_return(row.pk).lines.get()
    assert (part.sellable, part.damaged, part.missing) == (1, 1, 0)
    assert row.history.filter(step="inspect").count() == 1


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (("1", "0", "0"), "add up to 1, not to the 2 announced"),
        (("2", "1", "0"), "add up to 3, not to the 2 announced"),
        (("", "", ""), "add up to 0"),
        (("-1", "3", "0"), "greater than or equal to 0"),
        (("1e0", "1", "0"), "whole number"),
        (("99999999999999999999", "0", "0"), "less than or equal to 2"),
        (("x", "0", "0"), "whole number"),
    ],
)
def test_the_bench_refuses_numbers_that_do_not_add_up(fulfilment, sign_in, numbers, said):
    row = received()
    client, key = sign_in(fulfilment), line_of(row.order).pk
    url = page(row, "inspect")
    names = (f"sellable-{key}", f"damaged-{key}", f"missing-{key}")

    response = client.post(url, hidden(client.get(url)) | dict(zip(names, numbers, strict=True)))

    assert response.status_code == 422
    assert said in text_of(response)
    assert fresh_return(row.pk).status == "received"


def test_the_bench_tells_whoever_comes_second_what_happened(fulfilment, sign_in):
    row = received()
    client, key = sign_in(fulfilment), line_of(row.order).pk
    url = page(row, "inspect")
    sent = {f"sellable-{key}": "2"}
    mine, theirs = hidden(client.get(url)), hidden(client.get(url))
    client.post(url, theirs | sent)

    response = client.post(url, mine | sent)

    assert response.status_code == 409
    assert "somebody else" in text_of(response)
    assert client.get(url).url == page(row)


@pytest.mark.parametrize("role", PERSONAS)
@pytest.mark.parametrize("name", ["inspect", "exchange"])
def test_a_role_opens_a_page_only_if_the_table_says_so(role, name, make_user, sign_in):
    row = received() if name == "inspect" else inspected()
    client = sign_in(make_user(role))

    answers = {client.get(page(row, name)).status_code, client.post(page(row, name)).status_code}

    expected = {200, 422} if f"orders.{name}_return" in ROLES[role] else {403}
    assert answers == expected
    assert client.put(page(row, name)).status_code in {403, 405}


# --- The exchange -----------------------------------------------------------------------------


def exchange_form(client, row, product, units="1", **more):
    shown = hidden(client.get(page(row, "exchange")))
    return shown | {
        "lines-TOTAL_FORMS": "1",
        "lines-INITIAL_FORMS": "0",
        "lines-0-product": str(product),
        "lines-0-quantity": units,
        "shipping_fee": "0.00",
        **more,
    }


def test_the_exchange_proposes_the_same_again(support, sign_in):
    row = inspected(damaged=1)

    shown = _html(sign_in(support).get(page(row, "exchange")))

    assert line_of(row.order).sku in shown
    assert re.search(r'name="lines-0-quantity" value="2"', shown)
    assert 'data-due="25.00"' in shown


def test_the_exchange_is_placed_once(support, sign_in):
    row, pot = inspected(), ProductFactory(price=Decimal("20.00"))
    client = sign_in(support)
    sent = exchange_form(client, row, pot.pk)

    first, again = (client.post(page(row, "exchange"), sent) for _ in range(2))

    assert first.url == again.url == page(row)
    new = fresh(Order.objects.exclude(pk=row.order_id).get())
    assert (new.total, new.facts.net_paid) == (Decimal(20), Decimal(20))
    shown = text_of(client.get(page(row)))
    assert "5.00 EUR are left to be refunded" in shown
    assert f"Credited to {new}" in shown


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"lines-0-quantity": "0"}, 422),
        ({"lines-0-quantity": "x"}, 422),
        ({"lines-0-product": "987654"}, 422),
        ({"lines-0-product": ""}, 422),
        ({"shipping_fee": "-1"}, 422),
        ({"shipping_fee": "1e5"}, 422),
        ({"lines-0-quantity": "21"}, 409),
        ({"version": "99"}, 409),
        ({"lines-TOTAL_FORMS": "x"}, 422),
    ],
)
def test_the_exchange_refuses_with_a_page(support, sign_in, change, status):
    row, pot = inspected(), ProductFactory()
    client = sign_in(support)

    response = client.post(page(row, "exchange"), exchange_form(client, row, pot.pk) | change)

    assert response.status_code == status
    assert Order.objects.count() == 1
    assert fresh_return(row.pk).exchange is None


def test_a_closed_page_leads_back_with_the_sentence(support, sign_in):
    row = withdrawn()

    response = sign_in(support).get(page(row, "exchange"), follow=True)

    assert response.redirect_chain[-1][0] == page(row)
    assert "is cancelled; “Exchange” is only possible from inspected" in text_of(response)


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

    shown = _html(sign_in(fulfilment).get("/admin/"))

    assert page(row, "inspect") in shown
    assert boss().pk  # the one who received it is somebody else
