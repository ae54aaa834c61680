"""Products by REST: every write by its verb, at its version, with its reason."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.models import Product
from tests.catalog.api.asking import NEW, PRODUCTS, at
from tests.catalog.factories import (
    CategoryFactory,
    ProductFactory,
)


@pytest.mark.row("C5")
@pytest.mark.row("O6")
def test_who_may_write_products(db, api_client, customer, support, auditor, merchandiser, manager):
    sku = iter(range(10))

    def create(user):
        sent = {**NEW, "sku": f"MUG-{next(sku)}"}
        return api_client(user).post(PRODUCTS, sent).status_code

    assert create(None) == 401
    assert [create(user) for user in (customer, support, auditor)] == [403] * 3
    assert [create(user) for user in (merchandiser, manager)] == [201] * 2
    assert Product.objects.count() == 2


@pytest.mark.row("C5")
def test_a_new_product_is_a_draft_with_tags_category_and_opening_stock(api_client, merchandiser):
    CategoryFactory(slug="mugs")
    sent = {
        **NEW,
        "category": "mugs",
        "tags": ["oak", "Gift"],
        "options": {"Colour": "Oak"},
        "stock": 4,
        "description": "<script>alert(1)</script>",
        "reason": "spring range",
    }

    response = api_client(merchandiser).post(PRODUCTS, sent)

    assert response.status_code == 201, response.content
    product = Product.objects.get()
    answer = response.json()
    assert (product.status, product.slug, product.created_by) == ("draft", "oak-mug", merchandiser)
    assert sorted(answer["tags"]) == ["Gift", "oak"]
    assert answer["on_hand"] == 4
    assert answer["description"] == sent["description"]
    assert response["ETag"] == f'"{product.version}"'
    history = product.history.get()
    assert history.change_set.channel == "api"
    assert history.change_set.note == "spring range"


@pytest.mark.parametrize(
    "name",
    ["status", "version", "created_by", "uuid", "average_rating", "discount_price", "colour"],
)
def test_what_the_system_sets_and_what_nobody_knows_is_refused(api_client, merchandiser, name):
    response = api_client(merchandiser).post(PRODUCTS, {**NEW, name: "x"})

    assert response.status_code == 400
    assert list(response.json()["errors"]) == [name]
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price", "-1"),
        ("price", "NaN"),
        ("price", 1e400),
        ("price", "12.345"),
        ("price", True),
        ("price", {"amount": 1}),
        ("name", ""),
        ("name", "x" * 201),
        ("name", "a\x00b"),
        ("sku", None),
        ("category", "nowhere"),
        ("category", ["mugs"]),
        ("parent", "not-a-uuid"),
        ("parent", 10**40),
        ("tags", "oak"),
        ("tags", [["oak"]]),
        ("options", {"Colour": {"a": 1}}),
        ("weight_grams", 10**30),
        ("weight_grams", 1.5),
        ("slug", "Not A Slug"),
        ("currency", "euro"),
        ("is_featured", "perhaps"),
        ("stock", -1),
    ],
    ids=str,
)
def test_a_bad_value_is_named_by_its_field(api_client, merchandiser, field, value):
    import json

    body = json.dumps({**NEW, field: value}).replace("Infinity", "1e400")
    response = api_client(merchandiser).post(PRODUCTS, body, content_type="application/json")

    assert response.status_code in {400, 422}, response.content
    assert [name.split(".")[0] for name in response.json()["errors"]] == [field]
    assert not Product.objects.exists()


def test_a_sku_that_is_taken(api_client, merchandiser):
    ProductFactory(sku="MUG-OAK", name="Old mug")

    response = api_client(merchandiser).post(PRODUCTS, NEW)

    assert response.status_code == 409
    body = response.json()
    assert (body["code"], list(body["errors"])) == ("duplicate_sku", ["sku"])
    assert body["hint"]


@pytest.mark.row("C8")
def test_the_rule_of_the_catalogue_holds_at_this_door_too(api_client, merchandiser):
    response = api_client(merchandiser).post(PRODUCTS, {**NEW, "price": "10001", "stock": 101})

    assert response.status_code == 422
    assert response.json()["code"] == "price_stock_rule_broken"


def test_an_edit_says_which_version_it_edits(api_client, merchandiser):
    mug = ProductFactory(name="Mug")
    client = api_client(merchandiser)

    without = client.patch(at(mug), {"name": "Cup"})
    rubbish = client.patch(at(mug), {"name": "Cup"}, headers={"If-Match": "yesterday"})
    tag = client.get(at(mug))["ETag"]
    good = client.patch(at(mug), {"name": "Cup"}, headers={"If-Match": tag})
    stale = client.patch(at(mug), {"name": "Beaker"}, headers={"If-Match": tag})
    whatever = client.patch(at(mug), {"name": "Beaker"}, headers={"If-Match": "*"})

    assert (without.status_code, without.json()["code"]) == (428, "version_needed")
    assert rubbish.status_code == 400
    assert good.status_code == 200
    assert stale.status_code == 412
    assert stale.json()["yours"] == {"name": "Beaker"}
    assert stale.json()["theirs"] == {"name": "Cup"}
    assert stale["ETag"] == good["ETag"]
    assert whatever.json()["name"] == "Beaker"


def test_a_compressed_tag_still_names_its_version(api_client, merchandiser):
    mug = ProductFactory()

    response = api_client(merchandiser).patch(
        at(mug), {"name": "Cup"}, headers={"If-Match": 'W/"1"'}
    )

    assert response.status_code == 200


def test_a_price_needs_its_reason_and_its_own_permission(api_client, merchandiser, support):
    mug = ProductFactory(price=Decimal("20.00"))
    match = {"If-Match": '"1"'}

    silent = api_client(merchandiser).patch(at(mug), {"price": "21.00"}, headers=match)
    not_theirs = api_client(support).post(
        at(mug, "price"), {"percent": "10", "reason": "x"}, headers=match
    )
    done = api_client(merchandiser).post(
        at(mug, "price"), {"percent": "10", "reason": "dearer clay"}, headers=match
    )
    again = api_client(merchandiser).post(
        at(mug, "price"), {"percent": "10", "reason": "dearer clay"}, headers=match
    )

    assert silent.status_code == 422
    assert not_theirs.status_code == 403
    assert done.json()["price"] == "22.00"
    assert again.status_code == 412


def test_steps_are_listed_with_their_reasons_and_taken_by_name(api_client, merchandiser, support):
    mug = ProductFactory(status="draft")
    client = api_client(merchandiser)

    offers = {offer["step"]: offer for offer in client.get(at(mug, "steps")).json()}
    published = client.post(at(mug, "steps", "publish"), {"reason": "ready"})
    twice = client.post(at(mug, "steps", "publish"), {})

    assert offers["publish"]["is_open"]
    assert published.json()["status"] == "published"
    assert (twice.status_code, twice.json()["code"]) == (409, "step_not_open")
    assert api_client(support).post(at(mug, "steps", "archive"), {}).status_code == 403
    for unknown in ("explode", "create"):
        assert client.post(at(mug, "steps", unknown), {}).status_code == 404


def test_a_product_is_not_deleted(api_client, manager):
    mug = ProductFactory()

    assert api_client(manager).delete(at(mug)).status_code == 405
    assert api_client(manager).put(at(mug), NEW).status_code == 405
