"""Search: words of name, SKU, tags and description, on both databases; the index keeps up."""

import pytest
from django.db import connection

from backoffice import jobs
from backoffice.models import Job
from catalog import services
from catalog.models import Product, ProductIndex
from catalog.services import search_index
from tests.catalog.factories import ProductFactory
from tests.orders.factories import boss

pytestmark = [pytest.mark.django_db, pytest.mark.row("C7")]


def found(words):
    return {row.name for row in Product.objects.search(words)}


@pytest.fixture(params=["unread", "read"])
def shelf(request):
    """Before the job read the words, and after it."""
    mug = ProductFactory(sku="HP-TEA-001", name="Stoneware Mugs", barcode="4006381333931")
    ProductFactory(sku="HP-LIN-001", name="Linen Towel", description="Dries stoneware and glass.")
    ProductFactory(sku="HP-BRD-001", name="Oak Board")
    services.set_tags(product_id=mug.pk, names=["breakfast"], by=boss(), reason="")
    if request.param == "read":
        search_index.read_words()
    return mug


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("stoneware", {"Stoneware Mugs", "Linen Towel"}),
        ("STONEWARE mugs", {"Stoneware Mugs"}),
        ("stonew", {"Stoneware Mugs", "Linen Towel"}),
        ("breakfast", {"Stoneware Mugs"}),
        ("HP-TEA-001", {"Stoneware Mugs"}),
        ("hp-tea", {"Stoneware Mugs"}),
        ("4006381333931", {"Stoneware Mugs"}),
        ("mugs towel", set()),
        ("", {"Stoneware Mugs", "Linen Towel", "Oak Board"}),
    ],
)
def test_words(shelf, words, names):
    assert found(words) == names


@pytest.mark.parametrize(
    "words", ["'", "\\", "a'b", "&|!():*<->", "mug' | 'oak", "the", "''", ":*", "%", "_"]
)
def test_no_sign_is_an_operator(shelf, words):
    found(words)
    list(Product.objects.search(words).ranked(words))
    assert found("mugs' | 'oak") == set()


def test_the_best_match_stands_first(shelf):
    ranked = Product.objects.search("stoneware").ranked("stoneware")

    assert [row.name for row in ranked] == ["Stoneware Mugs", "Linen Towel"]


def test_an_index_that_lags_behind_hides_nothing(shelf):
    services.edit_product(product_id=shelf.pk, changes={"name": "Clay Cup"}, by=boss(), reason="")

    assert found("clay") == {"Clay Cup"}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the index is PostgreSQL's")
class TestIndex:
    def test_a_word_is_found_by_its_stem(self, shelf):
        search_index.read_words()

        assert "Stoneware Mugs" in found("mug")
        assert found("drying") == {"Linen Towel"}

    def test_a_write_starts_the_job(self, shelf, django_capture_on_commit_callbacks):
        search_index.read_words()
        connection.run_on_commit.clear()
        with django_capture_on_commit_callbacks(execute=True):
            services.edit_product(
                product_id=shelf.pk, changes={"name": "Clay Cup"}, by=boss(), reason=""
            )

        job = Job.objects.get(kind=search_index.KIND)
        jobs.execute(job.pk)

        assert not search_index.old_words().exists()
        assert (
            ProductIndex.objects.get(product=shelf).version
            == Product.objects.get(pk=shelf.pk).version
        )

    def test_a_tag_that_is_spelled_differently_is_read_again(self, shelf):
        search_index.read_words()
        tag = shelf.tags.get()

        services.rename_tag(tag_id=tag.pk, name="supper", by=boss(), reason="")

        assert found("supper") == {"Stoneware Mugs"}
        search_index.read_words()
        assert found("supper") == {"Stoneware Mugs"}
        assert found("breakfast") == set()

    def test_the_index_is_asked_not_the_table(self, shelf):
        search_index.read_words()

        plan = ProductIndex.objects.filter(
            product__in=Product.objects.search("stoneware").values("pk")
        ).explain()

        assert "vector" in plan
