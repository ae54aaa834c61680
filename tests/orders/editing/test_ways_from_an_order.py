"""Where an order leads: editing, merging, duplicating, discounts, money paid too much."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from catalog.models import Product
from orders import services
from orders.models import Order
from tests.orders.admin.desk import buttons, page_of, press, read
from tests.orders.editing.forms import edit_url, form_of
from tests.orders.factories import OrderFactory, click, fresh

pytestmark = pytest.mark.django_db


def test_the_workspace_leads_to_editing_duplicating_and_merging(order, support, sign_in):
    OrderFactory(customer=order.customer)
    client = sign_in(support)

    html = read(client, page_of(order))

    assert {"edit", "duplicate", "merge", "discount", "discount_line"} <= buttons(
        html, is_open=True
    )
    assert edit_url(order) in html


def test_merging_is_grey_when_there_is_no_other_order(order, support, sign_in):
    html = read(sign_in(support), page_of(order))

    assert "merge" in buttons(html, is_open=False)
    assert "no other pending order" in html


def test_merge_is_offered_with_the_customers_other_orders_and_says_where_they_went(
    order, support, sign_in
):
    other = OrderFactory(customer=order.customer)
    client = sign_in(support)
    dialog = read(client, reverse("admin:orders_order_act", args=[order.pk, "merge"]))

    press(client, order, "merge", absorb_id=other.pk)

    assert f"{other.number} · 2 units · 29.90 EUR" in dialog
    assert f"{order.number}</a>." in read(client, page_of(other))
    kept = read(client, page_of(order))
    assert "Has the lines of" in kept
    assert "Took over another order" in kept


def test_a_duplicate_opens_as_a_draft_that_says_what_it_leaves_out(order, support, sign_in):
    pot = Product.objects.get(sku="POT")
    pot.status = "archived"
    pot.save()
    client = sign_in(support)

    answer = press(client, order, "duplicate")

    draft = Order.objects.get(copied_from=order)
    assert answer["Location"] == edit_url(draft)
    assert "Left out: POT." in read(client, edit_url(draft))
    assert "Copied from" in read(client, page_of(draft))


def test_a_line_is_discounted_from_its_dialog(order, support, sign_in):
    line = order.lines.get(sku="MUG")

    press(sign_in(support), order, "discount_line", line_id=line.pk, percent="50", reason="torn")

    assert fresh(order).subtotal == Decimal(30)


def test_money_that_is_paid_too_much_stands_on_the_page(order, support, manager, sign_in):
    with click(manager):
        manager.is_superuser = True
        services.record_payment(order_id=order.pk, amount=None, by=manager, reason="")
    client = sign_in(support)
    client.post(edit_url(order), form_of(order, **{"lines-0-quantity": 1}))

    html = read(client, page_of(order))

    assert "10.00 EUR paid too much" in html


def test_an_address_is_changed_from_its_dialog_which_has_the_present_one(order, support, sign_in):
    client = sign_in(support)
    dialog = read(client, reverse("admin:orders_order_act", args=[order.pk, "give_address"]))

    press(client, order, "give_address", name="Ada", line1="Pier 7", city="Bremen", country="DE")

    assert 'value="Kai 4"' in dialog
    after = fresh(order)
    assert after.shipping_address.line1 == "Pier 7"
    assert after.billing_address_id == after.shipping_address_id


def test_a_customers_page_offers_merging_beside_two_pending_orders_only(order, support, sign_in):
    client = sign_in(support)
    page = reverse("admin:orders_customer_change", args=[order.customer_id])
    merge = reverse("admin:orders_order_act", args=[order.pk, "merge"])
    alone = read(client, page)

    OrderFactory(customer=order.customer)

    assert merge not in alone
    assert merge in read(client, page)
