"""The edit page of a pending order, as a browser uses it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice.ids import uuid7
from orders import services
from orders.services import LineDraft
from tests.conftest import ROLES
from tests.orders.admin.desk import read
from tests.orders.editing.forms import edit_url, form_of, preview_url, with_line
from tests.orders.factories import OrderFactory, ProductFactory, click, fresh, pay

pytestmark = pytest.mark.django_db


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
