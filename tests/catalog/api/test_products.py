"""Products by REST: who reads what, and every write by its verb."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.models import Product
from tests.catalog.factories import (
    CategoryFactory,
    PictureFactory,
    PriceChangeFactory,
    ProductFactory,
    ReviewFactory,
    TagFactory,
)

PRODUCTS = "/api/v1/products/"
NEW = {"sku": "MUG-OAK", "name": "Oak Mug", "price": "20.00"}


def at(product, *rest):
    return f"{PRODUCTS}{product.uuid}/" + "".join(f"{part}/" for part in rest)


def names(response):
    assert response.status_code == 200, response.content
    rows = response.json()
    return [row["name"] for row in (rows["results"] if isinstance(rows, dict) else rows)]


@pytest.mark.row("C5")
def test_anyone_reads_what_is_published_and_the_house_reads_all(
    db, api_client, customer, support, admin
):
    ProductFactory(name="Shown")
    draft = ProductFactory(name="Draft", status="draft")
    archived = ProductFactory(name="Archived", status="archived")

    assert names(api_client().get(PRODUCTS)) == ["Shown"]
    assert names(api_client(customer).get(PRODUCTS)) == ["Shown"]
    # Of the roles, one has nothing to do with products.
    assert names(api_client(admin).get(PRODUCTS)) == ["Shown"]
    assert set(names(api_client(support).get(PRODUCTS))) == {"Shown", "Draft", "Archived"}
    for hidden in (draft, archived):
        assert api_client(customer).get(at(hidden)).status_code == 404
        assert api_client(support).get(at(hidden)).status_code == 200


@pytest.mark.row("C5")
def test_what_is_answered_about_a_product(db, api_client, customer, support):
    category = CategoryFactory(name="Mugs", slug="mugs")
    mug = ProductFactory(category=category, price=Decimal("20.00"), cost=Decimal("7.00"), stock=3)
    PriceChangeFactory(product=mug, price=Decimal("15.00"))
    PictureFactory(product=mug)
    ReviewFactory(product=mug, rating=4, status="approved")
    ReviewFactory(product=mug, rating=1)

    for_customers = api_client(customer).get(at(mug)).json()
    for_staff = api_client(support).get(at(mug)).json()

    assert for_customers["category_name"] == "Mugs"
    assert for_customers["price"] == "20.00"
    assert for_customers["discount_price"] == "15.00"
    assert for_customers["average_rating"] == 4.0
    assert for_customers["review_count"] == 1
    assert for_customers["is_in_stock"] is True
    assert for_customers["images"][0]["url"].startswith("http://testserver/media/products/")
    assert not {"cost", "on_hand", "available", "low_stock_threshold"} & for_customers.keys()
    assert for_staff["cost"] == "7.00"
    assert for_staff["available"] == 3


@pytest.mark.row("C5")
def test_lists_are_searched_narrowed_ordered_and_cut_into_pages_of_20(db, api_client):
    mugs = CategoryFactory(slug="mugs")
    below = CategoryFactory(slug="tea-mugs", parent=mugs)
    for number in range(21):
        ProductFactory(name=f"Bowl {number:02}", price=Decimal(number))
    ProductFactory(name="Tea mug", price=Decimal(99), category=below)

    first = api_client().get(PRODUCTS, {"ordering": "-price"}).json()
    assert len(first["results"]) == 20
    assert first["count"] == 22
    assert first["results"][0]["name"] == "Tea mug"
    assert len(api_client().get(PRODUCTS, {"page": 2}).json()["results"]) == 2
    assert names(api_client().get(PRODUCTS, {"q": "tea"})) == ["Tea mug"]
    assert names(api_client().get(PRODUCTS, {"category": "mugs"})) == ["Tea mug"]
    assert names(api_client().get(PRODUCTS, {"price_min": "20", "price_max": "98"})) == ["Bowl 20"]
    assert names(api_client().get(PRODUCTS, {"ordering": "name"}))[0] == "Bowl 00"


@pytest.mark.parametrize(
    "query",
    [
        {"ordering": "cost"},
        {"ordering": "created_by__password"},
        {"category": "nowhere"},
        {"q": "\x00"},
        {"price_min": "NaN"},
        {"price_min": "1e5000000"},
        {"status": "secret"},
        {"created_after": "soon"},
    ],
    ids=str,
)
def test_a_question_that_makes_no_sense_is_refused_with_its_name(db, api_client, query):
    response = api_client().get(PRODUCTS, query)

    assert response.status_code == 400
    assert response.json()["errors"]


@pytest.mark.parametrize("page", ["0", "-1", "99999999999999999999", "last-but-one"])
def test_a_page_that_is_not_there(db, api_client, page):
    assert api_client().get(PRODUCTS, {"page": page}).status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_rows(
    db, api_client, django_assert_max_num_queries
):
    for _ in range(3):
        ProductFactory(category=CategoryFactory(), stock=2)
    with django_assert_max_num_queries(12):
        api_client().get(PRODUCTS)
    for _ in range(15):
        PictureFactory(product=ProductFactory(category=CategoryFactory(), stock=2))
    with django_assert_max_num_queries(12):
        api_client().get(PRODUCTS)


@pytest.mark.row("C5")
def test_featured_are_at_most_ten_published_ones(db, api_client):
    ProductFactory(name="Hidden", status="draft", is_featured=True)
    ProductFactory(name="Plain")
    for _ in range(12):
        ProductFactory(is_featured=True)

    shown = names(api_client().get(f"{PRODUCTS}featured/"))

    assert len(shown) == 10
    assert not {"Hidden", "Plain"} & set(shown)


@pytest.mark.row("C5")
def test_my_products_are_those_the_caller_created(db, api_client, merchandiser, manager, customer):
    ProductFactory(name="Mine", created_by=merchandiser, status="draft")
    ProductFactory(name="Theirs", created_by=manager)

    assert names(api_client(merchandiser).get(f"{PRODUCTS}my_products/")) == ["Mine"]
    assert names(api_client(customer).get(f"{PRODUCTS}my_products/")) == []
    assert api_client().get(f"{PRODUCTS}my_products/").status_code == 401


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


@pytest.mark.parametrize("key", ["1", "none", "00000000-0000-0000-0000-00000000000g", "%00", "../"])
def test_a_key_that_is_none(db, api_client, key):
    assert api_client().get(f"{PRODUCTS}{key}/").status_code == 404


def test_tags_are_found_by_their_slug(db, api_client):
    tag = TagFactory(name="Gift", slug="gift")
    mug = ProductFactory(name="Mug")
    mug.tag_links.create(tag=tag)
    ProductFactory(name="Bowl")

    assert names(api_client().get(PRODUCTS, {"tag": "gift"})) == ["Mug"]
