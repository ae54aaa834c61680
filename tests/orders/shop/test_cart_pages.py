"""The cart's pages: laying aside, changing, and what stands in the way, with scripts and without."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog import services as catalog
from orders.models import Cart, CartLine
from tests.kept import forget
from tests.orders.factories import CustomerFactory, ProductFactory, boss

NOBODYS = "018f0000-0000-7000-8000-000000000000"

pytestmark = [pytest.mark.django_db, pytest.mark.row("O2")]

HTMX = {"HX-Request": "true"}
ADD, UNITS, CART = "/cart/add/", "/cart/units/", "/cart/"


@pytest.fixture
def mug():
    return ProductFactory(name="Harbour Mug", slug="mug", stock=5)


def form(product, units="1"):
    return {"product": str(product.uuid), "units": units}


def test_a_visitor_lays_something_aside_and_finds_it_again(client, mug):
    answer = client.post(ADD, form(mug, "2"))

    assert answer.url == CART
    page = client.get(CART)
    assert page.context["look"].units == 2
    assert "Harbour Mug" in page.content.decode()
    assert "€25.00" in page.content.decode()
    assert page["Cache-Control"].startswith("max-age=0")
    assert not Client().get(CART).context["look"].lines


def test_the_same_product_again_adds_up_and_the_header_says_so(client, mug):
    client.post(ADD, form(mug, "2"), headers=HTMX)

    part = client.post(ADD, form(mug, "1"), headers=HTMX).content.decode()

    assert CartLine.objects.get().units == 3
    assert 'hx-swap-oob="true"' in part
    assert '<span class="count">3' in part
    assert '<span class="count">3' in client.get("/").content.decode()


@pytest.mark.row("G7")
def test_a_kept_page_shows_each_visitor_their_own_cart(mug):
    one, other = Client(), Client()
    forget()
    assert 'class="count"' not in one.get("/").content.decode()
    one.post(ADD, form(mug, "2"))
    other.post(ADD, form(mug, "4"))

    for _ in range(2):
        assert '<span class="count">2' in one.get("/").content.decode()
        assert '<span class="count">4' in other.get("/").content.decode()


def test_units_are_set_and_a_line_is_taken_out(client, mug):
    client.post(ADD, form(mug, "2"))

    part = client.post(UNITS, form(mug, "4"), headers=HTMX)
    assert part.status_code == 200
    assert part.content.decode().startswith('<div id="cart">')
    assert CartLine.objects.get().units == 4

    assert client.post(UNITS, form(mug, "0")).url == CART
    assert "Your cart is empty" in client.get(CART).content.decode()


@pytest.mark.parametrize("units", ["6", "1000", "x", "-1", "1.5", "", "٣", "9" * 50, "\x00"])
def test_what_cannot_be_laid_aside_is_a_sentence(client, mug, units):
    client.post(ADD, form(mug, "1"))

    for path in (ADD, UNITS):
        answer = client.post(path, form(mug, units), headers=HTMX)
        assert answer.status_code in {409, 422}
        assert 'role="alert"' in answer.content.decode()
    assert CartLine.objects.get().units == 1


@pytest.mark.parametrize("product", ["", "x", NOBODYS, "\x00", "1 OR 1=1"])
def test_what_is_no_product(client, product):
    for path in (ADD, UNITS):
        assert client.post(path, {"product": product}, headers=HTMX).status_code == 404


def test_a_draft_is_no_product_for_visitors(client):
    draft = ProductFactory(status="draft")

    assert client.post(ADD, form(draft), headers=HTMX).status_code == 404
    assert not CartLine.objects.exists()


def test_what_left_the_shop_is_said_and_can_be_taken_out(client, mug):
    client.post(ADD, form(mug))
    catalog.unpublish_product(product_id=mug.pk, by=boss(), reason="as given")

    page = client.get(CART)
    assert 'class="problem' in page.content.decode()
    assert "To the checkout" not in page.content.decode()
    client.post(UNITS, form(mug, "0"))
    assert not CartLine.objects.exists()


def test_looking_writes_nothing(client):
    with CaptureQueriesContext(connection) as seen:
        client.get(CART)

    assert not Cart.objects.exists()
    assert not [q for q in seen if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


def test_a_cart_asks_no_more_for_more_lines(client):
    def asked():
        with CaptureQueriesContext(connection) as seen:
            client.get(CART)
        return len(seen)

    for _ in range(2):
        client.post(ADD, form(ProductFactory()))
    asked()
    few = asked()
    for _ in range(5):
        client.post(ADD, form(ProductFactory()))

    assert asked() == few


def test_what_a_visitor_laid_aside_is_theirs_after_the_sign_in(client, mug):
    customer = CustomerFactory()
    client.post(ADD, form(mug, "2"))

    client.force_login(customer)

    assert client.get(CART).context["look"].units == 2


def test_a_form_without_a_token_is_refused(mug):
    client = Client(enforce_csrf_checks=True)

    assert client.post(ADD, form(mug)).status_code == 403


def test_get_changes_nothing(client, mug):
    for path in (ADD, UNITS):
        assert client.get(path).status_code == 405
