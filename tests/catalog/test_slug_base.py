"""Slugs of plain names are made without Django's reader, and are the same."""

from __future__ import annotations

from django.utils.text import slugify
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import Product
from catalog.services.slugs import slug_base

plain = st.text(st.characters(max_codepoint=127), max_size=40)


@given(name=plain)
def test_a_plain_name_makes_the_slug_that_slugify_makes(name):
    expected = slugify(name.lower().replace("&", " and ")).replace("_", "-").strip("-")

    # Underscores and hyphens side by side are one gap for us.
    assert slug_base(Product, name) == ("-".join(filter(None, expected.split("-"))) or "item")


def test_other_letters_are_taken_apart():
    assert slug_base(Product, "Größe & Straße Øre") == "grosse-and-strasse-ore"
