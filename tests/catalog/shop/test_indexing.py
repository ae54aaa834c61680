"""Canonical addresses: on the pages, in the sitemap, in the console."""

import pytest
from django.urls import reverse

from tests.catalog.factories import CategoryFactory, ProductFactory

pytestmark = [pytest.mark.django_db, pytest.mark.row("C10")]


def test_the_sitemap_names_what_is_published(client):
    mug = ProductFactory(category=CategoryFactory(slug="kitchen"))
    ProductFactory(parent=mug, slug="a-variant")
    ProductFactory(status="draft", slug="a-draft", category=CategoryFactory(slug="empty"))

    xml = client.get("/sitemap.xml").content.decode()

    assert f"<loc>http://testserver{mug.get_absolute_url()}</loc>" in xml
    assert "<loc>http://testserver/categories/kitchen/</loc>" in xml
    assert "<loc>http://testserver/</loc>" in xml
    for hidden in ("a-draft", "a-variant", "empty"):
        assert hidden not in xml


def test_a_large_sitemap_is_several_files(client, monkeypatch):
    ProductFactory(slug="mug")
    monkeypatch.setattr("catalog.views.indexing.MOST_IN_ONE_FILE", 1)

    xml = client.get("/sitemap.xml").content.decode()

    assert "http://testserver/sitemap-products.xml" in xml
    assert "/products/mug/" in client.get("/sitemap-products.xml").content.decode()


@pytest.mark.parametrize("address", ["/sitemap.xml?p=%00", "/sitemap.xml?p=99", "/sitemap-x.xml"])
def test_a_part_that_is_none(client, address):
    assert client.get(address).status_code == 404


def test_robots_are_kept_from_what_is_nobodys_business(client):
    text = client.get("/robots.txt").content.decode()

    assert "Disallow: /admin/" in text
    assert "Disallow: /orders/" in text
    assert "Sitemap: http://testserver/sitemap.xml" in text


def test_a_page_says_which_address_is_its_own(client):
    shirt = ProductFactory(slug="shirt")
    red = ProductFactory(slug="shirt-red", parent=shirt)

    html = client.get(red.get_absolute_url()).content.decode()

    assert '<link rel="canonical" href="http://testserver/products/shirt/">' in html


@pytest.mark.row("A5")
@pytest.mark.parametrize(("status", "is_linked"), [("published", True), ("draft", False)])
def test_the_console_leads_to_what_customers_see(merchandiser, sign_in, status, is_linked):
    mug = ProductFactory(status=status)

    page = sign_in(merchandiser).get(reverse("admin:catalog_product_change", args=[mug.pk]))

    assert (f'href="{mug.get_absolute_url()}"' in page.content.decode()) is is_linked


def test_in_stock_is_a_question_to_the_shelf():
    mug, empty = ProductFactory(stock=1), ProductFactory()
    shirt = ProductFactory()
    ProductFactory(parent=shirt, stock=2)

    assert mug.is_in_stock
    assert not empty.is_in_stock
    assert shirt.is_in_stock
