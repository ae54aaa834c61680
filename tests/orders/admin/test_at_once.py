"""Steps that need no dialog: the primary button posts at once, with a key and a version."""

from __future__ import annotations

import re

import pytest

from orders import services
from tests.orders.admin.desk import page_of, read
from tests.orders.factories import OrderFactory, boss, fresh, pay

pytestmark = pytest.mark.django_db


def form_of(html):
    """Return the address and the hidden answers of the page's one-press form."""
    form = re.search(r'<form class="ow-instant".*?</form>', html, re.DOTALL)
    if form is None:
        return None, {}
    fields = dict(re.findall(r'name="(idempotency_key|row_version)" value="([^"]*)"', form[0]))
    return re.search(r'action="([^"]*)"', form[0])[1], fields


def test_process_is_taken_by_one_press_from_the_workspace(support, sign_in):
    order, client = pay(OrderFactory()), sign_in(support)

    url, answers = form_of(read(client, page_of(order)))
    answer = client.post(url, answers, headers={"HX-Request": "true"})

    assert answer.status_code == 204
    assert answer["HX-Redirect"] == page_of(order)
    assert fresh(order).status == "processing"


def test_a_second_press_of_the_same_button_does_nothing_more(support, sign_in):
    order, client = pay(OrderFactory()), sign_in(support)
    url, answers = form_of(read(client, page_of(order)))

    first, second = client.post(url, answers), client.post(url, answers)

    assert (first.status_code, second.status_code) == (302, 302)
    assert order.history.filter(step="process").count() == 1


def test_a_stale_page_is_refused_with_the_dialog_in_place_of_the_step(support, sign_in):
    order, client = pay(OrderFactory()), sign_in(support)
    url, answers = form_of(read(client, page_of(order)))
    services.take_order(order_id=order.pk, by=boss(), reason="")

    answer = client.post(url, answers, headers={"HX-Request": "true"})

    assert answer.status_code == 409
    html = answer.content.decode()
    assert "was changed by somebody else" in html
    assert 'name="reason"' in html
    assert fresh(order).status == "pending"


def test_the_remark_is_still_asked_for_whoever_has_one(support, sign_in):
    order = pay(OrderFactory())

    html = read(sign_in(support), page_of(order))

    assert "Process with a remark" in html


def test_shipping_asks_first(fulfilment, sign_in):
    order = OrderFactory(status="processing")

    html = read(sign_in(fulfilment), page_of(order))

    assert form_of(html) == (None, {})
    assert 'data-act="ship"' in html


def test_release_and_complete_are_taken_at_once_too(support, sign_in):
    order = OrderFactory()
    services.hold_order(order_id=order.pk, by=boss(), reason="wait")
    client = sign_in(support)

    url, answers = form_of(read(client, page_of(order)))
    client.post(url, answers)

    assert url.endswith("/acts/release/")
    assert not fresh(order).is_held


def test_the_stepper_says_how_long_the_order_was_in_each_state(support, sign_in):
    order = OrderFactory(status="processing")

    html = read(sign_in(support), page_of(order))

    assert html.count('class="ow-spent"') == 3
    assert "for under a minute" in html
