"""Every file of the real-files folder: what becomes of its rows, or why it is refused.

A table states it for each file; a file without a line in the table fails the test.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from backoffice.imports import Choices, Reading
from backoffice.refused import Refused
from tests.sheets import counts_of, faults_of, load

pytestmark = pytest.mark.real_files

LOWER = {"id": "sku", "name": "name"}
BOOKS = {"id": "sku", "name": "name", "author_email": ""}
OSCAR = {
    "Column 1": "", "Column 2": "category", "Column 3": "barcode", "Column 4": "name",
    "Column 5": "description", "Column 6": "", "Column 7": "sku", "Column 8": "price",
    "Column 9": "stock",
}  # fmt: skip
TRANSLATIONS = {
    "slug": "slug", "locale": "", "name": "name", "description": "description",
    "meta_title": "meta_title", "meta_description": "meta_description",
}  # fmt: skip


@dataclass(frozen=True)
class Taken:
    """new, refused: how many rows the first time. codes: why. recipe: by which it was recognised."""

    new: int
    refused: int = 0
    recipe: str = "by_hand"
    codes: dict = field(default_factory=dict)
    choices: Choices = field(default_factory=Choices)
    options: dict = field(default_factory=dict)


def by_hand(new, mapping, *, refused=0, codes=None, **reading):
    choices = Choices(mapping=mapping, defaults={"price": "1.00"}, reading=Reading(**reading))
    return Taken(new, refused, codes=codes or {}, choices=choices)


# What a file is when nobody says anything about it: taken, or refused with this code and words.
AS_IT_IS = {
    "magento2/products.csv": Taken(1_994, recipe="magento"),
    "medusa/exported-products-semicolon.csv": Taken(5, recipe="medusa"),
    "medusa/v1-template.csv": Taken(8, recipe="medusa"),
    "shopify/packt_product_data.csv": Taken(22, recipe="shopify"),
    "shopify/shopify_orders_sample.csv": Taken(127, recipe="shopify", options={"sheet": "orders"}),
    "spree/products.csv": Taken(
        118, 6, "spree", {"duplicate_sku": 2, "needs_refused_row": 2, "parent_ambiguous": 2}
    ),
    "woocommerce/sample_products.csv": Taken(
        22, 2, "woocommerce", {"external_product": 1, "grouped_product": 1}
    ),
    "saleor/populatedb_data.json": ("nested_data", "JSON"),
    "dialects/csv-spectrum/package.json": ("nested_data", "JSON"),
    "dialects/django-import-export/books.json": ("nested_data", "JSON"),
    "dialects/django-import-export/books-no-headers.csv": ("only_header", "no row below"),
    "dialects/messytables/utf8bom.csv": ("only_header", "no row below"),
    "dialects/tabulator/merged-cells.xlsx": ("only_header", "no row below"),
    "dialects/csv-spectrum/comma_in_quotes.csv": "first, last, address, city, zip",
    "dialects/csv-spectrum/empty.csv": "a, b, c",
    "dialects/csv-spectrum/empty_crlf.csv": "a, b, c",
    "dialects/csv-spectrum/escaped_quotes.csv": "a, b",
    "dialects/csv-spectrum/json.csv": "key, val",
    "dialects/csv-spectrum/location_coordinates.csv": "Contact Phone Number, Location Coordinates",
    "dialects/csv-spectrum/newlines.csv": "a, b, c",
    "dialects/csv-spectrum/newlines_crlf.csv": "a, b, c",
    "dialects/csv-spectrum/quotes_and_newlines.csv": "a, b",
    "dialects/csv-spectrum/simple.csv": "a, b, c",
    "dialects/csv-spectrum/simple_crlf.csv": "a, b, c",
    "dialects/csv-spectrum/utf8.csv": "a, b, c",
    "dialects/django-import-export/authors.csv": "id, name",
    "dialects/django-import-export/books-ISO-8859-1.csv": "id, name, author_email",
    "dialects/django-import-export/books-dos.csv": "id, name, author_email",
    "dialects/django-import-export/books-empty-author-email.xlsx": "id, name, author_email",
    "dialects/django-import-export/books-for-delete.csv": "id, name, author_email",
    "dialects/django-import-export/books-invalid-date.csv": "id, name, published",
    "dialects/django-import-export/books-mac.csv": "id, name, author_email",
    "dialects/django-import-export/books-mac.tsv": "id, name, author_email",
    "dialects/django-import-export/books-unicode.csv": "id, name, author_email",
    "dialects/django-import-export/books-unicode.tsv": "id, name, author_email",
    "dialects/django-import-export/books.csv": "id, name, author_email",
    "dialects/django-import-export/books.xls": "id, name, author_email",
    "dialects/django-import-export/books.xlsx": "id, name, author_email, price",
    "dialects/django-import-export/child.csv": "id, parent, name",
    "dialects/django-import-export/ebooks.csv": "id, name, Email of the author",
    "dialects/messytables/blank_line.ods": "Name, Age, When",
    "dialects/messytables/excel_pasting.csv": "Year, 2000, 2001",
    "dialects/messytables/ods_formats.ods": "Date, Time, Boolean, Float, Currency",
    "dialects/messytables/simple.psv": "Year, New dwellings",
    "dialects/messytables/simple.ssv": "date, temperature, place",
    "dialects/messytables/spanish_chars.csv": "GF_ID, FN_ID, SF_ID, GF, F, SF, Gasto total 2011, Descripción",
    "dialects/messytables/utf-16le_encoded.csv": "Organisation_code, Organisation_name",
    "dialects/tabulator/accent.csv": "n_amenageur, n_operateur",
    "dialects/tabulator/bom.csv": "id, name",
    "dialects/tabulator/doublequote.csv": "INCISO, NOMBREINCISO, UE, NOMBREUE, AÑO",
    "dialects/tabulator/latin1.csv": "id, name",
    "dialects/tabulator/multiline-headers.xlsx": "Region, Caloric contribution (%)",
    "dialects/tabulator/sheets.xlsx": "id, name",
    "dialects/tabulator/skip-blank-at-the-end.csv": "test1, test2",
    "dialects/tabulator/skip-rows-before-headers.csv": "id, name",
    "dialects/tabulator/table-with-ints-floats-dates.ods": "Int, Float, Date, Datetime",
    "dialects/tabulator/table.ods": "id, name",
    "dialects/tabulator/table.tsv": "id, name",
    "dialects/tabulator/table.xlsx": "id, name",
    "oscar/books-small-semicolon.csv": "Column 1, Column 2",
    "oscar/books.essential.csv": "Column 1, Column 2",
    "spree/product_translations.csv": "slug, locale, name, description",
}  # fmt: skip

# What it is when a person assigns the columns.
ASSIGNED = {
    "oscar/books.essential.csv": by_hand(82, OSCAR, header_row=0),
    "dialects/django-import-export/books-ISO-8859-1.csv": by_hand(1, BOOKS),
    "dialects/django-import-export/books-mac.csv": by_hand(1, BOOKS),
    "dialects/django-import-export/books-unicode.tsv": by_hand(1, BOOKS),
    "dialects/django-import-export/books.xls": by_hand(0, {**BOOKS}, codes={"number_cell": 1}, refused=1),
    "dialects/tabulator/bom.csv": by_hand(2, LOWER),
    "dialects/tabulator/latin1.csv": by_hand(2, LOWER),
    "dialects/tabulator/skip-rows-before-headers.csv": by_hand(2, LOWER),
    "dialects/tabulator/table.ods": by_hand(0, LOWER, codes={"number_cell": 2}, refused=2),
    "dialects/tabulator/table.xlsx": by_hand(0, LOWER, codes={"number_cell": 2}, refused=2),
    "dialects/tabulator/sheets.xlsx": by_hand(0, LOWER, sheet="Sheet2", codes={"number_cell": 1}, refused=1),
    "dialects/messytables/simple.ssv": by_hand(0, {"date": "sku", "place": "name", "temperature": ""}, codes={"duplicate_sku": 6}, refused=6),
}  # fmt: skip
NO_SHEETS = {"README.md"}


@pytest.fixture
def clerk(make_user):
    return make_user(email="clerk@example.com", is_superuser=True)


def test_every_file_has_a_line_in_the_table(real_files):
    root = Path(real_files)
    found = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    licences = {name for name in found if "LICENSE" in name}

    assert found - licences - NO_SHEETS == set(AS_IT_IS)


def taken_twice(real_files, name, clerk, expected):
    content = (Path(real_files) / name).read_bytes()
    options = {"policy": "good_rows", "choices": expected.choices, **expected.options}

    run = load(content, by=clerk, name=Path(name).name, **options)
    again = load(content, by=clerk, name=Path(name).name, **options)

    codes = dict(Counter(code for _line, _column, code in faults_of(run)))
    assert (counts_of(run), codes) == ((expected.new, 0, 0, expected.refused), expected.codes)
    assert counts_of(again) == (0, 0, expected.new, expected.refused)
    return run


@pytest.mark.parametrize("name", [n for n, said in AS_IT_IS.items() if isinstance(said, Taken)])
def test_a_file_of_a_known_kind_is_recognised_and_imported(real_files, clerk, name):
    expected = AS_IT_IS[name]

    assert taken_twice(real_files, name, clerk, expected).recipe == expected.recipe


@pytest.mark.parametrize("name", [n for n, said in AS_IT_IS.items() if not isinstance(said, Taken)])
def test_a_file_that_is_no_product_sheet_is_refused_with_what_it_is(real_files, clerk, name):
    said = AS_IT_IS[name]
    code, words = ("missing_columns", said) if isinstance(said, str) else said

    with pytest.raises(Refused) as refused:
        load((Path(real_files) / name).read_bytes(), by=clerk, name=Path(name).name)

    assert refused.value.code == code
    assert words in str(refused.value)
    assert refused.value.way_out


@pytest.mark.parametrize("name", ASSIGNED)
def test_a_file_whose_columns_are_assigned_is_imported(real_files, clerk, name):
    taken_twice(real_files, name, clerk, ASSIGNED[name])


def test_translations_update_the_products_of_their_slugs(real_files, clerk):
    root = Path(real_files)
    load((root / "spree/products.csv").read_bytes(), by=clerk, policy="good_rows")
    content = (root / "spree/product_translations.csv").read_bytes()
    choices = Choices(key="slug", mapping=TRANSLATIONS)

    run = load(content, by=clerk, mode="update", policy="good_rows", choices=choices)

    assert counts_of(run) == (0, 0, 0, 74)
