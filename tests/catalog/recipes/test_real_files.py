"""What comes of other projects' published files, row by row, before anything is planned."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import pytest

from backoffice.imports.read import open_table
from backoffice.imports.recipes import AssignedRecipe
from tests.catalog.recipes.mapping import NOON, map_file

pytestmark = pytest.mark.real_files

# File → recipe; our rows, parents, variants; rows refused, by code; SKUs that were made: of
# parents, of others.
EXPECTED = {
    "shopify/packt_product_data.csv": ("shopify", (22, 1, 2), {}, (1, 21)),
    "woocommerce/sample_products.csv": (
        "woocommerce", (24, 2, 9), {"grouped_product": 1, "external_product": 1}, (0, 0),
    ),
    "magento2/products.csv": ("magento", (1994, 147, 1847), {}, (0, 0)),
    # Two products of the file have the SKU ROBOT-VACUUM: both rows stand, to be refused.
    "spree/products.csv": ("spree", (124, 37, 85), {"parent_ambiguous": 2}, (0, 0)),
    "medusa/v1-template.csv": ("medusa", (8, 3, 5), {}, (3, 0)),
    "medusa/exported-products-semicolon.csv": ("medusa", (5, 2, 3), {}, (2, 3)),
}  # fmt: skip


@pytest.fixture
def read(real_files):
    return lambda name: (Path(real_files) / name).read_bytes()


@pytest.mark.parametrize("name", EXPECTED)
def test_every_row_is_accounted_for(read, name):
    recipe, counts, refused, (parents, others) = EXPECTED[name]

    made = map_file(read(name))

    assert made.recipe.name == recipe
    assert (len(made.rows), len(made.parents), len(made.variants)) == counts
    assert Counter(code for _line, _column, code in made.faults) == refused
    assert all(row["sku"] and row.get("name") for row in made.rows)
    assert f"(products: {parents}," in made.notes.get("parents_made", "(products: 0,")
    assert [code for _line, _column, code in made.warnings].count("sku_derived") == others
    assert made.notes["images_not_loaded"]


def test_every_handle_of_shopifys_file_is_a_product(read):
    content = read("shopify/packt_product_data.csv")
    handles = {row["Handle"] for row in csv.DictReader(io.StringIO(content.decode()))}

    made = map_file(content)

    assert {row["slug"] for row in made.rows if "slug" in row} == handles
    assert Counter(code for _line, _column, code in made.warnings) == {"sku_derived": 21}
    assert made["GARDENING-GLOVES-YELLOW"]["options"] == "Color=Yellow"
    assert made["GARDENING-GLOVES"]["price"] == "9.99"
    assert made["BLACK-ARMCHAIRS"]["description"].count("\n") == 5


@pytest.mark.parametrize(("currency", "own"), [("EUR", 87), ("USD", 87), ("SEK", 87)])
def test_sprees_prices_are_those_of_one_currency(read, settings, currency, own):
    settings.CURRENCY = currency
    content = read("spree/products.csv")
    prices = {}
    for row in csv.DictReader(io.StringIO(content.decode())):
        prices.setdefault(row["sku"], {})[row["currency"]] = float(row["price"])

    made = map_file(content)

    variants = [row for row in made.rows if "options" in row]
    used = currency if currency != "SEK" else "USD"
    assert len(variants) == own
    assert {row["currency"] for row in made.rows} == {used}
    assert all(float(row["price"]) == prices[row["sku"]][used] for row in variants)
    assert all(float(row["price"]) > 0 for row in made.rows)


def test_magentos_variants_are_those_that_a_product_names(read):
    content = read("magento2/products.csv")
    named = {}
    for row in csv.DictReader(io.StringIO(content.decode())):
        for variation in filter(None, row["configurable_variations"].split("|")):
            sku, *options = [pair.split("=", 1)[1] for pair in variation.split(",")]
            named[sku] = row["sku"], set(options)

    made = map_file(content)

    assert {row["sku"]: row["parent_sku"] for row in made.variants} == {
        sku: parent for sku, (parent, _options) in named.items()
    }
    red = made["MH01-XS-Black"]
    assert (red["options"], red["category"]) == (
        "color=Black; size=XS", "Men > Tops > Hoodies & Sweatshirts",
    )  # fmt: skip
    assert not any(row.get("category", "").startswith("Default") for row in made.rows)
    assert {row["stock"] for row in made.variants} == {"100"}
    assert not any("stock" in row for row in made.parents)


@pytest.mark.parametrize(
    ("name", "mapping", "rows", "first"),
    [
        (
            "oscar/books.essential.csv",
            {"Column 7": "sku", "Column 4": "name", "Column 2": "category", "Column 8": "price",
             "Column 9": "stock", "Column 5": "description"},
            82,
            {"sku": "9780131103627", "category": "Books > Non-Fiction > Essential programming",
             "price": "9.99", "stock": "20", "name": "The C Programming Language"},
        ),
        (
            "oscar/books-small-semicolon.csv",
            {"Column 5": "sku", "Column 2": "name", "Column 6": "price", "Column 7": "stock"},
            10,
            {"sku": "9780115531446", "price": "10.32", "stock": "6",
             "name": "Prepare for Your Practical Driving Test"},
        ),
    ],
)  # fmt: skip
def test_files_without_a_header_are_assigned_by_the_place_of_a_column(
    read, name, mapping, rows, first
):
    table = open_table(io.BytesIO(read(name)))

    mapped = AssignedRecipe(mapping).map(table, ignore_unknown=False, now=NOON)
    chunks = list(mapped.chunks)

    assert sum(len(chunk.lines) for chunk in chunks) == rows
    assert {ours: chunks[0].columns[ours][0] for ours in first} == first
