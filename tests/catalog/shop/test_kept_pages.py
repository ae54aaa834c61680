"""What is kept: the same page for the same eyes, old at once when something changes by any door."""

import re
import socket
import threading
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.cache import generation
from backoffice.imports.files import run_sheet
from catalog import cache as shop_cache
from catalog import services
from catalog.models import Category, Product, ProductStats
from tests.catalog.factories import (
    CategoryFactory,
    PersonFactory,
    PictureFactory,
    ProductFactory,
    ReviewFactory,
    draft,
    put_on_shelf,
    wanted,
)
from tests.orders.factories import boss

pytestmark = [pytest.mark.django_db, pytest.mark.row("G7")]


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """What happens inside is committed: the receivers' later work runs, too."""

    @contextmanager
    def committed():
        connection.run_on_commit.clear()  # what was given before
        with django_capture_on_commit_callbacks(execute=True):
            yield

    return committed


def asked(client, path):
    with CaptureQueriesContext(connection) as seen:
        page = client.get(path)
    assert page.status_code == 200
    return len(seen), page.content.decode()


@pytest.mark.parametrize("path", ["/", "/?sort=price", "/categories/kitchen/", "/products/mug/"])
def test_a_kept_page_asks_one_question(client, path):
    ProductFactory(slug="mug", category=CategoryFactory(slug="kitchen"))
    first, html = asked(client, path)

    again, kept = asked(client, path)

    assert first > 1
    assert again == 1  # which generation it is
    assert without_token(kept) == without_token(html)


def without_token(html):
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", html)


def test_a_search_is_not_kept(client):
    ProductFactory()
    asked(client, "/?q=mug")
    first, _html = asked(client, "/?q=mug")

    assert asked(client, "/?q=mug")[0] == first


def who(**more):
    return {"by": boss(), "reason": "as asked", **more}


def by_sheet(mug, folder):
    file = folder / "prices.csv"
    file.write_text(f"sku,name\n{mug.sku},Renamed by a sheet\n")
    run_sheet("products", file, by=boss(), reason="as asked", mode="update")


DOORS = {
    "an edit": lambda mug, _: services.edit_product(
        product_id=mug.pk, changes={"name": "Renamed"}, **who()
    ),
    "many at once": lambda mug, _: services.change_prices(
        product_ids=[mug.pk], percent=Decimal(10), **who()
    ),
    "a step": lambda mug, _: services.unpublish_product(product_id=mug.pk, **who()),
    "a new product": lambda mug, _: services.create_product(
        draft=draft(status="published"), **who()
    ),
    "a sheet": by_sheet,
    "a scheduled price": lambda mug, _: services.schedule_price(
        product_id=mug.pk,
        price=Decimal(5),
        starts_at=timezone.now() - timedelta(minutes=1),
        ends_at=None,
        **who(),
    ),
    "tags": lambda mug, _: services.set_tags(product_id=mug.pk, names=["oak"], **who()),
    "a category's name": lambda mug, _: services.edit_category(
        category_id=mug.category_id, changes={"name": "Pantry"}, **who()
    ),
    "a picture": lambda mug, _: PictureFactory(product=mug),
    "an approved review": lambda mug, _: services.approve_review(
        review_id=ReviewFactory(product=mug, author=PersonFactory()).pk, **who()
    ),
    "the last unit": lambda mug, _: services.commit_stock(wanted=[wanted(mug, 3)]),
}


@pytest.mark.parametrize("door", DOORS)
def test_no_door_leaves_an_old_page(client, committed, tmp_path, door):
    mug = ProductFactory(
        slug="mug", category=CategoryFactory(name="Kitchen", slug="kitchen"), stock=3
    )
    with committed():
        boss()
    before = generation(shop_cache.SUBJECT)
    listed, shown = asked(client, "/")[1], asked(client, "/products/mug/")[1]

    with committed(), transaction.atomic():
        DOORS[door](mug, tmp_path)
        assert generation(shop_cache.SUBJECT) == before  # not before the commit

    assert generation(shop_cache.SUBJECT) == before + 1
    answers = [client.get(path).content.decode() for path in ("/", "/products/mug/")]
    changed = [
        without_token(a) != without_token(b) for a, b in zip(answers, [listed, shown], strict=True)
    ]
    assert any(changed)


def test_a_sale_that_leaves_something_makes_no_page_old(committed):
    mug = ProductFactory(stock=3)
    before = generation(shop_cache.SUBJECT)

    with committed():
        services.commit_stock(wanted=[wanted(mug, 2)])
    assert generation(shop_cache.SUBJECT) == before

    with committed():
        services.commit_stock(wanted=[wanted(mug, 1)])
    assert generation(shop_cache.SUBJECT) == before + 1

    with committed():
        put_on_shelf(mug, 1)
    assert generation(shop_cache.SUBJECT) == before + 2


def test_what_is_rolled_back_makes_no_page_old(committed):
    mug = ProductFactory()
    before = generation(shop_cache.SUBJECT)

    with committed(), transaction.atomic():
        services.edit_product(product_id=mug.pk, changes={"name": "Renamed"}, **who())
        transaction.set_rollback(True)

    assert generation(shop_cache.SUBJECT) == before


def test_nobody_sees_the_page_of_somebody_else(client, support, sign_in):
    ProductFactory(slug="mug")
    mine = sign_in(support)
    own = mine.get("/products/mug/").content.decode()

    strangers = client.get("/products/mug/").content.decode()

    assert support.get_short_name() in own
    assert support.get_short_name() not in strangers
    assert "Sign in" in strangers
    assert client.get("/products/mug/")["Cache-Control"] == "private, no-cache"


def test_a_kept_page_carries_the_token_of_whoever_reads_it():
    ProductFactory(slug="mug")
    first, second = Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)
    first.get("/products/mug/")

    html = second.get("/products/mug/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html)[1]

    refused = second.post("/products/mug/review/", {"rating": "5"})
    taken = second.post("/products/mug/review/", {"rating": "5", "csrfmiddlewaretoken": token})
    assert refused.status_code == 403
    assert taken.status_code == 302


def test_featured_popular_and_large_categories(client):
    kitchen, garden = CategoryFactory(name="Kitchen"), CategoryFactory(name="Garden")
    ten = [ProductFactory(category=garden) for _ in range(10)]
    eleven = [ProductFactory(category=kitchen, is_featured=True) for _ in range(11)]
    ProductStats.objects.create(product=eleven[0], views=3)
    ProductStats.objects.create(product=ten[0], views=7)

    number = generation(shop_cache.SUBJECT)

    assert shop_cache.popular_category_ids(number) == [kitchen.pk]
    assert shop_cache.popular_ids(number) == [ten[0].pk, eleven[0].pk]
    assert shop_cache.featured_ids(number) == [row.pk for row in reversed(eleven)][:10]
    with CaptureQueriesContext(connection) as seen:
        shop_cache.popular_ids(number), shop_cache.featured_ids(number)
        shop_cache.popular_category_ids(number), shop_cache.category_tree(number)
        shop_cache.category_tree(number)
    assert len(seen) == 2  # the tree, once
    assert Category.objects.count() == 2
    assert Product.objects.featured().count() == 11


def test_how_long():
    hours = shop_cache
    assert (hours.LIST_SECONDS, hours.DETAIL_SECONDS, hours.FEATURED_SECONDS) == (900, 3600, 900)
    assert (hours.POPULAR_SECONDS, hours.POPULAR_CATEGORIES_SECONDS) == (1800, 3600)
    assert hours.TREE_SECONDS == 500


REDIS = "django_redis.cache.RedisCache"


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1] % 20_000 + 10_000


@pytest.mark.parametrize("is_hanging", [False, True])
def test_a_redis_that_is_gone_harms_nobody(client, settings, is_hanging):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if is_hanging:
            server.listen()  # takes calls, never answers
        port = server.getsockname()[1] if is_hanging else closed_port()
        options = {
            "IGNORE_EXCEPTIONS": True,
            "SOCKET_CONNECT_TIMEOUT": 0.05,
            "SOCKET_TIMEOUT": 0.05,
        }
        settings.CACHES = {
            "default": {
                "BACKEND": REDIS, "LOCATION": f"redis://127.0.0.1:{port}/0", "OPTIONS": options,
            }
        }  # fmt: skip
        ProductFactory(slug="mug", category=CategoryFactory(slug="kitchen"))

        for path in ("/", "/", "/products/mug/", "/categories/kitchen/", "/?q=mug"):
            assert client.get(path).status_code == 200
    assert threading.active_count() < 50
    with patch.object(cache, "get", return_value="rubbish"):
        assert client.get("/").status_code == 200
