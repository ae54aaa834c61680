"""The bench and the exchange: what is typed, what comes back, what is refused."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from config.roles import ROLES
from orders.models import Order
from orders.services.returns import fresh_return
from tests.conftest import ROLES as PERSONAS
from tests.orders.factories import ProductFactory, fresh
from tests.orders.returns.doing import (
    inspected,
    line_of,
    received,
    withdrawn,
)
from tests.orders.returns.pages import hidden, html_of, page, text_of

pytestmark = pytest.mark.django_db

LIST = reverse("admin:orders_return_changelist")


# --- The bench --------------------------------------------------------------------------------


def test_the_bench_starts_with_everything_sellable_and_is_sent_once(fulfilment, sign_in):
    row = received()
    client, key = sign_in(fulfilment), line_of(row.order).pk
    url = page(row, "inspect")
    bench = client.get(url)
    assert re.search(rf'name="sellable-{key}" value="2"', html_of(bench))

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

    shown = html_of(sign_in(support).get(page(row, "exchange")))

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
