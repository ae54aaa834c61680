"""The product sheet: what is refused, and in which words."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from backoffice.imports import Choices, refusals
from backoffice.imports.preview import page_of
from catalog import services
from catalog.models import Category, Product
from tests.catalog.factories import ProductFactory, wanted
from tests.sheets import FIXTURES, counts_of, csv_of, faults_of, load, preview, words_of, xlsx_of

HEADER = ["sku", "name", "price"]


def cup(sku="CUP", name="Beach Pebble Cup", price="16.00"):
    return [sku, name, price]


def test_import_of_the_faulty_sheet_finds_exactly_the_documented_faults(merchandiser):
    documented = []
    for line in (Path(FIXTURES) / "README.md").read_text().splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[0].isdigit() and cells[3] == "refused":
            documented.append((int(cells[0]), cells[2].split(", ")[0]))
    assert len(documented) == 24

    run = preview((FIXTURES / "faulty_products.csv").read_bytes(), by=merchandiser)

    assert [(line, column) for line, column, _code in faults_of(run)] == documented
    assert counts_of(run) == (5, 0, 0, 24)


def test_import_says_everything_about_every_row_at_once(merchandiser):
    header = [*HEADER, "stock", "currency", "status"]
    content = csv_of(
        header,
        ["CUP", "x" * 300, "12,50", "1.9", "EURO", "live"],
        ["", *[""] * 4, ""],
        ["B", "B", "-1", "", "", ""],
    )

    run = preview(content, by=merchandiser)

    assert faults_of(run) == [
        (2, "name", "too_long"),
        (2, "price", "decimal_comma"),
        (2, "stock", "not_whole"),
        (2, "currency", "bad_currency"),
        (2, "status", "unknown_word"),
        (4, "price", "negative"),
    ]


def test_import_names_both_lines_of_a_sku_that_stands_twice_and_refuses_both(merchandiser):
    content = csv_of(HEADER, cup(), cup("B", "B"), cup(name="other"))

    run = load(content, by=merchandiser, policy="good_rows")

    assert faults_of(run) == [(2, "sku", "duplicate_sku"), (4, "sku", "duplicate_sku")]
    assert "line 4" in words_of(run, 2)
    assert "line 2" in words_of(run, 4)
    assert [product.sku for product in Product.objects.all()] == ["B"]


def test_import_refuses_a_key_that_stands_twice_even_when_the_product_is_there(merchandiser):
    ProductFactory(sku="CUP", name="Cup", price="16.00")

    run = preview(csv_of(HEADER, cup(), cup(price="17.00")), by=merchandiser)

    assert [code for _line, _column, code in faults_of(run)] == ["duplicate_sku"] * 2


def test_import_refuses_a_slug_or_barcode_that_stands_twice_or_belongs_to_another(merchandiser):
    ProductFactory(sku="OTHER", slug="taken", barcode="777")
    content = csv_of(
        [*HEADER, "slug", "barcode"],
        ["A", "A", "1.00", "same", "1"],
        ["B", "B", "1.00", "same", "2"],
        ["C", "C", "1.00", "c", "3"],
        ["D", "D", "1.00", "d", "3"],
        ["E", "E", "1.00", "taken", "777"],
    )

    run = preview(content, by=merchandiser)

    assert faults_of(run) == [
        (2, "slug", "duplicate_slug"),
        (3, "slug", "duplicate_slug"),
        (4, "barcode", "duplicate_barcode"),
        (5, "barcode", "duplicate_barcode"),
        (6, "slug", "duplicate_slug"),
        (6, "barcode", "duplicate_barcode"),
    ]
    assert "OTHER" in words_of(run, 6)


def test_import_refuses_a_number_cell_as_sku_and_keeps_text(merchandiser):
    content = xlsx_of(
        HEADER,
        ["00123", "kept", 1],
        [123, "lost zeros", 1],
        [1234567890123456789, "rounded", 1],
        [True, "truth", 1],
    )

    run = load(content, by=merchandiser, policy="good_rows")

    assert faults_of(run) == [
        (3, "sku", "number_cell"),
        (4, "sku", "number_cell"),
        (5, "sku", "truth_cell"),
    ]
    assert "leading zeros" in words_of(run, 3)
    assert Product.objects.get().sku == "00123"


def test_import_takes_the_numbers_of_a_workbook(merchandiser):
    load(xlsx_of([*HEADER, "stock", "is_featured"], ["A", "A", 12.5, 7, True]), by=merchandiser)

    product = Product.objects.get()
    assert product.price == Decimal("12.50")
    assert product.levels.get().on_hand == 7
    assert product.is_featured is True


def test_import_refuses_a_nul_and_an_over_long_text_on_every_database(merchandiser):
    content = csv_of(
        [*HEADER, "barcode"], ["A", "mu\x00g", "1.00", ""], ["B", "B", "1.00", "9" * 40]
    )

    run = preview(content, by=merchandiser)

    assert faults_of(run) == [(2, "name", "nul"), (3, "barcode", "too_long")]


def test_import_refuses_more_cells_than_columns(merchandiser):
    run = preview(b"sku,name,price\nA,Cup, 12,50\n", by=merchandiser)

    assert faults_of(run) == [(2, "", "too_many_cells")]


def test_import_refuses_a_price_with_a_stock_that_may_not_stand_beside_it(merchandiser):
    ProductFactory(sku="OLD", price="12000.00")

    run = preview(
        csv_of([*HEADER, "stock"], ["NEW", "New", "12000.00", "150"], ["OLD", "", "", "150"]),
        by=merchandiser,
    )

    assert [(line, code) for line, _column, code in faults_of(run)] == [
        (2, "price_stock_rule_broken"),
        (3, "price_stock_rule_broken"),
    ]


def test_import_refuses_a_stock_below_what_is_promised(merchandiser):
    product = ProductFactory(sku="CUP", stock=10)
    services.commit_stock(wanted=[wanted(product, 4)])

    run = preview(csv_of(["sku", "stock"], ["CUP", "3"]), by=merchandiser)

    assert faults_of(run) == [(2, "stock", "stock_would_be_negative")]


def test_import_refuses_unknown_columns_unless_they_are_to_be_ignored(merchandiser):
    content = csv_of([*HEADER, "prize", "colour"], [*cup(), "1", "2"])

    with pytest.raises(refusals.UnknownColumns) as caught:
        preview(content, by=merchandiser)
    run = preview(content, by=merchandiser, choices=Choices(ignore_unknown=True))

    assert "prize, colour" in str(caught.value)
    assert "“price”" in str(caught.value)
    assert counts_of(run) == (1, 0, 0, 0)
    assert "prize, colour" in run.warnings[0]["message"]


def test_import_refuses_a_file_without_sku_and_says_what_it_found(merchandiser):
    with pytest.raises(refusals.MissingColumns) as caught:
        preview(csv_of(["article", "name"], ["A", "B"]), by=merchandiser)

    assert "sku" in str(caught.value)
    assert "article, name" in str(caught.value)


def test_import_refuses_a_column_that_stands_twice(merchandiser):
    with pytest.raises(refusals.DuplicateColumns):
        preview(csv_of(["sku", "Price", "price"], ["A", "1", "2"]), by=merchandiser)


def test_import_knows_its_columns_whatever_their_case_and_separators(merchandiser):
    run = load(
        csv_of(["SKU", "Name", "Compare-at price", "Price"], ["A", "A", "3", "2"]), by=merchandiser
    )

    assert Product.objects.get().compare_at_price == 3
    assert run.columns["compare_at_price"] == ["Compare-at price"]


def test_import_names_a_column_as_the_file_does(merchandiser):
    run = preview(csv_of(["SKU", "Name", "PRICE"], ["A", "A", "x"]), by=merchandiser)

    assert faults_of(run) == [(2, "PRICE", "not_a_number")]


def test_import_refuses_a_new_row_without_a_name(merchandiser):
    run = preview(csv_of(["sku", "price"], ["A", "1.00"]), by=merchandiser)

    assert faults_of(run) == [(2, "name", "required")]


@pytest.mark.parametrize(("mode", "code"), [("create", "key_known"), ("update", "key_unknown")])
def test_import_does_only_what_its_mode_allows(merchandiser, mode, code):
    ProductFactory(sku="OLD", name="Old")

    run = preview(
        csv_of(HEADER, ["OLD", "Old", "1"], ["NEW", "New", "1"]), by=merchandiser, mode=mode
    )

    assert [found for _line, _column, found in faults_of(run)] == [code]


def test_import_refuses_a_tree_that_has_no_end_and_writes_nothing_of_it(merchandiser):
    path = " > ".join(f"L{number}" for number in range(1_500))

    run = load(csv_of([*HEADER, "category"], [*cup(), path]), by=merchandiser)

    assert faults_of(run) == [(2, "category", "category_too_deep")]
    assert not Category.objects.exists()


def test_import_says_when_a_new_sku_differs_from_another_in_capitals_only(merchandiser):
    ProductFactory(sku="MUG-1", name="Mug")
    rows = [cup("mug-1"), cup("Cup"), cup("CUP"), cup("BOWL")]

    run = preview(csv_of(HEADER, *rows), by=merchandiser)

    assert counts_of(run) == (4, 0, 0, 0)
    rows = page_of(run, "new").rows
    said = {row.key: [warning.message for warning in row.warnings] for row in rows}
    assert said == {
        "mug-1": ["A new product, though MUG-1 differs in capitals only."],
        "Cup": ["A new product, though CUP differs in capitals only."],
        "CUP": ["A new product, though Cup differs in capitals only."],
        "BOWL": [],
    }


def test_import_refuses_a_sku_with_a_nul_as_a_row(merchandiser):
    run = preview(csv_of(HEADER, cup("C\x00UP")), by=merchandiser)

    assert faults_of(run) == [(2, "sku", "nul")]


def test_import_names_a_few_lines_of_a_thousand_twins(merchandiser):
    run = preview(csv_of(HEADER, *[cup("CUP")] * 1_000), by=merchandiser)

    assert counts_of(run) == (0, 0, 0, 1_000)
    assert "also on line 3, 4, 5, 6, 7…" in words_of(run, 2)
    assert "also on line 2, 3, 4, 5, 6…" in words_of(run, 1_001)


def test_import_refuses_a_sku_that_stands_twice_beside_another_key(merchandiser):
    sheet = csv_of(
        ["sku", "slug", "name", "price"],
        ["BAG", "bag-one", "Bag", "45.00"],
        ["BAG", "bag-two", "Bag", "40.00"],
    )

    run = load(sheet, by=merchandiser, policy="good_rows", choices=Choices(key="slug"))

    assert [(line, code) for line, _column, code in faults_of(run)] == [
        (2, "duplicate_sku"),
        (3, "duplicate_sku"),
    ]
