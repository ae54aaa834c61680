"""Shopify's product export: one handle is one product, its variants below it."""

from __future__ import annotations

import pytest

from backoffice.imports import refusals
from backoffice.imports.recipes import EMPTIES
from tests.catalog.recipes.mapping import emptied, map_rows

HEADER = [
    "Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published", "Option1 Name",
    "Option1 Value", "Option2 Name", "Option2 Value", "Variant SKU", "Variant Grams",
    "Variant Inventory Qty", "Variant Price", "Variant Compare At Price", "Variant Barcode",
    "Image Src", "SEO Title", "SEO Description", "Cost per item", "Status", "Product Category",
]  # fmt: skip


def row(**said):
    """Return a row of the handle “mug”: a single product for 12.50, unless said otherwise."""
    cells = {
        "Handle": "mug", "Title": "Mug", "Option1 Name": "Title",
        "Option1 Value": "Default Title", "Variant SKU": "MUG-1", "Variant Price": "12.50",
        "Status": "active",
    }  # fmt: skip
    cells |= {key.replace("_", " "): value for key, value in said.items()}
    assert cells.keys() <= set(HEADER)
    return [cells.get(name, "") for name in HEADER]


def more(**said):
    """Return a further row of the handle: nothing of the product, only what is said."""
    cells = {"Handle": "mug"} | {key.replace("_", " "): value for key, value in said.items()}
    return [cells.get(name, "") for name in HEADER]


def load(*rows):
    made = map_rows(HEADER, *rows)
    assert made.recipe.name == "shopify"
    return made


def test_a_handle_with_one_row_is_one_product():
    cells = {"Body (HTML)": "<p>Hot</p>", "Tags": "red, hot", "Type": "Kitchen"}

    made = load(row(**cells, Variant_Grams="350.0", Cost_per_item="4.00"))

    assert made.rows == [
        {
            "line": 2, "sku": "MUG-1", "name": "Mug", "slug": "mug", "description": "<p>Hot</p>",
            "category": "Kitchen", "tags": "red, hot", "status": "published", "price": "12.50",
            "compare_at_price": EMPTIES, "cost": "4", "weight_grams": "350",
        }
    ]  # fmt: skip
    assert not made.faults
    assert not made.warnings


def test_variants_hang_on_a_parent_of_their_own():
    made = load(
        row(Option1_Name="Colour", Option1_Value="Red", Option2_Name="Size", Option2_Value="M",
            Tags="hot", Type="Kitchen", Variant_Inventory_Qty="3"),
        more(Option1_Value="Blue", Option2_Value="L", Variant_SKU="MUG-2", Variant_Price="9.50",
             Variant_Inventory_Qty="4"),
    )  # fmt: skip

    parent, red, blue = made.rows
    assert (parent["sku"], parent["name"], parent["slug"]) == ("MUG", "Mug", "mug")
    assert parent["price"] == "9.50"
    assert not {"stock", "options", "parent_sku", "compare_at_price"} & parent.keys()
    assert (red["parent_sku"], blue["parent_sku"]) == ("MUG", "MUG")
    assert (red["name"], blue["name"]) == ("Mug - Red, M", "Mug - Blue, L")
    assert (red["options"], blue["options"]) == ("Colour=Red; Size=M", "Colour=Blue; Size=L")
    assert (blue["category"], blue["tags"], blue["status"]) == ("Kitchen", "hot", "published")
    assert "slug" not in red
    assert "slug" not in blue
    assert [one["line"] for one in made.rows] == [2, 2, 3]
    assert "products: 1" in made.notes["parents_made"]


def test_a_single_variant_with_an_option_hangs_on_a_parent_too():
    made = load(row(Option1_Name="Colour", Option1_Value="Red"))

    assert [one["sku"] for one in made.rows] == ["MUG", "MUG-1"]


def test_a_parent_does_not_take_a_variants_sku():
    made = load(row(Option1_Name="Colour", Option1_Value="Red", Variant_SKU="MUG"))

    parent, red = made.rows
    assert parent["sku"].startswith("MUG-")
    assert red["sku"] == "MUG"
    assert red["parent_sku"] == parent["sku"]


def test_missing_skus_are_made_from_handle_and_options_and_that_is_said():
    made = load(
        row(Handle="cup", Variant_SKU=""),
        row(Option1_Name="Colour", Option1_Value="Red", Variant_SKU=""),
        more(Option1_Value="Blue", Variant_Price="9"),
    )

    assert [one["sku"] for one in made.rows] == ["CUP", "MUG", "MUG-RED", "MUG-BLUE"]
    assert made.warnings == [
        (2, "Variant SKU", "sku_derived"),
        (3, "Variant SKU", "sku_derived"),
        (4, "Variant SKU", "sku_derived"),
    ]
    assert "MUG-BLUE" in made.words[-1]


def test_rows_of_a_handle_belong_together_wherever_they_stand():
    red = row(Option1_Name="Colour", Option1_Value="Red")
    blue = more(Option1_Value="Blue", Variant_SKU="MUG-2", Variant_Price="9.50")
    other = row(Handle="cup", Variant_SKU="CUP-1")

    told = load(red, blue, other).rows
    shuffled = load(blue, other, red).rows

    def said(rows):
        return sorted(
            sorted((name, str(cell)) for name, cell in one.items() if name != "line")
            for one in rows
        )

    assert said(told) == said(shuffled)


def test_rows_with_a_picture_only_make_nothing():
    made = load(row(Image_Src="a.png"), more(Image_Src="b.png"), more(Image_Src="c.png"))

    assert len(made.rows) == 1
    assert "rows: 2, the first on line 3" in made.notes["picture_rows"]
    assert "images_not_loaded" in made.notes


@pytest.mark.parametrize(
    ("status", "published", "ours", "warned"),
    [
        ("active", "true", "published", []),
        ("active", "", "published", []),
        ("Active", "TRUE", "published", []),
        ("active", "false", "draft", ["not_in_store"]),
        ("unlisted", "true", "draft", ["not_in_store"]),
        ("draft", "true", "draft", []),
        ("archived", "false", "archived", []),
        ("", "true", "published", []),
        ("", "false", "draft", []),
        ("", "", None, []),
    ],
)
def test_status_is_the_newer_word_for_published(status, published, ours, warned):
    made = load(row(Status=status, Published=published))

    assert made["MUG-1"].get("status") == ours
    assert [code for _line, _column, code in made.warnings] == warned


def test_a_status_that_nobody_knows_is_refused():
    made = load(row(Status="retired"))

    assert made.faults == [(2, "Status", "unknown_status")]
    assert "active, draft, archived" in made.words[0]


@pytest.mark.parametrize(
    ("was", "price", "compare_at"),
    [
        ("15.00", "12.50", "15"),
        ("0", "12.50", None),
        ("0.00", "12.50", None),
        ("12.50", "12.50", None),
        ("10.00", "12.50", None),
        ("", "12.50", None),
    ],
)
def test_a_compare_at_price_is_one_only_above_the_price(was, price, compare_at):
    made = load(row(Variant_Price=price, Variant_Compare_At_Price=was))["MUG-1"]

    assert (None if emptied(made) else made["compare_at_price"]) == compare_at


def test_a_struck_out_price_that_is_left_out_is_said_once():
    made = load(
        row(Variant_Compare_At_Price="1.00"),
        row(Handle="cup", Variant_SKU="CUP", Variant_Compare_At_Price="2.00"),
        row(Handle="jug", Variant_SKU="JUG", Variant_Compare_At_Price="0.00"),
    )

    assert "rows: 2, the first on line 2" in made.notes["compare_at_left_out"]
    assert not made.warnings


def test_numbers_with_a_decimal_comma_stay_what_they_are():
    made = load(
        row(Option1_Name="Colour", Option1_Value="Red", Variant_Price="1.500,00",
            Variant_Compare_At_Price="1.600,00", Variant_Grams="1.500"),
        more(Option1_Value="Blue", Variant_SKU="MUG-2", Variant_Price="1.250,50",
             Variant_Compare_At_Price="1.000,00"),
    )  # fmt: skip

    assert made["MUG"]["price"] == "1250,50"
    assert (made["MUG-1"]["price"], made["MUG-1"]["compare_at_price"]) == ("1500", "1600")
    assert made["MUG-1"]["weight_grams"] == "1500"
    assert made["MUG-2"]["price"] == "1250,50"
    assert emptied(made["MUG-2"])


def test_what_was_sold_beyond_the_shelf_is_none_left():
    made = load(row(Variant_Inventory_Qty="-4"))

    assert made["MUG-1"]["stock"] == "0"
    assert made.warnings == [(2, "Variant Inventory Qty", "stock_below_zero")]


def test_the_apostrophe_before_a_barcode_is_a_spreadsheets():
    assert load(row(Variant_Barcode="'0123"))["MUG-1"]["barcode"] == "0123"


def test_the_category_is_the_path_and_else_the_type():
    path = "Home & Garden > Lighting > Lamps"

    assert load(row(Product_Category=path, Type="Indoor"))["MUG-1"]["category"] == path
    assert load(row(Type="Indoor"))["MUG-1"]["category"] == "Indoor"


def test_texts_for_search_engines_are_left_out_when_too_long():
    made = load(row(SEO_Title="x" * 71, SEO_Description="short"))

    assert "meta_title" not in made["MUG-1"]
    assert made["MUG-1"]["meta_description"] == "short"
    assert "SEO Title of more than 70" in made.notes["meta_title_left_out"]


def test_an_address_that_ours_may_not_have_is_left_out():
    made = load(row(Handle="mug_red"))

    assert "slug" not in made["MUG-1"]
    assert "slug_left_out" in made.notes


def test_a_row_without_a_handle_is_refused():
    made = load(row(Handle=""), row(Handle="", Option1_Name="Colour", Option1_Value="Red"))

    assert made.faults == [(2, "Handle", "handle_missing"), (3, "Handle", "handle_missing")]


def test_columns_that_are_not_used_are_named_once():
    assert "Vendor" in load(row(Vendor="Acme")).notes["columns_ignored"]
    assert "columns_ignored" not in load(row()).notes


def test_the_names_of_the_newer_export_are_known_too():
    header = ["Title", "URL handle", "Description", "Published on online store", "Status", "SKU",
              "Option1 name", "Option1 value", "Price", "Compare-at price", "Inventory quantity",
              "Weight value (grams)"]  # fmt: skip

    made = map_rows(
        header, ["Mug", "mug", "Hot", "TRUE", "Active", "M-1", "Colour", "Red", "12.5", "15", "3",
                 "350"],
    )  # fmt: skip

    assert made.recipe.name == "shopify"
    assert made["M-1"]["options"] == "Colour=Red"
    assert made["M-1"]["price"] == "12.5"
    assert made["M-1"]["weight_grams"] == "350"
    assert made["MUG"]["description"] == "Hot"


def test_a_file_without_handles_is_refused_as_such():
    with pytest.raises(refusals.MissingColumns) as caught:
        map_rows(["sku", "title"], ["A", "B"], recipe="shopify")

    assert "Handle" in str(caught.value)


def test_a_column_that_is_used_cannot_stand_there_twice():
    with pytest.raises(refusals.DuplicateColumns):
        map_rows([*HEADER, "Variant Price"], [*row(), "1"], recipe="shopify")
