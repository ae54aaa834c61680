"""The list of products: what is shown, in which order, and what the address may say."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.catalog.factories import CategoryFactory, PriceChangeFactory, ProductFactory
from tests.kept import forget

pytestmark = [pytest.mark.django_db, pytest.mark.row("C3")]

LIST = "/"


def names(client, query="", path=LIST):
    page = client.get(f"{path}{query}")
    assert page.status_code == 200
    return [tile.name for tile in page.context["tiles"]]


def fresh(client, query="", path=LIST):
    forget()
    return names(client, query, path)


def test_only_published_products_are_listed(client):
    mug = ProductFactory()
    ProductFactory(status="draft")
    ProductFactory(status="archived")

    assert names(client) == [mug.name]


def test_a_variant_is_found_on_the_page_of_its_product(client):
    shirt = ProductFactory(name="Shirt")
    ProductFactory(name="Shirt, red", parent=shirt)

    assert names(client) == ["Shirt"]
    assert names(client, "?q=red") == ["Shirt"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("price", ["Bowl", "Cup", "Axe"]),
        ("price_asc", ["Bowl", "Cup", "Axe"]),
        ("-price", ["Axe", "Cup", "Bowl"]),
        ("name", ["Axe", "Bowl", "Cup"]),
        ("-name", ["Cup", "Bowl", "Axe"]),
        ("newest", ["Cup", "Bowl", "Axe"]),
        ("password", ["Cup", "Bowl", "Axe"]),
        ("", ["Cup", "Bowl", "Axe"]),
    ],
)
def test_sort(client, sort, order):
    for name, price in [("Axe", 30), ("Bowl", 10), ("Cup", 20)]:
        ProductFactory(name=name, price=price)

    assert names(client, f"?sort={sort}") == order


def test_sorting_by_price_asks_what_a_product_costs_now(client):
    ProductFactory(name="Axe", price=30)
    ProductFactory(name="Bowl", price=10)
    PriceChangeFactory(product=ProductFactory(name="Cup", price=50), price=Decimal(5))

    assert names(client, "?sort=price") == ["Cup", "Bowl", "Axe"]


def test_twenty_a_page_and_a_page_too_far_is_the_last(client):
    for _ in range(21):
        ProductFactory()

    assert len(names(client)) == 20
    assert len(names(client, "?page=2")) == 1
    assert fresh(client, "?page=99") == fresh(client, "?page=2")


def test_a_category_has_what_is_below_it_and_counts_it(client):
    kitchen = CategoryFactory(name="Kitchen", slug="kitchen")
    coffee = CategoryFactory(name="Coffee", slug="coffee", parent=kitchen)
    ProductFactory(name="Pan", category=kitchen)
    ProductFactory(name="Filter", category=coffee)
    ProductFactory(name="Draft", category=coffee, status="draft")
    ProductFactory(name="Rake", category=CategoryFactory(name="Garden", slug="garden"))

    page = client.get(reverse("shop:category", args=["kitchen"]))

    assert {tile.name for tile in page.context["tiles"]} == {"Pan", "Filter"}
    assert [(b.name, b.products) for b in page.context["branches"]] == [("Coffee", 1)]
    assert page.context["here"].products == 2
    assert names(client, path="/categories/coffee/") == ["Filter"]
    assert client.get("/categories/nowhere/").status_code == 404


HOSTILE = [
    "page=0", "page=-1", "page=1e9", "page=%00", "page=" + "9" * 400, "page=٣", "page[]=1",
    "sort=%00", "sort=price;drop", "sort=" + "a" * 5000, "sort=created_by__password",
    "q=%00", "q=%27%22%3B--", "q=" + "a" * 6000, "q=%5C", "q=%27%3A%2A%20%26%20%7C%20%21", "q=%3A%2A",
    "q=%F0%9F%8D%B5", "q=%ED%A0%80", "q=%C2%AD", "q=the", "q=((((", "q=%25%5F", "q=a&q=b", "unknown=1",
    "q=" + "+".join(["word"] * 300),
]  # fmt: skip


@pytest.mark.parametrize("query", HOSTILE)
@pytest.mark.parametrize("path", ["/", "/categories/kitchen/"])
def test_whatever_the_address_says_there_is_a_page(client, path, query):
    ProductFactory(category=CategoryFactory(slug="kitchen"))

    assert client.get(f"{path}?{query}").status_code == 200


def test_html_in_every_text_is_inert(client):
    bad = "<script>alert(1)</script>"
    category = CategoryFactory(name=bad, slug="bad", description=bad)
    ProductFactory(name=bad, category=category, is_featured=True)

    for address in ("/", "/categories/bad/", f"/?q={bad}"):
        html = client.get(address).content.decode()
        assert bad not in html
        assert "&lt;script&gt;" in html


def test_htmx_gets_the_list_alone(client):
    ProductFactory()

    part = client.get("/?sort=name", headers={"HX-Request": "true"}).content.decode()
    whole = client.get("/?sort=name").content.decode()

    assert part.lstrip().startswith('<div id="products">')
    assert "<html" in whole
    assert "HX-Request" in client.get("/")["Vary"]


def queries(client, path):
    forget()
    with CaptureQueriesContext(connection) as seen:
        assert client.get(path).status_code == 200
    return len(seen)


@pytest.mark.parametrize("path", ["/", "/?sort=price", "/?q=mug", "/categories/kitchen/"])
def test_a_page_asks_no_more_for_more_products(client, path):
    kitchen = CategoryFactory(name="Kitchen", slug="kitchen")

    def stock(count):
        for _ in range(count):
            parent = ProductFactory(name="Mug", category=kitchen, is_featured=True)
            PriceChangeFactory(product=ProductFactory(parent=parent, name="Mug, blue"))

    stock(2)
    queries(client, path)  # some things a process asks once
    few = queries(client, path)
    stock(6)

    assert queries(client, path) == few


def test_an_offer_ends_by_the_clock_whatever_is_kept(client, monkeypatch):
    mug = ProductFactory(price=20)
    ends = timezone.now() + timedelta(seconds=90)
    PriceChangeFactory(product=mug, price=Decimal(15), ends_at=ends)
    kept = []
    monkeypatch.setattr(
        "backoffice.kept_pages.cache.set", lambda key, value, seconds: kept.append(seconds)
    )

    client.get("/")

    assert 1 <= kept[-1] <= 90
