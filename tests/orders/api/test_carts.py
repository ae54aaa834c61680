"""Carts by REST: laid aside, seen at the prices of now, checked out once."""

from __future__ import annotations

import pytest

from orders.models import Cart, Order
from tests.orders.api.conftest import ADDRESS
from tests.orders.factories import OrderFactory, ProductFactory

pytestmark = pytest.mark.django_db
LINES = "/api/v1/cart/lines/"


def test_looking_at_a_cart_begins_none(api_client):
    answer = api_client().get("/api/v1/cart/")

    assert (answer.status_code, answer.json()["lines"]) == (200, [])
    assert not Cart.objects.exists()


@pytest.mark.row("O2")
def test_a_visitor_lays_something_aside_and_finds_it_again(api_client, mug):
    visitor = api_client()

    first = visitor.post(LINES, {"product": str(mug.uuid), "units": 2}, format="json")
    again = visitor.post(LINES, {"product": str(mug.uuid)}, format="json")

    assert (first.status_code, again.json()["units"]) == (201, 3)
    assert visitor.get("/api/v1/cart/").json()["subtotal"] == "37.50"
    assert api_client().get("/api/v1/cart/").json()["units"] == 0


@pytest.mark.row("C5")
def test_add_to_cart_adds_up_and_knows_no_unknown_product(shop, mug, post):
    for _time in range(2):
        answer = post(shop, f"products/{mug.uuid}/add_to_cart/", {"units": 2}, key="")
    assert (answer.status_code, answer.json()["units"]) == (201, 4)

    hidden = ProductFactory(status="draft")
    for uuid in (hidden.uuid, "00000000-0000-7000-8000-000000000000"):
        assert post(shop, f"products/{uuid}/add_to_cart/", key="").status_code == 404


def test_units_are_set_and_lines_go(shop, mug, post):
    post(shop, f"products/{mug.uuid}/add_to_cart/", key="")
    line = f"{LINES}{mug.uuid}/"

    assert shop.patch(line, {"units": 5}, format="json").json()["units"] == 5
    assert shop.patch(line, {"units": 21}, format="json").json()["code"] == "not_enough_stock"
    assert shop.delete(line).json()["units"] == 0
    assert shop.delete(line).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"units": 1}, "product"),
        ({"product": "x"}, "product"),
        ({"product": None, "units": "many"}, "units"),
        ({"units": -1}, "units"),
        ({"units": 10**30}, "units"),
        ({"price": "0.01"}, "price"),
        ({"unit_price": "0.01"}, "unit_price"),
    ],
)
def test_what_cannot_be_read_is_named(shop, mug, body, field):
    answer = shop.post(
        LINES, {"product": str(mug.uuid), **body} if field != "product" else body, format="json"
    )

    assert answer.status_code == 400
    assert field in answer.json()["errors"]


@pytest.fixture
def filled(shop, mug, post):
    return post(shop, f"products/{mug.uuid}/add_to_cart/", {"units": 2}, key="").json()


@pytest.mark.row("O5")
def test_check_out_makes_one_order_of_one_key(shop, filled, post):
    body = {"shipping_address": ADDRESS, "stamp": filled["stamp"]}

    first = post(shop, "cart/check_out/", body)
    again = post(shop, "cart/check_out/", body)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["total"] == filled["total"] == "29.90"
    assert first.json()["contact"]["email"] == "ada@example.com"
    assert first.headers["ETag"] == f'"{first.json()["version"]}"'
    assert Order.objects.count() == 1
    assert shop.get("/api/v1/cart/").json()["lines"] == []
    other = post(shop, "cart/check_out/", {"shipping_address": {**ADDRESS, "city": "Oslo"}})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_check_out_needs_a_key_a_person_and_an_address(shop, filled, post, api_client, manager):
    body = {"shipping_address": ADDRESS}

    assert post(shop, "cart/check_out/", body, key="").json()["code"] == "idempotency_key_needed"
    assert post(shop, "cart/check_out/", {}).json()["errors"].keys() == {"shipping_address"}
    assert post(api_client(), "cart/check_out/", body).status_code == 401
    assert post(api_client(manager), "cart/check_out/", body).json()["code"] == "no_customer"
    assert post(shop, "cart/check_out/", {**body, "total": "1.00"}).json()["errors"].keys() == {
        "total"
    }


def test_what_changed_or_went_is_named(shop, filled, mug, post):
    OrderFactory(lines=[(mug, 19)])
    gone = post(shop, "cart/check_out/", {"shipping_address": ADDRESS})
    assert (gone.status_code, gone.json()["code"]) == (409, "lines_not_available")

    shop.patch(f"{LINES}{mug.uuid}/", {"units": 1}, format="json")
    changed = post(shop, "cart/check_out/", {"shipping_address": ADDRESS, "stamp": filled["stamp"]})
    assert "MUG" in changed.json()["detail"]
    assert (changed.status_code, changed.json()["code"]) == (409, "cart_changed")


@pytest.mark.row("C5")
def test_purchase_orders_one_product_beside_the_cart(shop, filled, mug, post):
    answer = post(shop, f"products/{mug.uuid}/purchase/", {"units": 3, "shipping_address": ADDRESS})

    assert answer.status_code == 201
    assert [line["quantity"] for line in answer.json()["lines"]] == [3]
    assert shop.get("/api/v1/cart/").json()["units"] == 2
