"""Whole columns from one statement are, cell by cell, what instances write."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice.imports import sources
from backoffice.imports.sheets import sheet
from backoffice.imports.sources import read_columns, source_of, sources_of
from catalog.models import Category, Product, ProductTag, Tag
from tests.catalog.factories import (
    CategoryFactory,
    LocationFactory,
    ProductFactory,
    TagFactory,
    put_on_shelf,
)

# What a database holds: neither NUL nor halves of characters; with all that COPY writes its own way.
STORED = st.text(
    st.one_of(
        st.sampled_from("\\\n\r\t\x1f\v\f\b\x0b\x1e ntr=;>,'\"N"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00"),
    ),
    max_size=12,
)
MONEY = st.decimals(min_value=0, max_value=Decimal("9999999999.99"), places=2)


def by_columns(rows):
    kind = sheet("products")
    columns = kind.columns()
    found = [[] for _ in columns]

    def take(chunk):
        for cells, more in zip(found, chunk, strict=True):
            cells.extend(more)

    read_columns(rows, sources_of(columns, kind.model), take)
    return dict(zip(columns, found, strict=True))


def by_instances(rows):
    kind = sheet("products")
    columns = kind.columns()
    instances = list(kind.rows(rows).order_by("pk"))
    return {
        name: [column.export(instance) for instance in instances]
        for name, column in columns.items()
    }


def test_every_column_of_products_has_a_source():
    kind = sheet("products")

    assert sources_of(kind.columns(), kind.model) is not None


def test_a_sheet_whose_columns_ask_instances_is_exported_by_instances():
    kind = sheet("orders")

    assert source_of(kind.columns()["lines"], kind.model) is None
    assert sources_of(kind.columns(), kind.model) is None


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_both_ways_write_the_same(data):
    old = set(Product.objects.values_list("pk", flat=True))
    made = []
    for number in range(data.draw(st.integers(0, 4), label="rows")):
        product = ProductFactory(
            sku=f"{data.draw(STORED)}{number}.{len(old)}",
            barcode=f"{data.draw(STORED)}{number}.{len(old)}",
            name=data.draw(STORED),
            description=data.draw(STORED),
            options=data.draw(st.dictionaries(STORED, STORED, max_size=2)),
            price=data.draw(MONEY),
            cost=data.draw(st.none() | MONEY),
            weight_grams=data.draw(st.none() | st.integers(0, 2**31 - 1)),
            is_featured=data.draw(st.booleans()),
            parent=data.draw(st.sampled_from([None, *made])),
            meta_title=data.draw(STORED),
        )
        made.append(product)

    rows = Product.objects.exclude(pk__in=old)
    assert by_columns(rows) == by_instances(rows)


@pytest.fixture
def catalogue(db):
    top = CategoryFactory(name="Kitchen > x")
    leaf = CategoryFactory(name="  Mugs \\ cups", parent=top)
    tags = [TagFactory(name=name) for name in ("Zebra", "ábc", "alpha", "-minus")]
    shed = LocationFactory()
    for number in range(7):
        product = ProductFactory(
            sku=f"P{number}", category=(None, top, leaf)[number % 3], stock=number % 4
        )
        put_on_shelf(product, 50, shed)
        for tag in tags[: number % 5]:
            ProductTag(product=product, tag=tag).save()


def test_what_is_joined_is_the_same(catalogue):
    assert by_columns(Product.objects.all()) == by_instances(Product.objects.all())


def test_what_is_joined_is_the_same_for_some_rows(catalogue):
    some = Product.objects.filter(sku__in=["P1", "P4", "P5"])

    found = by_columns(some)

    assert found == by_instances(some)
    assert found["stock"] == ["1", "", "1"]


def test_chunks_are_put_together_again(catalogue, monkeypatch):
    monkeypatch.setattr(sources, "CHUNK_ROWS", 3)

    assert by_columns(Product.objects.all())["sku"] == [f"P{number}" for number in range(7)]


def test_a_name_that_is_too_many_is_looked_up_anew(monkeypatch):
    monkeypatch.setattr(sources, "_MOST_KNOWN", 2)
    asked = []
    texts = sources.looked_up(lambda cell: asked.append(cell) or cell.upper())

    assert texts(["a", "a", ""]) == ["A", "A", ""]
    assert texts(["b", "c", "b"]) == ["B", "C", "B"]
    assert asked.count("a") == 1


def test_no_row_needs_no_statement(db):
    assert by_columns(Product.objects.none())["sku"] == []


def test_what_the_taker_raises_ends_the_reading_and_leaves_the_connection_well(
    catalogue, monkeypatch
):
    monkeypatch.setattr(sources, "CHUNK_ROWS", 2)
    taken = []

    def take(chunk):
        taken.append(chunk)
        raise KeyError("stop")

    kind = sheet("products")
    with pytest.raises(KeyError, match="stop"):
        read_columns(Product.objects.all(), sources_of(kind.columns(), kind.model), take)

    assert len(taken) == 1
    if connection.vendor == "sqlite" or not connection.needs_rollback:
        assert Category.objects.count() == 2


def test_tags_that_are_many_still_come_once(db):
    product = ProductFactory(sku="A")
    for number in range(30):
        ProductTag(product=product, tag=TagFactory(name=f"t{number:02}")).save()

    assert by_columns(Product.objects.all())["tags"] == [
        ",".join(f"t{number:02}" for number in range(30))
    ]
    assert Tag.objects.count() == 30
