"""The checkout: whom, where, and one order for one click."""

import pytest
from django.test import Client

from catalog import services as catalog
from orders.models import Address, CartLine, Contact, Order
from tests.orders.factories import CustomerFactory, ProductFactory, boss

pytestmark = [pytest.mark.django_db, pytest.mark.row("O2")]

CHECKOUT = "/checkout/"


@pytest.fixture
def customer():
    return CustomerFactory()


@pytest.fixture
def shopper(client, customer):
    client.force_login(customer)
    mug = ProductFactory(name="Harbour Mug", stock=5)
    client.post("/cart/add/", {"product": str(mug.uuid), "units": "2"})
    client.mug = mug
    return client


def typed(client, **more):
    page = client.get(CHECKOUT)
    hidden = page.context["form"].initial
    return {
        "name": "Ada Lindqvist", "email": "ada@example.com", "phone": "+49 431 1",
        "shipping_line1": "Kai 4", "shipping_postal_code": "24103", "shipping_city": "Kiel",
        "shipping_country": "DE", "is_billed_there": "on",
        "key": hidden["key"], "stamp": hidden["stamp"], **more,
    }  # fmt: skip


def test_a_cart_becomes_an_order_that_waits_for_its_payment(shopper, customer):
    answer = shopper.post(CHECKOUT, typed(shopper))

    order = Order.objects.get()
    assert answer.url == f"/orders/{order.uuid}/"
    assert (order.customer_id, order.status, order.channel) == (customer.pk, "pending", "web")
    assert order.total == order.subtotal + order.shipping_fee
    assert order.shipping_address.city == "Kiel"
    assert order.billing_address == order.shipping_address
    assert not CartLine.objects.exists()


def test_a_second_click_leads_to_the_same_order(shopper):
    sent = typed(shopper)

    first, second = shopper.post(CHECKOUT, sent), shopper.post(CHECKOUT, sent)

    assert first.url == second.url
    assert Order.objects.count() == 1


def test_another_address_for_the_invoice(shopper):
    sent = typed(shopper)
    del sent["is_billed_there"]
    assert shopper.post(CHECKOUT, sent).status_code == 422

    shopper.post(CHECKOUT, sent | {
        "billing_line1": "Werft 1", "billing_city": "Lübeck", "billing_country": "DE",
    })  # fmt: skip

    assert Order.objects.get().billing_address.city == "Lübeck"


def test_a_price_that_rose_meanwhile_is_shown_first(shopper):
    sent = typed(shopper)
    catalog.change_price(product_id=shopper.mug.pk, amount=1, by=boss(), reason="dearer")

    asked = shopper.post(CHECKOUT, sent)

    assert asked.status_code == 409
    assert not Order.objects.exists()
    html = asked.content.decode()
    assert "price or number changed" in html
    again = sent | {"stamp": asked.context["form"].data["stamp"]}
    assert shopper.post(CHECKOUT, again).status_code == 302


def test_the_last_unit_that_somebody_else_bought(shopper):
    sent = typed(shopper)
    catalog.adjust_stock(product_id=shopper.mug.pk, difference=-4, by=boss(), reason="broken")

    answer = shopper.post(CHECKOUT, sent)

    assert answer.status_code == 409
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    "bad",
    [
        {"email": "nobody"}, {"name": ""}, {"shipping_country": "XX"}, {"shipping_line1": "  "},
        {"shipping_city": "a" * 500}, {"key": ""}, {"key": "a" * 65}, {"name": "a\x00b"},
    ],
)  # fmt: skip
def test_nonsense_is_answered_by_field(shopper, bad):
    answer = shopper.post(CHECKOUT, typed(shopper) | bad)

    assert answer.status_code == 422
    assert not Order.objects.exists()


def test_a_forged_stamp_and_protected_fields_change_nothing(shopper):
    shopper.post(CHECKOUT, typed(shopper) | {"status": "completed", "total": "0", "price": "0.01"})

    order = Order.objects.get()
    assert order.status == "pending"
    assert order.total > 20
    assert shopper.post(CHECKOUT, {"stamp": "%%%"}).status_code == 422


def test_what_a_customer_told_before_begins_the_form(shopper, customer):
    page = shopper.get(CHECKOUT)

    assert page.context["form"].initial["shipping_city"] == "Kiel"
    assert Contact.objects.filter(customer=customer).count() == 1
    assert Address.objects.filter(customer=customer).count() == 1


@pytest.mark.row("I3")
def test_a_visitor_signs_in_first(client):
    mug = ProductFactory()
    client.post("/cart/add/", {"product": str(mug.uuid)})

    for answer in (client.get(CHECKOUT), client.post(CHECKOUT, {})):
        assert answer.status_code == 302
        assert "login" in answer.url


def test_staff_are_told_where_they_write_orders(support, sign_in):
    client = sign_in(support)
    client.post("/cart/add/", {"product": str(ProductFactory().uuid)})

    page = client.get(CHECKOUT)
    assert "signed in as staff" in page.content.decode()
    assert client.post(CHECKOUT, typed(client)).status_code == 403
    assert not Order.objects.exists()


def test_an_empty_cart_has_no_checkout(customer):
    client = Client()
    client.force_login(customer)

    assert client.get(CHECKOUT).url == "/cart/"
    assert client.post(CHECKOUT, {}).status_code == 422
