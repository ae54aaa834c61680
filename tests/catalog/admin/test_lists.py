"""The lists of the catalogue: queues, filters, search, and a price that does not grow with rows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog import services
from catalog.models import Product
from tests.catalog.admin.conftest import page, said
from tests.catalog.factories import (
    CategoryFactory,
    PictureFactory,
    PriceChangeFactory,
    ReviewFactory,
    put_on_shelf,
)

pytestmark = pytest.mark.django_db


def skus(client, **query) -> set[str]:
    """Return the SKUs that the product list shows."""
    response = client.get(page("product_changelist"), query)
    assert response.status_code == 200, response
    return {product.sku for product in response.context_data["cl"].result_list}


@pytest.fixture
def range_(make_mug):
    """One product of each kind that the queues tell apart."""
    kitchen = CategoryFactory(name="Kitchen")
    mugs = CategoryFactory(name="Mugs", parent=kitchen)
    make_mug("PLENTY", stock=50, category=mugs, price=Decimal(10))
    make_mug("LOW", stock=5, category=kitchen, price=Decimal(20))
    make_mug("OUT", price=Decimal(30), tags=["oak"])
    make_mug("STAR", stock=50, is_featured=True, price=Decimal(40))
    make_mug("DRAFT", status="draft")
    make_mug("GONE", status="archived", name="Last year's bowl")
    parent = make_mug("PARENT")
    make_mug("PARENT-S", parent=parent, stock=50)


@pytest.mark.parametrize(
    ("queue", "expected"),
    [
        ("", {"PLENTY", "LOW", "OUT", "STAR", "DRAFT", "PARENT", "PARENT-S"}),
        ("published", {"PLENTY", "LOW", "OUT", "STAR", "PARENT", "PARENT-S"}),
        ("drafts", {"DRAFT"}),
        ("low", {"LOW", "OUT"}),
        ("out", {"OUT"}),
        ("featured", {"STAR"}),
        ("archived", {"GONE"}),
    ],
)
def test_a_queue_shows_what_waits_in_it(clerk, range_, queue, expected):
    assert skus(clerk, queue=queue) == expected


def test_tabs_carry_the_counts_of_their_queues(clerk, range_):
    changelist = clerk.get(page("product_changelist")).context_data["cl"]

    counts = {str(tab.label): tab.count for tab in changelist.queue_tabs()}

    assert counts | {"All": ""} == {
        "All": "",
        "Published": "6",
        "Drafts": "1",
        "Low stock": "2",
        "Out of stock": "1",
        "Featured": "1",
        "Archived": "1",
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            {"price_min": "20", "price_max": "30", "status": "published"},
            {"LOW", "OUT", "PARENT", "PARENT-S"},
        ),
        ({"stock": "out", "status": "published"}, {"OUT"}),
        ({"stock": "low", "status": "published"}, {"LOW", "OUT"}),
        ({"stock": "in"}, {"PLENTY", "LOW", "STAR", "PARENT-S"}),
        ({"is_featured": "1"}, {"STAR"}),
        ({"is_featured": "0", "price_max": "10"}, {"PLENTY"}),
        ({"status": "archived"}, {"GONE"}),
        ({"q": "bowl"}, {"GONE"}),
        ({"q": "oak"}, {"OUT"}),
        ({"q": "parent"}, {"PARENT", "PARENT-S"}),
    ],
)
def test_filters_and_search_narrow_the_list(clerk, range_, query, expected):
    assert skus(clerk, **query) == expected


def test_a_category_stands_for_everything_below_it(clerk, range_):
    kitchen = Product.objects.get(sku="LOW").category

    assert skus(clerk, category=kitchen.pk) == {"PLENTY", "LOW"}


def test_a_filter_keeps_the_whole_of_its_last_day(clerk, make_mug):
    make_mug("TODAY")
    today = timezone.localdate()

    assert skus(clerk, created_before=today, created_after=today) == {"TODAY"}
    assert skus(clerk, created_before=today - timedelta(days=1)) == set()


def test_a_filter_that_is_not_understood_shows_nothing(clerk, range_):
    assert skus(clerk, price_min="cheap") == set()


def test_the_list_sorts_by_what_is_available(clerk, range_):
    changelist = clerk.get(page("product_changelist"), {"queue": "low", "o": "5"}).context_data[
        "cl"
    ]

    assert [product.sku for product in changelist.result_list] == ["OUT", "LOW"]


def test_a_running_price_stands_before_the_struck_list_price(clerk, mug):
    PriceChangeFactory(product=mug, price=Decimal("15.00"))

    text = said(clerk.get(page("product_changelist")))

    assert "15.00" in text
    assert '<s class="cat-struck" title="List price">20.00</s>' in text


def test_a_parent_is_sold_via_its_variants(clerk, range_):
    text = said(clerk.get(page("product_changelist"), {"q": "PARENT"}))

    assert text.count("via variants") == 1


def fill(make_mug, count: int, start: int = 0) -> None:
    """Products with everything a row can show."""
    for number in range(start, start + count):
        mug = make_mug(
            f"SKU-{number}",
            category=CategoryFactory(parent=CategoryFactory()),
            stock=3,
            tags=[f"tag {number}"],
        )
        PictureFactory(product=mug)
        PriceChangeFactory(product=mug)
        ReviewFactory(product=mug)
        put_on_shelf(mug, 2)


@pytest.mark.parametrize(
    "name",
    [
        "product",
        "category",
        "tag",
        "stocklevel",
        "stockmovement",
        "stocklocation",
        "pricechange",
        "review",
    ],
)
def test_a_list_costs_the_same_whatever_its_length(clerk, make_mug, count_queries, name):
    fill(make_mug, 2)
    url = page(f"{name}_changelist")
    clerk.get(url)
    few = count_queries(lambda: clerk.get(url))
    fill(make_mug, 9, start=2)

    many = count_queries(lambda: clerk.get(url))

    assert many == few


def test_a_product_page_costs_the_same_whatever_hangs_on_it(clerk, mug, make_mug, count_queries):
    url = page("product_change", mug.pk)

    def grow(number: int) -> None:
        make_mug(f"V-{number}", parent=mug, options={"Size": str(number)}, stock=2)
        put_on_shelf(mug, 1)
        PictureFactory(product=mug)

    grow(1)
    clerk.get(url)
    few = count_queries(lambda: clerk.get(url))
    for number in range(2, 7):
        grow(number)

    assert count_queries(lambda: clerk.get(url)) == few


def test_the_ledger_says_who_and_why(clerk, mug, merchandiser):
    services.adjust_stock(product_id=mug.pk, difference=-1, by=merchandiser, reason="Dropped one")

    text = said(clerk.get(page("stockmovement_changelist"), {"queue": "adjusted"}))

    assert "Merchandiser" in text
    assert "−1" in text
    assert mug.sku in text


@pytest.mark.parametrize(
    ("queue", "expected"),
    [("running", {"RUNS"}), ("coming", {"COMES"}), ("ended", {"ENDED", "TAKEN"})],
)
def test_scheduled_prices_run_come_or_are_over(clerk, make_mug, queue, expected):
    now, day = timezone.now(), timedelta(days=1)
    PriceChangeFactory(product=make_mug("RUNS"), starts_at=now - day, ends_at=None)
    PriceChangeFactory(product=make_mug("COMES"), starts_at=now + day, ends_at=None)
    PriceChangeFactory(product=make_mug("ENDED"), starts_at=now - 2 * day, ends_at=now - day)
    PriceChangeFactory(
        product=make_mug("TAKEN"), starts_at=now - day, ends_at=None, withdrawn_at=now
    )

    response = clerk.get(page("pricechange_changelist"), {"queue": queue})

    rows = response.context_data["cl"].result_list
    assert {row.product.sku for row in rows} == expected


def test_reviews_wait_in_their_queue_until_somebody_decides(clerk, mug):
    waiting = ReviewFactory(product=mug)
    ReviewFactory(product=mug, status="approved", title="Approved already")

    response = clerk.get(page("review_changelist"), {"queue": "waiting"})

    assert list(response.context_data["cl"].result_list) == [waiting]


def test_the_parent_field_offers_no_variants(clerk, mug, make_mug):
    make_mug("MUG-S", parent=mug)

    response = clerk.get(
        "/admin/autocomplete/",
        {"app_label": "catalog", "model_name": "product", "field_name": "parent", "term": "MUG"},
    )

    assert [row["id"] for row in response.json()["results"]] == [str(mug.pk)]
