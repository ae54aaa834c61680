"""Slugs: made from names, unique whatever the batch, never longer than their column."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Product
from catalog.services import free_slugs, slug_base
from catalog.services.slugs import slug_bases
from tests.catalog.factories import ProductFactory

pytestmark = [pytest.mark.django_db, pytest.mark.row("C2")]


@pytest.mark.parametrize(
    ("names", "slug"),
    [
        (["Oak Mug"], "oak-mug"),
        (["Große Straße & Søn"], "grosse-strasse-and-son"),
        (["Œuvre, Łódź"], "oeuvre-lodz"),
        (["café_crème"], "cafe-creme"),
        (["0-_¹"], "0-1"),
        (["كوب", "MUG 7"], "mug-7"),
        (["كوب", "***"], "item"),
        (["x" * 300], "x" * 250),
    ],
)
def test_slug_base_spells_a_name_in_plain_letters(names, slug):
    assert slug_base(Product, *names) == slug


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.one_of(st.text(max_size=8), st.text("aZ-_ |&ß\n\x1f", max_size=9)), st.text())
    )
)
def test_slug_bases_of_many_are_those_of_each(pairs):
    names, skus = [name for name, _sku in pairs], [sku for _name, sku in pairs]

    assert slug_bases(Product, names, skus) == [slug_base(Product, *pair) for pair in pairs]


def test_free_slugs_numbers_what_is_taken():
    ProductFactory(slug="mug")
    ProductFactory(slug="mug-2")
    ProductFactory(slug="mug-4")

    assert free_slugs(Product, ["mug", "mug", "bowl", "bowl"]) == [
        "mug-3",
        "mug-5",
        "bowl",
        "bowl-2",
    ]


def test_free_slugs_leaves_those_alone_that_are_spoken_for():
    assert free_slugs(Product, ["mug"], reserved=["mug", "mug-2"]) == ["mug-3"]


def test_free_slugs_cuts_a_long_one_to_make_room_for_its_number():
    long = "x" * 250
    ProductFactory(slug=long)

    assert free_slugs(Product, [long]) == ["x" * 248 + "-2"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.sampled_from(["mug", "mug-2", "mug-2-2", "mug-10", "m", "x" * 249, "x" * 250]),
        max_size=12,
    ),
    st.sets(st.sampled_from(["mug", "mug-2", "mug-3", "mug-2-2", "x" * 250]), max_size=3),
)
def test_free_slugs_are_always_unique_and_fit(bases, taken):
    for product in Product.objects.all():
        product.delete()
    for slug in taken:
        ProductFactory(slug=slug)

    slugs = free_slugs(Product, bases)

    assert len(set(slugs)) == len(slugs) == len(bases)
    assert not set(slugs) & taken
    assert all(len(slug) <= 250 for slug in slugs)
