"""The product form outside the console: the same verbs, the same permissions, one question more."""

from decimal import Decimal

import pytest
from django.urls import reverse

from catalog.models import Product
from tests.catalog.factories import ProductFactory
from tests.conftest import ROLES

pytestmark = [pytest.mark.django_db, pytest.mark.row("C4")]

NEW = "/staff/products/new/"


def typed(**more):
    return {"sku": "MUG-OAK", "name": "Oak Mug", "price": "20.00", "tags": "oak, small", **more}


def page_of(product):
    return reverse("shop:staff_product", args=[product.uuid])


def test_a_new_product_is_made_by_the_verb(merchandiser, sign_in):
    answer = sign_in(merchandiser).post(NEW, typed())

    mug = Product.objects.get(sku="MUG-OAK")
    assert answer.url == page_of(mug)
    assert (mug.status, mug.price, mug.created_by) == ("draft", Decimal("20.00"), merchandiser)
    assert {tag.name for tag in mug.tags.all()} == {"oak", "small"}
    row = Product.history.get(id=mug.pk)
    assert (row.step, row.change_set.channel) == ("create", "shop")


def test_a_name_that_another_live_product_bears_is_asked_about(merchandiser, sign_in):
    ProductFactory(name="OAK mug")
    client = sign_in(merchandiser)

    asked = client.post(NEW, typed())
    assert asked.status_code == 422
    assert "bears this name already" in asked.content.decode()
    assert not Product.objects.filter(sku="MUG-OAK").exists()

    assert client.post(NEW, typed(same_name="on")).status_code == 302
    assert Product.objects.filter(sku="MUG-OAK").exists()


def test_the_name_of_an_archived_product_is_free(merchandiser, sign_in):
    ProductFactory(name="Oak Mug", status="archived")

    assert sign_in(merchandiser).post(NEW, typed()).status_code == 302


def test_an_edit_needs_a_reason_for_a_price_and_the_version_that_was_shown(merchandiser, sign_in):
    mug = ProductFactory(sku="MUG-OAK", name="Oak Mug", price=20)
    client = sign_in(merchandiser)

    without = client.post(page_of(mug), typed(price="25.00", version=mug.version))
    assert without.status_code == 422

    saved = client.post(
        page_of(mug), typed(price="25.00", version=mug.version, reason="Dearer oak")
    )
    assert saved.status_code == 302
    stale = client.post(page_of(mug), typed(name="Ash Mug", version=mug.version, price="25.00"))
    assert stale.status_code == 409
    mug.refresh_from_db()
    assert (mug.price, mug.name) == (Decimal("25.00"), "Oak Mug")


def test_the_catalogues_rule_holds_at_this_door_too(merchandiser, sign_in):
    mug = ProductFactory(sku="MUG-OAK", name="Oak Mug", stock=101)

    answer = sign_in(merchandiser).post(
        page_of(mug), typed(price="10000.01", version=mug.version, reason="why not")
    )

    assert answer.status_code in {409, 422}
    assert "10,000" in answer.content.decode() or "10000" in answer.content.decode()


@pytest.mark.parametrize("role", ROLES)
def test_who_may(role, request, sign_in):
    user = request.getfixturevalue(role)
    may = user.has_perm("catalog.change_product")
    mug = ProductFactory()
    client = sign_in(user)

    assert client.get(NEW).status_code == (200 if may else 403)
    assert client.get(page_of(mug)).status_code == (200 if may else 403)
    assert client.post(page_of(mug), typed(version=1)).status_code == (302 if may else 403)


def test_a_stranger_is_led_to_the_sign_in(client):
    assert client.get(NEW).status_code == 302
    assert "login" in client.get(NEW).url


def test_it_is_linked_from_the_console_alone(client, merchandiser, sign_in):
    mug = ProductFactory()
    signed_in = sign_in(merchandiser)

    shop = (
        signed_in.get(mug.get_absolute_url()).content.decode() + signed_in.get("/").content.decode()
    )
    console = signed_in.get(reverse("admin:catalog_product_change", args=[mug.pk])).content.decode()

    assert "/staff/" not in shop
    assert page_of(mug) in console


@pytest.mark.parametrize(
    "bad",
    [
        {"price": "NaN"}, {"price": "-1"}, {"price": "1e9999"}, {"name": ""}, {"name": "\x00"},
        {"category": "999999999999999999999"}, {"category": "x"}, {"sku": "a" * 65},
        {"tags": "," * 50 + "a" * 500}, {"version": "x"}, {"compare_at_price": "1"},
    ],
)  # fmt: skip
def test_nonsense_is_answered_with_a_sentence(merchandiser, sign_in, bad):
    mug = ProductFactory(sku="MUG-OAK", name="Oak Mug", price=20)

    answer = sign_in(merchandiser).post(page_of(mug), typed(version=mug.version, reason="x") | bad)

    assert answer.status_code in {409, 422}
