"""Products by REST: who reads what."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.catalog.api.asking import PRODUCTS, at, names
from tests.catalog.factories import (
    CategoryFactory,
    PictureFactory,
    PriceChangeFactory,
    ProductFactory,
    ReviewFactory,
    TagFactory,
)


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


@pytest.mark.parametrize("key", ["1", "none", "00000000-0000-0000-0000-00000000000g", "%00", "../"])
def test_a_key_that_is_none(db, api_client, key):
    assert api_client().get(f"{PRODUCTS}{key}/").status_code == 404


def test_tags_are_found_by_their_slug(db, api_client):
    tag = TagFactory(name="Gift", slug="gift")
    mug = ProductFactory(name="Mug")
    mug.tag_links.create(tag=tag)
    ProductFactory(name="Bowl")

    assert names(api_client().get(PRODUCTS, {"tag": "gift"})) == ["Mug"]
