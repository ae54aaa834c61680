"""What roles that see masks could read past them: searches, change sets, the record's pages."""

from __future__ import annotations

import pytest

from backoffice.models import ChangeSet
from orders.models import Order
from tests.orders.admin.desk import press, read
from tests.orders.factories import OrderFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/orders/order/"
ADD_CUSTOMER = "/admin/orders/customer/add/"


def set_page(change_set_id) -> str:
    return f"/admin/backoffice/changeset/{change_set_id}/change/"


@pytest.fixture
def order(support, sign_in) -> Order:
    """An order for Ada Lindqvist, Kai 4, Kiel: placed, so that it names contact and address."""
    order = OrderFactory(status="draft")
    assert press(sign_in(support), order, "place").status_code == 302
    order.refresh_from_db()
    return order


@pytest.mark.parametrize("words", ["Ada", "ada lindqvist", "L"])
def test_who_sees_masks_finds_no_order_by_guessing_a_name(words, order, auditor, sign_in):
    assert order.number not in read(sign_in(auditor), LIST, q=words)


def test_who_sees_masks_finds_orders_by_number_and_by_a_whole_address(order, auditor, sign_in):
    client = sign_in(auditor)

    for words in (order.number, order.contact.email):
        assert f">{order.number}<" in read(client, LIST, q=words)


def test_who_reads_parcels_finds_orders_by_name(order, support, fulfilment, sign_in):
    for person in (support, fulfilment):
        assert f">{order.number}<" in read(sign_in(person), LIST, q="Lindqvist")


@pytest.mark.parametrize("role", ["auditor", "admin"])
def test_a_change_set_names_no_customer_to_roles_that_see_masks(role, order, make_user, sign_in):
    placed = order.history.filter(step="place").get()

    html = read(sign_in(make_user(role)), set_page(placed.change_set_id))

    assert f"#{order.contact_id}" in html
    for personal in ("Ada", "Lindqvist", "Kai 4", order.contact.email):
        assert personal not in html


def test_a_change_set_names_customers_to_those_who_may_read_them(order, manager, sign_in):
    placed = order.history.filter(step="place").get()

    html = read(sign_in(manager), set_page(placed.change_set_id))

    assert "Ada Lindqvist" in html
    assert "Kai 4" in html


def test_the_change_set_of_a_new_customer_does_not_name_them(support, auditor, sign_in):
    sign_in(support).post(
        ADD_CUSTOMER, {"first_name": "Grete", "last_name": "", "email": "grete@example.com"}
    )
    made = ChangeSet.objects.latest("pk")

    html = read(sign_in(auditor), set_page(made.pk))

    assert "Users" in html
    assert "Grete" not in html
    assert "grete@" not in html
