"""Columns of an unknown file are told by the products that are here already."""

from __future__ import annotations

import io

import pytest

from backoffice.imports.guess import guess
from backoffice.imports.read import open_table
from catalog.resources import ProductResource
from catalog.sheets.hints import PRODUCT_HINTS, overlap
from tests.catalog.factories import ProductFactory

pytestmark = pytest.mark.django_db


def test_a_column_with_skus_of_the_catalogue_is_the_sku():
    for at in range(4):
        ProductFactory(sku=f"A-{at}")
    rows = "\n".join(f"x{at};A-{at}" for at in range(5))
    table = open_table(io.BytesIO(f"Links;Rechts\n{rows}\n".encode()))
    columns = {column.column_name: column for column in ProductResource().fields.values()}

    found = guess(table, columns, PRODUCT_HINTS)

    assert (found["Links"].ours, found["Rechts"].ours) == ("", "sku")
    assert "80 %" in found["Rechts"].why


def test_the_share_is_that_of_different_values(django_assert_num_queries):
    ProductFactory(sku="A")

    with django_assert_num_queries(1):
        assert overlap("sku", ["A", "B"]) == 0.5
    assert overlap("sku", []) == 0
    assert overlap("name", ["A"]) == 0
    assert overlap("sku", ["\x00"]) == 0
