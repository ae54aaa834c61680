"""The words in which products are asked for."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Product
from catalog.services import commit_stock, set_tags
from tests.catalog.factories import (
    CategoryFactory,
    LocationFactory,
    ProductFactory,
    ReviewFactory,
    put_on_shelf,
    wanted,
)

pytestmark = [pytest.mark.django_db, pytest.mark.row("G6")]


def test_active_published_and_featured():
    draft, shown, gone = (ProductFactory(status=s) for s in ("draft", "published", "archived"))
    ProductFactory(status="draft", is_featured=True)
    lead = ProductFactory(is_featured=True)

    assert gone not in Product.objects.active()
    assert {draft, shown} <= set(Product.objects.active())
    assert set(Product.objects.published()) == {shown, lead}
    assert set(Product.objects.featured()) == {lead}


def test_by_category_includes_everything_below():
    kitchen = CategoryFactory(name="Kitchen")
    coffee = CategoryFactory(name="Coffee", parent=kitchen)
    beans = CategoryFactory(name="Beans", parent=coffee)
    here, below, far_below = (ProductFactory(category=c) for c in (kitchen, coffee, beans))
    ProductFactory(category=CategoryFactory())
    ProductFactory()

    assert set(Product.objects.by_category(kitchen)) == {here, below, far_below}
    assert set(Product.objects.by_category(beans)) == {far_below}


def test_with_stock_sums_over_locations():
    mug = ProductFactory(stock=5)
    put_on_shelf(mug, 2, LocationFactory())
    commit_stock(wanted=[wanted(mug, 3)])

    row = Product.objects.with_stock().get()

    assert (row.on_hand, row.committed, row.unavailable, row.available) == (7, 3, 0, 4)
    assert Product.objects.with_stock().get(pk=ProductFactory().pk).available == 0


def test_in_stock_is_what_can_be_promised():
    mug, sold_out = ProductFactory(stock=2), ProductFactory(stock=2)
    commit_stock(wanted=[wanted(sold_out, 2)])
    ProductFactory()

    assert set(Product.objects.in_stock()) == {mug}


def test_low_on_stock_is_published_sold_as_such_and_at_the_threshold():
    low, none = ProductFactory(stock=5, low_stock_threshold=5), ProductFactory()
    ProductFactory(stock=6, low_stock_threshold=5)
    ProductFactory(status="draft")
    parent = ProductFactory()
    variant = ProductFactory(parent=parent)

    assert set(Product.objects.low_on_stock()) == {low, none, variant}
    assert parent not in Product.objects.sellable()


def test_with_stats_counts_and_averages_what_customers_may_see():
    mug, bowl = ProductFactory(), ProductFactory()
    for rating in (5, 2):
        ReviewFactory(product=mug, rating=rating, status="approved")
    ReviewFactory(product=mug, rating=1)
    ReviewFactory(product=mug, rating=1, status="rejected")

    stats = {row: (row.review_count, row.average_rating) for row in Product.objects.with_stats()}

    assert stats == {mug: (2, 3.5), bowl: (0, None)}


def test_with_stats_and_stock_and_search_may_be_chained(merchandiser):
    mug = ProductFactory(name="Oak Mug", stock=3)
    set_tags(product_id=mug.pk, names=["oak wood", "oak"], by=merchandiser, reason="")
    for rating in (5, 2):
        ReviewFactory(product=mug, rating=rating, status="approved")

    row = Product.objects.search("oak").with_stock().with_stats().with_category().get()

    assert (row.review_count, row.average_rating, row.available) == (2, 3.5, 3)


def test_search_wants_every_word_somewhere(merchandiser):
    mug = ProductFactory(
        sku="HP-1", name="Harbour Mug", description="Turned by hand", barcode="4006381333931"
    )
    ProductFactory(sku="BOWL", name="Harbour Bowl")
    set_tags(product_id=mug.pk, names=["stoneware"], by=merchandiser, reason="")

    for words in ("harbour mug", "HP-1", "4006381333931", "hand STONE", "  mug  "):
        assert list(Product.objects.search(words)) == [mug], words
    assert Product.objects.search("harbour spoon").count() == 0
    assert Product.objects.search("400638").count() == 0  # a barcode counts whole
    assert Product.objects.search("100%").count() == 0
    assert Product.objects.search("").count() == 2


def test_recent_looks_back_a_week_unless_told():
    new = ProductFactory()
    older = ProductFactory(created_at=timezone.now() - timedelta(days=8))

    assert set(Product.objects.recent()) == {new}
    assert set(Product.objects.recent(days=9)) == {new, older}


def test_get_or_none_is_none_for_nothing_and_loud_for_several():
    mug = ProductFactory(sku="MUG")
    ProductFactory()

    assert Product.objects.get_or_none(sku="MUG") == mug
    assert Product.objects.get_or_none(sku="NOPE") is None
    with pytest.raises(Product.MultipleObjectsReturned):
        Product.objects.get_or_none(status="published")


def test_with_category_and_tags_pay_once(merchandiser, count_queries):
    def read():
        for product in Product.objects.with_category().with_tags():
            assert product.category.name
            assert product.tags.all()

    for product in [ProductFactory(category=CategoryFactory()) for _ in range(3)]:
        set_tags(product_id=product.pk, names=["oak"], by=merchandiser, reason="")

    assert count_queries(read) == 2
