"""Medusa's template and export: every row is a variant and repeats its product."""

from __future__ import annotations

import pytest

from tests.catalog.recipes.mapping import map_rows

HEADER = [
    "Product Handle", "Product Title", "Product Description", "Product Status", "Product Type",
    "Product Tags", "Product Weight", "Variant Title", "Variant SKU", "Variant Barcode",
    "Variant Inventory Quantity", "Variant Manage Inventory", "Variant Weight",
    "Price Europe [EUR]", "Price USD", "Price EUR", "Option 1 Name", "Option 1 Value",
    "Option 2 Name", "Option 2 Value", "Image 1 Url",
]  # fmt: skip


def row(header=HEADER, **said):
    cells = {"Product Handle": "mug", "Product Title": "Mug", "Variant SKU": "MUG-R",
             "Product Status": "published", "Option 1 Name": "Colour",
             "Option 1 Value": "Red"}  # fmt: skip
    cells |= {key.replace("_", " "): value for key, value in said.items()}
    assert cells.keys() <= set(header)
    return [cells.get(name, "") for name in header]


def load(*rows, header=HEADER):
    made = map_rows(header, *rows)
    assert made.recipe.name == "medusa"
    return made


def test_a_product_stands_above_its_variants():
    made = load(
        row(Price_EUR="9.50", Product_Tags="a,b", Product_Type="Cups",
            Product_Description="One\\nTwo"),
        row(Variant_SKU="MUG-B", Option_1_Value="Blue", Price_EUR="8.00",
            Variant_Inventory_Quantity="4", Variant_Weight="350", Variant_Barcode="012"),
    )  # fmt: skip

    mug, blue = made["MUG"], made["MUG-B"]
    assert (mug["name"], mug["slug"], mug["price"]) == ("Mug", "mug", "8.00")
    assert (mug["category"], mug["tags"], mug["status"]) == ("Cups", "a,b", "published")
    assert mug["description"] == "One\\nTwo"
    assert (blue["parent_sku"], blue["options"], blue["name"]) == ("MUG", "Colour=Blue",
                                                                   "Mug - Blue")  # fmt: skip
    assert (blue["stock"], blue["weight_grams"], blue["barcode"]) == ("4", "350", "012")
    assert "slug" not in blue
    assert "weight_in_grams" in made.notes


def test_prices_are_those_in_the_shops_currency(settings):
    settings.CURRENCY = "EUR"

    made = load(row(Price_USD="11", Price_EUR="10"))["MUG-R"]

    assert (made["price"], made["currency"]) == ("10", "EUR")


def test_a_regions_price_stands_in_for_a_missing_one(settings):
    settings.CURRENCY = "EUR"
    cells = {"Price Europe [EUR]": "9"}

    assert load(row(Price_USD="11", **cells))["MUG-R"]["price"] == "9"


def test_without_the_shops_currency_the_first_one_counts(settings):
    settings.CURRENCY = "SEK"

    made = load(row(Price_USD="11"))

    assert (made["MUG-R"]["price"], made["MUG-R"]["currency"]) == ("11", "USD")
    assert "currencies_aside" not in made.notes


def test_a_currency_without_prices_is_passed_over_and_what_is_not_used_said(settings):
    settings.CURRENCY = "EUR"

    assert load(row(Price_USD="11"))["MUG-R"]["currency"] == "USD"
    assert "those in USD" in load(row(Price_USD="11", Price_EUR="10")).notes["currencies_aside"]


def test_a_product_without_options_is_one_row():
    made = load(row(Option_1_Name="", Option_1_Value="", Price_EUR="9"))

    (mug,) = made.rows
    assert (mug["sku"], mug["slug"], mug["price"]) == ("MUG-R", "mug", "9")


def test_the_names_of_the_newer_export_are_known_too():
    header = ["Product Id", "Product Handle", "Product Title", "Product Status", "Variant Sku",
              "Variant Ean", "Variant Option 1 Name", "Variant Option 1 Value",
              "Variant Price EUR", "Product Tag 1", "Product Tag 2"]  # fmt: skip

    made = load(
        ["p1", "mug", "Mug", "proposed", "", "4006381333931", "size", "L", "9", "ptag_01J", "warm"],
        header=header,
    )

    assert made["MUG-L"]["price"] == "9"
    assert made["MUG-L"]["barcode"] == "4006381333931"
    assert made["MUG"]["tags"] == "warm"
    assert made["MUG"]["status"] == "draft"
    assert [code for _line, _column, code in made.warnings] == ["not_decided", "sku_derived"]


def test_stock_that_is_not_managed_is_left_as_it_is():
    made = load(row(Variant_Inventory_Quantity="4", Variant_Manage_Inventory="FALSE"))

    assert "stock" not in made["MUG-R"]
    assert "stock_not_kept" in made.notes


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"Product Handle": ""}, ("Product Handle", "handle_missing")),
        ({"Variant Weight": "light"}, ("Variant Weight", "bad_weight")),
    ],
)
def test_what_cannot_be_loaded_is_refused_by_medusas_own_column(cells, fault):
    assert load(row(**cells)).faults == [(2, *fault)]
