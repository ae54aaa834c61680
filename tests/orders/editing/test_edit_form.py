"""The edit page of a pending order, as a browser uses it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from backoffice.ids import uuid7
from catalog.models import Product
from orders import services
from orders.models import Order
from orders.services import LineDraft
from tests.conftest import ROLES
from tests.orders.admin.desk import buttons, page_of, press, read
from tests.orders.factories import OrderFactory, ProductFactory, click, fresh, pay

pytestmark = pytest.mark.django_db


def edit_url(order: Order) -> str:
    return reverse("admin:orders_order_edit", args=[order.pk])


def preview_url(order: Order) -> str:
    return reverse("admin:orders_order_preview", args=[order.pk])


def form_of(order: Order, **changes: Any) -> dict[str, Any]:
    """Return what the browser sends when nothing was touched but `changes`."""
    order = fresh(order)
    data: dict[str, Any] = {
        "shipping_fee": str(order.shipping_fee),
        "discount": "",
        "discount_reason": "",
        "reason": "",
        "version": order.version,
        "idempotency_key": uuid7().hex,
    }
    lines = list(order.lines.order_by("pk"))
    for at, line in enumerate(lines):
        data |= {
            f"lines-{at}-product": line.product_id,
            f"lines-{at}-quantity": line.quantity,
            f"lines-{at}-discount": "",
            f"lines-{at}-discount_reason": "",
            f"lines-{at}-line_id": line.pk,
            f"lines-{at}-was": str(line.quantity),
        }
    data |= {"lines-TOTAL_FORMS": len(lines), "lines-INITIAL_FORMS": len(lines)}
    return {**data, **changes}


def with_line(form: dict[str, Any], product: Product, quantity: int) -> dict[str, Any]:
    at = form["lines-TOTAL_FORMS"]
    return {
        **form,
        "lines-TOTAL_FORMS": at + 1,
        f"lines-{at}-product": product.pk,
        f"lines-{at}-quantity": quantity,
    }


@pytest.fixture
def order():
    mug, pot = (ProductFactory(price=Decimal(p), sku=s) for p, s in ((10, "MUG"), (20, "POT")))
    return OrderFactory(lines=[(mug, 2), (pot, 1)], shipping_fee=Decimal(5))


def test_the_form_shows_frozen_prices_and_what_is_committed(order, support, sign_in):
    html = read(sign_in(support), edit_url(order))

    assert f"Edit {order.number}" in html
    assert "Frozen at 10.00 · 2 committed" in html
    assert 'name="customer"' not in html


def test_a_pending_order_is_edited_line_by_line_with_discounts(order, support, sign_in):
    pan = ProductFactory(price=Decimal(30), sku="PAN")
    client = sign_in(support)
    form = form_of(
        order,
        **{
            "lines-0-quantity": 4,
            "lines-0-discount": "10 %",
            "lines-0-discount_reason": "scratched",
            "lines-1-DELETE": "on",
            "discount": "6,00",
            "discount_reason": "loyal customer",
            "reason": "she called",
        },
    )

    answer = client.post(edit_url(order), with_line(form, pan, 1), follow=True)

    edited = fresh(order)
    assert {line.sku: (line.quantity, line.total) for line in edited.lines.all()} == {
        "MUG": (4, Decimal(36)),
        "PAN": (1, Decimal(30)),
    }
    assert edited.total == Decimal("65.00")
    html = answer.content.decode()
    assert "65.00 EUR more are to be paid." in html
    assert "−4.00 (10 %: scratched)" in html
    assert "loyal customer" in html
    assert "she called" in html


def test_the_preview_is_a_part_of_the_page_and_saves_nothing(order, support, sign_in):
    pay(order)
    before = fresh(order).version

    answer = sign_in(support).post(preview_url(order), form_of(order, **{"lines-0-quantity": 3}))

    html = " ".join(answer.content.decode().split())
    assert "<del>2</del> → <strong>3</strong>" in html
    assert "10.00 EUR more are to be paid." in html
    assert "POT" not in html
    assert fresh(order).version == before


def test_a_draft_has_no_preview_and_is_told_so(support, sign_in):
    draft = OrderFactory(status="draft")

    answer = sign_in(support).post(preview_url(draft), form_of(draft))

    assert answer.status_code == 200
    assert "draft" in answer.content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Nothing yet."),
        ({"lines-0-quantity": "x"}, "Fill in the marked fields"),
        ({"lines-0-quantity": "99"}, "MUG: 99 wanted, 20 available."),
        ({"lines-0-DELETE": "on", "lines-1-DELETE": "on"}, "Cancel the order instead."),
        ({"discount": "999", "discount_reason": "x"}, "is more than the 45.00 it is off"),
    ],
)
def test_the_preview_answers_with_words_whatever_is_typed(changes, words, order, support, sign_in):
    answer = sign_in(support).post(preview_url(order), form_of(order, **changes))

    assert answer.status_code == 200
    assert words in answer.content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lines-0-quantity": "0"}, "greater than or equal to 1"),
        ({"lines-0-discount": "ten"}, "Write an amount, or a percentage"),
        ({"lines-0-discount": "101 %"}, "Between 0 and 100 percent."),
        ({"lines-0-discount": "1.00"}, "Write why the customer pays less."),
        ({"discount": "-3"}, "Write an amount, or a percentage"),
        ({"discount": "5"}, "Write why the customer pays less."),
        ({"lines-0-line_id": "x"}, None),
        ({"shipping_fee": "NaN"}, "Enter a number."),
        ({"lines-0-quantity": "99"}, "MUG: 99 wanted, 20 available."),
        ({"lines-0-line_id": str(10**12)}, "There is no line"),
        ({"lines-0-line_id": str(10**30)}, None),
        ({"version": str(10**30)}, None),
        ({"lines-0-discount": "9" * 9, "lines-0-discount_reason": "x"}, "is more than the 20.00"),
    ],
)
def test_bad_input_is_answered_with_words_and_saves_nothing(
    changes, words, order, support, sign_in
):
    answer = sign_in(support).post(edit_url(order), form_of(order, **changes))

    assert 400 <= answer.status_code < 500
    assert words is None or words in answer.content.decode()
    assert fresh(order).total == order.total


def test_the_same_form_sent_twice_is_one_edit(order, support, sign_in):
    client, form = sign_in(support), form_of(order, **{"lines-0-quantity": 3})

    client.post(edit_url(order), form)
    client.post(edit_url(order), form)

    assert order.history.filter(step="edit").count() == 1


def test_two_editors_choose_part_by_part(order, support, manager, sign_in):
    form = form_of(
        order, **{"lines-0-quantity": 5, "lines-1-quantity": 4, "discount": "1.00"},
        discount_reason="loyal",
    )  # fmt: skip
    mug, pot = order.lines.order_by("pk")
    pan = ProductFactory(sku="PAN")
    with click(manager):
        services.edit_order(
            order_id=order.pk,
            lines=[
                LineDraft(mug.product_id, 3, line_id=mug.pk),
                LineDraft(pot.product_id, 1, line_id=pot.pk),
                LineDraft(pan.pk, 1),
            ],
            by=manager,
            reason="he wrote",
        )
    client = sign_in(support)

    answer = client.post(edit_url(order), form)

    html = " ".join(answer.content.decode().split())
    assert answer.status_code == 409
    assert "was changed by somebody else" in html
    assert html.count("both changed") == 1
    assert 'data-label="Now">3</td> <td data-label="Yours">5</td>' in html
    assert "PAN (1)" in html
    assert fresh(order).lines.get(product=mug.product_id).quantity == 3

    merged = {**form, "merge": "1", "version": fresh(order).version}
    merged |= {"mine": [f"line-{pot.pk}", "discount"], "idempotency_key": uuid7().hex}
    client.post(edit_url(order), merged)

    after = fresh(order)
    assert {line.sku: line.quantity for line in after.lines.all()} == {"MUG": 3, "POT": 4, "PAN": 1}
    assert after.discount == Decimal(1)


def test_a_line_that_somebody_else_removed_is_a_conflict_only_if_i_changed_it(
    order, support, manager, sign_in
):
    form = form_of(order, **{"lines-0-quantity": 5})
    mug, _pot = order.lines.order_by("pk")
    pan = ProductFactory(sku="PAN")
    with click(manager):
        services.edit_order(
            order_id=order.pk, lines=[LineDraft(pan.pk, 1)], by=manager, reason="he wrote"
        )
    client = sign_in(support)

    html = client.post(edit_url(order), form).content.decode()
    merged = {**form, "merge": "1", "version": fresh(order).version, "mine": [f"line-{mug.pk}"]}
    client.post(edit_url(order), {**merged, "idempotency_key": uuid7().hex})

    assert html.count('name="mine"') == 1
    skus = {line.sku: line.quantity for line in fresh(order).lines.all()}
    assert skus == {"PAN": 1, "MUG": 5}


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


@pytest.mark.parametrize("role", ROLES)
def test_only_roles_that_change_orders_reach_form_and_preview(role, order, make_user, sign_in):
    person = make_user(role)
    client = sign_in(person)
    may = person.has_perm("orders.change_order")

    assert client.get(edit_url(order)).status_code == (200 if may else 403)
    assert client.post(preview_url(order), form_of(order)).status_code == (200 if may else 403)
    answer = client.post(edit_url(order), form_of(order, shipping_fee="1.00"))
    assert answer.status_code == (302 if may else 403)
    assert fresh(order).shipping_fee == (Decimal(1) if may else Decimal(5))


@pytest.mark.parametrize("number", [2, 9])
def test_form_and_preview_ask_the_database_a_bounded_number_of_times(
    number, support, sign_in, django_assert_max_num_queries
):
    order = OrderFactory(lines=[(ProductFactory(), 1) for _ in range(number)])
    client = sign_in(support)
    client.get(edit_url(order))

    with django_assert_max_num_queries(26):
        client.get(edit_url(order))
    with django_assert_max_num_queries(36 + number):
        client.post(preview_url(order), form_of(order, shipping_fee="1.00"))


def test_a_customers_page_offers_merging_beside_two_pending_orders_only(order, support, sign_in):
    client = sign_in(support)
    page = reverse("admin:orders_customer_change", args=[order.customer_id])
    merge = reverse("admin:orders_order_act", args=[order.pk, "merge"])
    alone = read(client, page)

    OrderFactory(customer=order.customer)

    assert merge not in alone
    assert merge in read(client, page)
