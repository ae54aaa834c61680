from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice.ids import uuid7
from orders import services
from orders.customers import customer_page, with_totals
from orders.models import Address, Contact, Customer
from tests.conftest import ROLES
from tests.orders.admin.desk import read
from tests.orders.factories import CustomerFactory, OrderFactory, boss

pytestmark = pytest.mark.django_db

LIST = "/admin/orders/customer/"
ADD = "/admin/orders/customer/add/"
NEW = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "Ada@Example.com",
    "phone": "+44 1",
    "line1": "12 St James's Square",
    "city": "London",
    "country": "GB",
    "reason": "",
}


def page_of(customer) -> str:
    return reverse("admin:orders_customer_change", args=[customer.pk])


@pytest.mark.parametrize("role", ROLES)
def test_list_and_page_are_masked_unless_the_role_reveals_customers(role, make_user, sign_in):
    person = make_user(role)
    client = sign_in(person)
    customer = CustomerFactory(email="ada@example.com")
    OrderFactory(customer=customer)
    if not person.has_perm("orders.view_customer"):
        assert client.get(LIST).status_code == client.get(page_of(customer)).status_code == 403
        return

    for url in (LIST, page_of(customer)):
        html = read(client, url)
        reveals = person.has_perm("orders.reveal_customer")
        assert ("ada@example.com" in html) is reveals, url
        assert ("a•••@example.com" in html) is not reveals, url


def test_the_page_shows_orders_and_lifetime_value_without_cancelled_ones(support, sign_in):
    customer = CustomerFactory()
    kept = [OrderFactory(customer=customer) for _each in range(2)]
    OrderFactory(customer=customer, status="cancelled")
    OrderFactory(customer=customer, status="draft")

    html = read(sign_in(support), page_of(customer))

    assert f"{sum((order.total for order in kept), Decimal(0)):,.2f} EUR" in html
    assert all(order.number in html for order in kept)
    assert reverse("admin:orders_order_add") in html


def test_a_customer_is_made_by_the_form_with_contact_and_address(support, sign_in):
    answer = sign_in(support).post(ADD, NEW)

    customer = Customer.objects.get(email="ada@example.com")
    assert answer.status_code == 302
    assert not customer.has_usable_password()
    assert Contact.objects.get(customer=customer).phone == "+44 1"
    assert Address.objects.get(customer=customer).city == "London"


def test_an_address_that_is_taken_is_refused_with_a_sentence(support, sign_in):
    CustomerFactory(email="ada@example.com")

    answer = sign_in(support).post(ADD, NEW)

    assert answer.status_code in {409, 422}
    assert "already here" in answer.content.decode()


def test_half_an_address_makes_nothing_at_all(support, sign_in):
    answer = sign_in(support).post(ADD, {**NEW, "city": ""})

    assert answer.status_code == 422
    assert "street and city are needed" in answer.content.decode()
    assert not Customer.objects.exists()


def test_a_customer_cannot_be_edited_here(manager, sign_in):
    customer = CustomerFactory()

    answer = sign_in(manager).post(page_of(customer), {"email": "other@example.com"})

    assert answer.status_code == 405
    assert Customer.objects.get(pk=customer.pk).email == customer.email


def test_who_sees_masks_cannot_find_people_by_guessing_letters(auditor, support, sign_in):
    CustomerFactory(email="ada@example.com", first_name="Ada")
    client = sign_in(auditor)

    assert "a•••@example.com" not in read(client, LIST, q="ad")
    assert "a•••@example.com" in read(client, LIST, q="ada@example.com")
    assert "ada@example.com" in read(sign_in(support), LIST, q="ad")


def test_the_stock_autocomplete_tells_masked_roles_no_names(auditor, sign_in):
    CustomerFactory(first_name="Ada")
    url = reverse("admin:autocomplete")
    field = {"app_label": "orders", "model_name": "order", "field_name": "customer", "term": "a"}

    assert "Ada" not in sign_in(auditor).get(url, field).content.decode()


def test_the_history_of_a_customer_leads_to_the_page_that_masks(auditor, sign_in):
    customer = CustomerFactory()
    client = sign_in(auditor)
    url = reverse("admin:orders_customer_history", args=[customer.pk])

    assert client.get(url)["Location"] == page_of(customer)
    assert client.post(url).status_code == 405


def test_the_page_shows_what_is_still_to_be_paid_and_the_average(support, sign_in):
    customer = CustomerFactory()
    unpaid, paid = (
        OrderFactory(customer=customer),
        OrderFactory(customer=customer, status="completed"),
    )
    OrderFactory(customer=customer, status="cancelled")

    tiles = dict(customer_page(with_totals(Customer.objects.all()).get(), user=support).tiles)

    assert tiles["Still to be paid"] == f"{unpaid.total:,.2f} EUR"
    assert tiles["Average order"] == f"{(unpaid.total + paid.total) / 2:,.2f} EUR"
    assert tiles["Orders"] == "2"


def test_sums_of_two_currencies_are_never_added_up(support):
    customer = CustomerFactory()
    OrderFactory(customer=customer)
    foreign = OrderFactory(customer=customer)
    foreign.currency = "USD"
    foreign.save()

    read_back = with_totals(Customer.objects.all()).get()
    tiles = dict(customer_page(read_back, user=support).tiles)

    assert tiles["Lifetime value"] == f"{foreign.total:,.2f} EUR + {foreign.total:,.2f} USD"
    assert tiles["Average order"] == "–"
    assert read_back.lifetime_value == foreign.total


def test_the_page_shows_tags_notes_and_earlier_contacts(support, manager, sign_in):
    customer = CustomerFactory(email="ada@example.com")
    order = OrderFactory(customer=customer)
    services.tag_order(order_id=order.pk, names="vip", by=support, reason="")
    services.record_contact(
        customer_id=customer.pk, name="Ada King", email="king@example.com", phone="", by=support,
        reason="married",
    )  # fmt: skip
    client = sign_in(support)
    url = reverse("admin:orders_customer_act", args=[customer.pk, "add_note"])

    answer = client.post(
        url, {"idempotency_key": uuid7().hex, "body": "Two lines,\n@manager <b>bold</b>"}
    )

    assert answer.status_code == 302
    html = read(client, page_of(customer))
    assert "?tag=vip" in html
    assert "Ada King" in html
    assert "ada@example.com" in html
    assert 'title="Manager">@manager</mark> &lt;b&gt;bold&lt;/b&gt;' in html
    assert services.unread_by(manager).count() == 1


def test_who_sees_masks_sees_the_contacts_masked_and_no_box_to_write_in(auditor, sign_in):
    customer = CustomerFactory(email="ada@example.com")
    services.record_contact(
        customer_id=customer.pk, name="Ada King", email="king@example.com", phone="123456", by=boss(),
        reason="married",
    )  # fmt: skip

    html = read(sign_in(auditor), page_of(customer))

    assert "k•••@example.com" in html or "A••• K•••" in html
    assert "King" not in html
    assert "king@" not in html
    assert 'name="body"' not in html


def test_the_queries_of_the_page_do_not_grow_with_its_orders(support, sign_in):
    customer, client = CustomerFactory(), sign_in(support)
    OrderFactory(customer=customer)
    services.add_customer_note(customer_id=customer.pk, body="one", by=support)

    def queries():
        client.get(page_of(customer))
        with CaptureQueriesContext(connection) as caught:
            client.get(page_of(customer))
        return len(caught)

    few = queries()
    for _each in range(4):
        order = OrderFactory(customer=customer)
        services.tag_order(order_id=order.pk, names="vip, gift", by=support, reason="")
        services.add_customer_note(customer_id=customer.pk, body="@support more", by=boss())

    assert queries() == few
