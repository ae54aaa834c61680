from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from backoffice.ids import uuid7
from catalog.models import Product
from orders import services
from orders.models import Customer, Order
from orders.services import LineDraft
from tests.conftest import ROLES
from tests.orders.admin.desk import page_of, press, read
from tests.orders.factories import CustomerFactory, OrderFactory, ProductFactory, fresh

pytestmark = pytest.mark.django_db

ADD = "/admin/orders/order/add/"


def edit_url(order: Order) -> str:
    return reverse("admin:orders_order_edit", args=[order.pk])


def sent(buyer: Customer, lines: list[tuple[Product | None, Any]], **more: Any) -> dict[str, Any]:
    """Return what the browser sends for these lines."""
    data = {
        "customer": str(buyer.pk),
        "channel": "phone",
        "shipping_fee": "4.90",
        "reason": "",
        "idempotency_key": uuid7().hex,
        "lines-TOTAL_FORMS": len(lines),
        "lines-INITIAL_FORMS": 0,
    }
    for place, (product, quantity) in enumerate(lines):
        data[f"lines-{place}-product"] = product.pk if product else ""
        data[f"lines-{place}-quantity"] = quantity
    return {**data, **more}


def test_a_draft_with_lines_is_written_by_the_form_and_then_placed(support, sign_in):
    mug, bowl = ProductFactory(price=Decimal("12.50")), ProductFactory(price=Decimal("30.00"))
    client = sign_in(support)

    answer = client.post(ADD, sent(CustomerFactory(), [(mug, 2), (bowl, 1), (None, 1)]))

    order = Order.objects.get()
    assert answer["Location"] == page_of(order)
    assert (order.status, order.total) == ("draft", Decimal("59.90"))
    press(client, order, "place", reason="she confirmed")
    placed = fresh(order)
    assert placed.status == "pending"
    assert placed.number.startswith("SO-")
    assert placed.facts.committed_units == 3


def test_the_saved_draft_shows_computed_totals(support, sign_in):
    client = sign_in(support)
    client.post(ADD, sent(CustomerFactory(), [(ProductFactory(), 2)]))

    html = read(client, page_of(Order.objects.get()))

    assert "25.00 EUR" in html
    assert "29.90 EUR" in html


def test_the_same_form_sent_twice_writes_one_draft(support, sign_in):
    form = sent(CustomerFactory(), [(ProductFactory(), 1)])
    client = sign_in(support)

    client.post(ADD, form)
    client.post(ADD, form)

    assert Order.objects.count() == 1


def test_a_draft_is_edited_line_by_line(support, sign_in):
    mug, bowl = ProductFactory(sku="MUG"), ProductFactory(sku="BOWL")
    order = OrderFactory(status="draft", lines=[(mug, 1)])
    client = sign_in(support)

    form = read(client, edit_url(order))
    client.post(
        edit_url(order),
        sent(
            order.customer,
            [(mug, 1), (bowl, 4)],
            **{"version": order.version, "lines-0-DELETE": "on"},
        ),
    )

    assert f"MUG · {mug.name} · 12.50 EUR · 20 in stock" in form
    assert [(line.sku, line.quantity) for line in order.lines.all()] == [("BOWL", 4)]


def test_a_draft_that_somebody_else_saved_is_not_written_over(support, sign_in):
    mug = ProductFactory()
    order = OrderFactory(status="draft", lines=[(mug, 1)])
    stale = Order.objects.get(pk=order.pk).version
    services.edit_draft(order_id=order.pk, by=support, reason="", lines=[LineDraft(mug.pk, 7)])
    client = sign_in(support)

    answer = client.post(edit_url(order), sent(order.customer, [(mug, 2)], version=stale))

    html = answer.content.decode()
    assert answer.status_code == 409
    assert "was changed by somebody else" in html
    assert order.lines.get().quantity == 7


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"customer": ""}, "This field is required."),
        ({"customer": "no-uuid"}, "not a valid"),
        ({"shipping_fee": "-1"}, "greater than or equal to 0"),
        ({"shipping_fee": "1e400"}, "Enter a number."),
        ({"shipping_fee": "1_0"}, "Enter a number."),
        ({"lines-0-quantity": "0"}, "greater than or equal to 1"),
        ({"lines-0-quantity": "x"}, "whole number"),
        ({"lines-0-product": ""}, None),
        ({"lines-0-quantity": "1_0"}, "whole number"),
        ({"lines-0-product": "999999"}, "not one of the available choices"),
        ({"lines-0-product": str(10**30)}, "not one of the available choices"),
        ({"channel": "telepathy"}, "not one of the available choices"),
    ],
)
def test_bad_input_is_answered_with_words_and_422(change, words, support, sign_in):
    form = sent(CustomerFactory(), [(ProductFactory(), 3)], **change)

    answer = sign_in(support).post(ADD, form)

    assert answer.status_code == 422
    assert not Order.objects.exists()
    assert words is None or words in answer.content.decode()


def test_a_product_that_is_not_for_sale_is_refused_with_its_sentence(support, sign_in):
    hidden = ProductFactory(status="draft")

    answer = sign_in(support).post(ADD, sent(CustomerFactory(), [(hidden, 1)]))

    assert answer.status_code >= 400
    assert hidden.sku in answer.content.decode()
    assert not Order.objects.exists()


def test_an_order_that_is_processed_is_not_edited_here(support, sign_in):
    order = OrderFactory(status="processing")
    client = sign_in(support)

    answer = client.post(
        edit_url(order), sent(order.customer, [(ProductFactory(), 1)]), follow=True
    )

    assert "“Edit” is only possible from pending" in answer.content.decode()
    assert fresh(order).total == order.total


@pytest.mark.parametrize("role", ROLES)
def test_only_roles_that_write_orders_reach_the_forms_and_their_lookups(role, make_user, sign_in):
    person = make_user(role)
    client = sign_in(person)
    order = OrderFactory(status="draft")
    may = person.has_perm("orders.add_order")

    for url in (
        ADD,
        edit_url(order),
        reverse("admin:orders_order_customers"),
        reverse("admin:orders_order_products"),
    ):
        assert client.get(url).status_code == (200 if may else 403), url
    if not may:
        answer = client.post(ADD, sent(order.customer, [(order.lines.get().product, 1)]))
        assert answer.status_code == 403
        assert Order.objects.count() == 1


def test_products_are_looked_up_with_price_and_stock_and_only_those_for_sale(support, sign_in):
    ProductFactory(sku="MUG-NAVY", name="Navy mug")
    ProductFactory(sku="MUG-OLD", name="Navy mug, old", status="archived")

    answer = sign_in(support).get(reverse("admin:orders_order_products"), {"term": "navy"})

    found = answer.json()["results"]
    assert [row["text"] for row in found] == ["MUG-NAVY · Navy mug · 12.50 EUR · 20 in stock"]
    assert found[0]["price"] == "12.50"


def test_customers_are_looked_up_by_name_and_email(support, sign_in):
    ada = CustomerFactory(first_name="Ada", last_name="Lovelace", email="ada@example.org")
    CustomerFactory(first_name="Grace", last_name="Hopper", email="grace@example.org")
    client = sign_in(support)

    for term in ("ada love", "ada@example.org"):
        answer = client.get(reverse("admin:orders_order_customers"), {"term": term})
        assert [row["id"] for row in answer.json()["results"]] == [str(ada.pk)]


def test_staff_are_no_customers(support, manager, sign_in):
    answer = sign_in(support).get(reverse("admin:orders_order_customers"), {"term": "manager"})

    assert answer.json()["results"] == []
