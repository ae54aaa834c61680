"""Every real file is read, or refused with a reason: what is expected of each stands here."""

from __future__ import annotations

from pathlib import Path

import pytest

from backoffice.imports import refusals
from backoffice.imports.read import open_table

# The keys of a few names that a sheet of products may have.
KNOWN = {"sku", "name", "price"}

UTF8, MARKED, WESTERN = "utf-8", "utf-8-sig", "cp1252"
SPECTRUM, IMPORT_EXPORT = "dialects/csv-spectrum/", "dialects/django-import-export/"
MESSY, TABULATOR = "dialects/messytables/", "dialects/tabulator/"

# file: encoding, delimiter, decimal, line of the header, its rows, columns, rows
TEXTS = {
    SPECTRUM + "comma_in_quotes.csv": (UTF8, ",", "", 1, 1, 5, 1),
    SPECTRUM + "empty.csv": (UTF8, ",", "", 1, 1, 3, 2),
    SPECTRUM + "empty_crlf.csv": (UTF8, ",", "", 1, 1, 3, 2),
    SPECTRUM + "escaped_quotes.csv": (UTF8, ",", "", 1, 1, 2, 2),
    SPECTRUM + "json.csv": (UTF8, ",", "", 1, 1, 2, 1),
    SPECTRUM + "location_coordinates.csv": (UTF8, ",", "", 1, 1, 4, 1),
    SPECTRUM + "newlines.csv": (UTF8, ",", "", 1, 1, 3, 3),
    SPECTRUM + "newlines_crlf.csv": (UTF8, ",", "", 1, 1, 3, 3),
    SPECTRUM + "quotes_and_newlines.csv": (UTF8, ",", "", 1, 1, 2, 2),
    SPECTRUM + "simple.csv": (UTF8, ",", "", 1, 1, 3, 1),
    SPECTRUM + "simple_crlf.csv": (UTF8, ",", "", 1, 1, 3, 1),
    SPECTRUM + "utf8.csv": (UTF8, ",", "", 1, 1, 3, 2),
    IMPORT_EXPORT + "authors.csv": (UTF8, ",", "", 1, 1, 2, 1),
    IMPORT_EXPORT + "books-ISO-8859-1.csv": (WESTERN, ",", "", 1, 1, 3, 1),
    IMPORT_EXPORT + "books-dos.csv": (UTF8, ",", "", 1, 1, 3, 1),
    IMPORT_EXPORT + "books-for-delete.csv": (UTF8, ",", "", 1, 1, 3, 1),
    IMPORT_EXPORT + "books-invalid-date.csv": (UTF8, ",", "", 1, 1, 3, 2),
    IMPORT_EXPORT + "books-mac.csv": (UTF8, ",", "", 1, 1, 3, 1),
    IMPORT_EXPORT + "books-mac.tsv": (UTF8, "\t", "", 1, 1, 3, 1),
    IMPORT_EXPORT + "books-unicode.csv": (UTF8, ",", "", 1, 1, 3, 1),
    IMPORT_EXPORT + "books-unicode.tsv": (UTF8, "\t", "", 1, 1, 3, 1),
    IMPORT_EXPORT + "books.csv": (UTF8, ",", "", 1, 1, 3, 1),
    IMPORT_EXPORT + "child.csv": (UTF8, ",", "", 1, 1, 3, 1),
    IMPORT_EXPORT + "ebooks.csv": (UTF8, ",", "", 1, 1, 3, 1),
    MESSY + "excel_pasting.csv": (UTF8, ",", "", 4, 1, 9, 16),
    MESSY + "simple.psv": (UTF8, "|", "", 1, 1, 6, 28),
    MESSY + "simple.ssv": (UTF8, ";", "", 1, 1, 3, 6),
    MESSY + "spanish_chars.csv": (WESTERN, ",", ".", 1, 1, 8, 115),
    MESSY + "utf-16le_encoded.csv": ("utf-16", ",", "", 1, 1, 19, 327),
    TABULATOR + "accent.csv": (UTF8, ";", ".", 1, 1, 17, 2),
    TABULATOR + "bom.csv": (MARKED, ",", "", 1, 1, 2, 2),
    TABULATOR + "doublequote.csv": (UTF8, ",", "", 1, 1, 17, 5),
    TABULATOR + "latin1.csv": (WESTERN, ",", "", 1, 1, 2, 2),
    TABULATOR + "skip-blank-at-the-end.csv": (UTF8, ",", "", 1, 1, 2, 2),
    TABULATOR + "skip-rows-before-headers.csv": (UTF8, ",", "", 2, 1, 2, 2),
    TABULATOR + "table.tsv": (UTF8, "\t", "", 1, 1, 2, 3),
    "magento2/products.csv": (UTF8, ",", "", 1, 1, 70, 1_994),
    "medusa/exported-products-semicolon.csv": (UTF8, ";", "", 1, 1, 56, 3),
    "medusa/v1-template.csv": (UTF8, ",", ".", 1, 1, 43, 5),
    "oscar/books-small-semicolon.csv": (UTF8, ";", ".", 0, 0, 7, 10),
    "oscar/books.essential.csv": (UTF8, ",", ".", 0, 0, 9, 82),
    "shopify/packt_product_data.csv": (UTF8, ",", ".", 1, 1, 48, 21),
    "shopify/shopify_orders_sample.csv": (UTF8, ",", ".", 1, 1, 9, 249),
    "spree/product_translations.csv": (UTF8, ",", "", 1, 1, 6, 74),
    "spree/products.csv": (UTF8, ",", ".", 1, 1, 39, 211),
    "woocommerce/sample_products.csv": (UTF8, ",", "", 1, 1, 55, 24),
}

# file: sheet, line of the header, its rows, columns, rows
WORKBOOKS = {
    IMPORT_EXPORT + "books-empty-author-email.xlsx": ("books", 1, 1, 3, 2),
    IMPORT_EXPORT + "books.xls": ("books", 1, 1, 3, 1),
    IMPORT_EXPORT + "books.xlsx": ("books", 1, 1, 4, 1),
    MESSY + "blank_line.ods": ("Sheet1", 1, 1, 3, 3),
    MESSY + "ods_formats.ods": ("Sheet1", 1, 1, 10, 5),
    TABULATOR + "multiline-headers.xlsx": ("Лист1", 1, 5, 4, 1),
    TABULATOR + "sheets.xlsx": ("Sheet1", 1, 1, 2, 1),
    TABULATOR + "table-with-ints-floats-dates.ods": ("test", 1, 1, 4, 3),
    TABULATOR + "table.ods": ("Лист1", 1, 1, 2, 2),
    TABULATOR + "table.xlsx": ("Лист1", 1, 1, 2, 2),
}

REFUSED = {
    SPECTRUM + "package.json": "nested_data",
    IMPORT_EXPORT + "books-no-headers.csv": "only_header",
    IMPORT_EXPORT + "books.json": "nested_data",
    MESSY + "utf8bom.csv": "only_header",
    TABULATOR + "merged-cells.xlsx": "only_header",
    "saleor/populatedb_data.json": "nested_data",
}

NO_DATA = {".md", ".txt", "", ".LICENSE"}

pytestmark = pytest.mark.real_files


def test_every_file_is_in_one_of_the_tables(real_files):
    found = {
        str(path.relative_to(real_files))
        for path in Path(real_files).rglob("*")
        if path.is_file() and path.suffix not in NO_DATA
    }

    assert found == {*TEXTS, *WORKBOOKS, *REFUSED}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_read_as_it_is_written(real_files, name):
    with (Path(real_files) / name).open("rb") as file:
        table = open_table(file, known=KNOWN)
        chunks = list(table.chunks())
    lines = [line for chunk in chunks for line in chunk.lines]
    reading = table.reading

    assert (
        reading.encoding,
        reading.delimiter,
        reading.decimal,
        reading.header_row,
        reading.header_rows,
        len(table.header),
        len(lines),
    ) == TEXTS[name]
    assert lines == sorted(set(lines))


@pytest.mark.parametrize("name", WORKBOOKS)
def test_a_workbook_is_read_as_it_is_written(real_files, name):
    with (Path(real_files) / name).open("rb") as file:
        table = open_table(file, known=KNOWN)
    reading = table.reading

    assert (
        reading.sheet,
        reading.header_row,
        reading.header_rows,
        len(table.header),
        sum(len(chunk.lines) for chunk in table.chunks()),
    ) == WORKBOOKS[name]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_is_refused(real_files, name):
    with (Path(real_files) / name).open("rb") as file, pytest.raises(refusals.FileRefused) as said:
        open_table(file, known=KNOWN)

    assert said.value.code == REFUSED[name]


def test_names_over_several_rows_are_joined(real_files):
    with (Path(real_files) / TABULATOR / "multiline-headers.xlsx").open("rb") as file:
        table = open_table(file)

    assert table.header == [
        "Region",
        "Caloric contribution (%)",
        "Cumulative impact of changes on cost of food basket from previous quarter",
        "Cumulative impact of changes on cost of food basket from baseline (%)",
    ]
    assert table.sample().rows == [["A", "B", "C", "D"]]
