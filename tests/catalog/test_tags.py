"""Tags are rows with a history: made, renamed, set on products, removed when nobody bears them."""

import pytest

from backoffice.refused import BadValue, NotAllowed, StaleVersion
from catalog.models import Product, ProductTag, Tag
from catalog.refusals import UnknownProduct
from catalog.services import (
    DuplicateTag,
    TagInUse,
    create_tag,
    delete_tag,
    ensure_tags,
    rename_tag,
    set_tags,
    set_tags_of_many,
)
from tests.catalog.factories import ProductFactory, TagFactory

pytestmark = pytest.mark.django_db


def names_on(product):
    return sorted(product.tags.values_list("name", flat=True))


def test_set_tags_leaves_exactly_these_with_a_history_row_for_each_link(merchandiser):
    mug = ProductFactory()
    set_tags(product_id=mug.pk, names=["oak", "sale"], by=merchandiser, reason="range")

    set_tags(product_id=mug.pk, names=["oak", "handmade"], by=merchandiser, reason="sale is over")

    assert names_on(mug) == ["handmade", "oak"]
    history = ProductTag.history.order_by("history_id").values_list("history_type", "tag__name")
    assert sorted(history) == [("+", "handmade"), ("+", "oak"), ("+", "sale"), ("-", "sale")]
    assert Product.objects.get().version == 3


def test_set_tags_changes_nothing_when_the_tags_are_there(merchandiser):
    mug = ProductFactory()
    set_tags(product_id=mug.pk, names=["Oak"], by=merchandiser, reason="")
    rows = ProductTag.history.count(), Product.history.count()

    set_tags(product_id=mug.pk, names=[" oak ", "OAK"], by=merchandiser, reason="")

    assert (ProductTag.history.count(), Product.history.count()) == rows
    assert Product.objects.get().version == 2


def test_set_tags_takes_all_tags_off(merchandiser):
    mug = ProductFactory()
    set_tags(product_id=mug.pk, names=["oak"], by=merchandiser, reason="")

    set_tags(product_id=mug.pk, names=[], by=merchandiser, reason="")

    assert names_on(mug) == []
    assert Tag.objects.count() == 1


def test_set_tags_refuses_a_stale_version(merchandiser):
    mug = ProductFactory()
    set_tags(product_id=mug.pk, names=["oak"], by=merchandiser, reason="", version=1)

    with pytest.raises(StaleVersion):
        set_tags(product_id=mug.pk, names=["pine"], by=merchandiser, reason="", version=1)

    assert names_on(mug) == ["oak"]


def test_set_tags_refuses_an_unknown_product_and_a_role_that_may_not(merchandiser, support):
    with pytest.raises(UnknownProduct):
        set_tags(product_id=404, names=[], by=merchandiser, reason="")
    with pytest.raises(NotAllowed):
        set_tags(product_id=ProductFactory().pk, names=["oak"], by=support, reason="")

    assert Tag.objects.count() == 0


def test_set_tags_of_many_gives_each_product_its_own(merchandiser):
    mug, bowl = ProductFactory(), ProductFactory()

    outcome = set_tags_of_many(
        tags={mug.pk: ["oak"], bowl.pk: ["Oak", "sale"], 404: []}, by=merchandiser, reason="sheet"
    )

    assert outcome.done == [mug, bowl]
    assert [error.code for _row, error in outcome.refused] == ["unknown_product"]
    assert (names_on(mug), names_on(bowl)) == (["oak"], ["oak", "sale"])


def test_set_tags_of_many_needs_no_more_queries_for_more_products(merchandiser, count_queries):
    def count(number):
        tags = {product.pk: ["a", "b"] for product in ProductFactory.create_batch(number)}
        return count_queries(lambda: set_tags_of_many(tags=tags, by=merchandiser, reason="sheet"))

    count(1)

    assert count(2) == count(30)


def test_ensure_tags_makes_what_is_missing_once_and_keeps_the_first_spelling(merchandiser):
    found = ensure_tags(names=["Café", "café ", "oak"], by=merchandiser, reason="")

    assert found["Café"] == found["café "]
    assert found["Café"].slug == "cafe"
    assert sorted(Tag.objects.values_list("name", flat=True)) == ["Café", "oak"]


def test_ensure_tags_keeps_two_words_apart_that_make_one_slug(merchandiser):
    ensure_tags(names=["small batch", "small-batch"], by=merchandiser, reason="")

    assert set(Tag.objects.values_list("slug", flat=True)) == {"small-batch", "small-batch-2"}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (" ", "a tag needs a name"),
        ("x" * 61, "is longer than 60 characters"),
        ("a,b", "no comma"),
        ("a\x00", "no NUL"),
    ],
)
def test_ensure_tags_refuses_what_is_no_name(merchandiser, name, sentence):
    with pytest.raises(BadValue, match=sentence.replace("no NUL", "NUL")):
        ensure_tags(names=[name], by=merchandiser, reason="")


def test_ensure_tags_asks_for_permission_only_to_make_one(support):
    TagFactory(name="oak")

    assert ensure_tags(names=["oak"], by=support, reason="")
    with pytest.raises(NotAllowed, match="add a tag"):
        ensure_tags(names=["pine"], by=support, reason="")


def test_create_tag_refuses_another_spelling_of_one_that_is_there(merchandiser):
    create_tag(name="Oak", by=merchandiser, reason="")

    with pytest.raises(DuplicateTag, match="There is a tag “Oak” already"):
        create_tag(name="oak", by=merchandiser, reason="")


def test_rename_tag_leaves_the_slug_and_refuses_a_name_that_is_taken(merchandiser):
    oak, pine = TagFactory(name="oak", slug="oak"), TagFactory(name="pine")

    renamed = rename_tag(tag_id=oak.pk, name="Oak", by=merchandiser, reason="capital")

    assert (renamed.name, renamed.slug) == ("Oak", "oak")
    with pytest.raises(DuplicateTag):
        rename_tag(tag_id=pine.pk, name="OAK", by=merchandiser, reason="")


def test_delete_tag_removes_one_that_nobody_bears_and_leaves_its_history(merchandiser):
    oak = TagFactory(name="oak")

    delete_tag(tag_id=oak.pk, by=merchandiser, reason="typo")

    assert Tag.objects.count() == 0
    assert Tag.history.latest("history_id").history_type == "-"


def test_delete_tag_refuses_one_that_products_bear(merchandiser):
    mug = ProductFactory()
    set_tags(product_id=mug.pk, names=["oak"], by=merchandiser, reason="")

    with pytest.raises(TagInUse, match="1 products bear the tag “oak”"):
        delete_tag(tag_id=Tag.objects.get().pk, by=merchandiser, reason="")
