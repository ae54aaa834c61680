"""What holds for the stock, price and category sheets, whatever is in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from backoffice.imports import apply_run, undo_run
from backoffice.imports.export import export_sheet
from catalog.models import Category, PriceChange, Product, StockLevel, StockMovement
from catalog.resources import category_paths
from tests.catalog.factories import PriceChangeFactory, ProductFactory
from tests.catalog.test_import_laws import amounts, an_example, blank_or, words
from tests.sheets import counts_of, csv_of, load, preview

FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
SKUS = [f"SKU-{number}" for number in range(6)]
DAYS = ["2031-01-31", "2031-02-28", "2031-06-30"]


def stock_rows():
    counted = blank_or(st.integers(0, 90).map(str))
    return st.lists(counted, min_size=6, max_size=6).map(
        lambda cells: [[sku, cell] for sku, cell in zip(SKUS, cells, strict=True)]
    )


@st.composite
def price_rows(draw):
    rows = []
    for sku in SKUS:
        price, cost = draw(blank_or(amounts)), draw(blank_or(amounts))
        start, end = (
            draw(st.sampled_from(["", "2031-01-01"])),
            draw(blank_or(st.sampled_from(DAYS))),
        )
        is_period = bool(start or end) and bool(price)
        rows.append([sku, price, "" if is_period else cost, *((start, end) if price else ("", ""))])
    return rows


def category_rows():
    paths = st.lists(words, min_size=1, max_size=3).map(
        lambda levels: " > ".join(" ".join(level.split()) for level in levels)
    )
    return st.dictionaries(paths, blank_or(words), min_size=1, max_size=6).map(
        lambda texts: [[path, text] for path, text in texts.items()]
    )


def shelves():
    levels = StockLevel.objects.exclude(on_hand=0)
    return sorted(levels.values_list("product__sku", "on_hand")), StockMovement.objects.count()


def prices():
    lists = Product.objects.order_by("sku").values_list("sku", "price", "cost")
    scheduled = PriceChange.objects.filter(withdrawn_at=None)
    # A start that no row says is the moment of the import.
    said = [
        (row.product.sku, row.price, row.ends_at, row.starts_at.year)
        for row in scheduled.select_related("product")
    ]
    return list(lists), sorted(said, key=str)


def tree():
    rows = Category.objects.in_bulk()
    return sorted(
        (path, rows[pk].slug, rows[pk].description) for pk, path in category_paths().items()
    )


def traces():
    return (
        Product.history.count(),
        PriceChange.history.count(),
        Category.history.count(),
        StockMovement.objects.count(),
    )


@dataclass(frozen=True)
class Case:
    """A sheet, its columns, rows of which none is at fault, and what of the trade they change."""

    sheet: str
    header: Sequence[str]
    rows: st.SearchStrategy
    state: Callable[[], object]


STOCK = Case("stock", ["sku", "stock"], stock_rows(), shelves)
PRICES = Case("prices", ["sku", "price", "cost", "valid_from", "valid_until"], price_rows(), prices)
CATEGORIES = Case("categories", ["path", "description"], category_rows(), tree)
SHEETS = pytest.mark.parametrize("case", [STOCK, PRICES, CATEGORIES], ids=lambda case: case.sheet)


@pytest.fixture
def shop(db):
    """Six products, some of them on the shelf."""
    for number, sku in enumerate(SKUS):
        ProductFactory(sku=sku, price="20.00", cost="8.00", stock=number * 3)


@SHEETS
@FEW
@given(st.data())
def test_the_same_file_twice_changes_nothing_the_second_time(merchandiser, shop, case, data):
    with an_example():
        rows = data.draw(case.rows)
        content = csv_of(case.header, *rows)
        first = load(content, by=merchandiser, sheet=case.sheet)
        assert first.state == "applied"
        before, expected = traces(), case.state()

        second = load(content, by=merchandiser, sheet=case.sheet)

        assert counts_of(second) == (0, 0, len(rows), 0)
        assert (traces(), case.state()) == (before, expected)


@SHEETS
@FEW
@given(st.data(), st.sampled_from(["csv", "xlsx"]))
def test_what_is_exported_imports_as_unchanged(merchandiser, shop, case, data, format_name):
    with an_example():
        load(csv_of(case.header, *data.draw(case.rows)), by=merchandiser, sheet=case.sheet)
        before, expected = traces(), case.state()

        with export_sheet(sheet_name=case.sheet, format_name=format_name, by=merchandiser) as out:
            run = load(out.read(), by=merchandiser, sheet=case.sheet)

        assert (run.new, run.changed, run.refused) == (0, 0, 0)
        assert (traces(), case.state()) == (before, expected)


@SHEETS
@FEW
@given(st.data(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(merchandiser, shop, case, data, dice):
    rows = data.draw(case.rows)
    shuffled = list(rows)
    dice.shuffle(shuffled)
    with an_example():
        load(csv_of(case.header, *rows), by=merchandiser, sheet=case.sheet)
        expected = case.state()

    with an_example():
        load(csv_of(case.header, *shuffled), by=merchandiser, sheet=case.sheet)

        assert case.state() == expected


@SHEETS
@FEW
@given(st.data())
def test_what_the_preview_counts_is_what_is_written(merchandiser, shop, case, data):
    content = csv_of(case.header, *data.draw(case.rows))
    with an_example():
        shown = preview(content, by=merchandiser, sheet=case.sheet)

        applied = load(content, by=merchandiser, sheet=case.sheet)

        assert counts_of(applied) == counts_of(shown)


@SHEETS
@FEW
@given(st.data())
def test_one_bad_row_under_all_or_nothing_changes_nothing(merchandiser, shop, case, data):
    bad = ["SKU-0" if case is not CATEGORIES else "a > > b", "x", "", "", ""][: len(case.header)]
    with an_example():
        expected, before = case.state(), traces()
        rows = data.draw(case.rows)[1:]

        run = load(csv_of(case.header, bad, *rows), by=merchandiser, sheet=case.sheet)

        assert run.state == "validated"
        assert run.refused >= 1
        assert (case.state(), traces()) == (expected, before)


@pytest.mark.parametrize("case", [STOCK, PRICES], ids=lambda case: case.sheet)
@FEW
@given(st.data())
def test_taking_back_leaves_things_as_they_were(merchandiser, shop, case, data):
    with an_example():
        PriceChangeFactory(product=Product.objects.get(sku="SKU-5"), ends_at="2030-01-01T00:00Z")
        levels = StockLevel.objects.exclude(on_hand=0)
        before = dict(levels.values_list("product__sku", "on_hand")), prices()
        rows = [row for row in data.draw(case.rows) if case is STOCK or row[0] != "SKU-5"]
        run = load(csv_of(case.header, *rows), by=merchandiser, sheet=case.sheet)

        assume(run.applied)
        undo = undo_run(uuid=run.uuid, by=merchandiser)
        apply_run(uuid=undo.uuid, by=merchandiser, reason="")

        assert undo.refused == 0
        assert (dict(levels.values_list("product__sku", "on_hand")), prices()) == before
