"""SKUs made for products without one: readable, unique, and the same whenever they come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from catalog.models import Product
from catalog.sheets.recipes.skus import derived_skus

LIMIT = Product._meta.get_field("sku").max_length
identities = st.lists(
    st.lists(st.text(max_size=80), min_size=1, max_size=4).map(tuple), max_size=8, unique=True
)


def sku(*identity, taken=()):
    return derived_skus([identity], taken)[identity]


def test_handle_and_options_can_be_read_in_it():
    assert sku("gardening-gloves", "Matte Black", "XL") == "GARDENING-GLOVES-MATTE-BLACK-XL"
    assert sku("kettle", "1.7L") == "KETTLE-1-7L"
    assert sku("größe", "weiß") == "GROSSE-WEISS"
    assert sku("mens-tee", "Men's") == "MENS-TEE-MENS"


def test_one_that_is_somebodys_gets_a_mark():
    made = sku("mug", taken={"MUG"})

    assert made.startswith("MUG-")
    assert len(made) == len("MUG-3F2A9C")
    assert sku("mug", taken={"MUG", "CUP"}) == sku("mug", taken={"mug"}) == made


def test_two_that_would_be_one_are_told_apart_by_marks():
    two = derived_skus([("mug-red",), ("mug", "Red")])

    assert len(set(two.values())) == 2
    assert all(made.startswith("MUG-RED-") for made in two.values())


def test_letters_that_an_sku_cannot_have_are_not_lost_without_a_mark():
    assert sku("茶-mug") != sku("mug")
    assert sku("茶-mug").startswith("MUG-")
    assert sku("茶").startswith("ITEM-")
    assert sku("item") == "ITEM"


def test_a_long_one_is_cut_and_stays_unique():
    long = "handle-" * 20
    red, blue = sku(long, "Red"), sku(long, "Blue")

    assert red != blue
    assert len(red) <= LIMIT


@given(identities)
def test_they_are_unique_and_fit(wanted):
    made = derived_skus(wanted)

    assert made.keys() == set(wanted)
    assert len(set(made.values())) == len(wanted)
    assert all(0 < len(one) <= LIMIT and one == one.strip("-") for one in made.values())


@given(identities, st.randoms())
def test_the_order_of_a_file_does_not_matter(wanted, random):
    shuffled = list(wanted)
    random.shuffle(shuffled)

    assert derived_skus(shuffled) == derived_skus(wanted)
