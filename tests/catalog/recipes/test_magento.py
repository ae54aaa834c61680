"""Magento's product export: one row each, and configurable products that name their variants."""

from __future__ import annotations

import pytest

from tests.catalog.recipes.mapping import emptied, map_rows

HEADER = [
    "sku", "store_view_code", "attribute_set_code", "product_type", "categories",
    "product_websites", "name", "description", "short_description", "weight", "product_online",
    "tax_class_name", "visibility", "price", "special_price", "special_price_from_date",
    "special_price_to_date", "url_key", "meta_title", "meta_keywords", "meta_description",
    "base_image", "additional_attributes", "qty", "is_in_stock", "use_config_manage_stock",
    "manage_stock", "notify_on_stock_below", "use_config_notify_stock_qty",
    "configurable_variations", "configurable_variation_labels",
]  # fmt: skip


def row(**said):
    cells = {"sku": "TEE", "product_type": "simple", "name": "Tee", "price": "29.000000"} | said
    assert cells.keys() <= set(HEADER)
    return [cells.get(name, "") for name in HEADER]


def load(*rows):
    made = map_rows(HEADER, *rows)
    assert made.recipe.name == "magento"
    return made


def test_a_simple_product_is_one_row_with_its_zeros_taken_off():
    made = load(
        row(qty="100.0000", is_in_stock="1", weight="0.3500", product_online="1",
            url_key="tee", tax_class_name="Taxable Goods", meta_keywords="red,soft"),
    )["TEE"]  # fmt: skip

    assert (made["price"], made["stock"], made["weight_grams"]) == ("29", "100", "350")
    assert (made["slug"], made["status"], made["tax_class"]) == ("tee", "published", "standard")
    assert made["tags"] == "red,soft"
    assert emptied(made) == {"compare_at_price"}


def test_the_unit_of_weights_is_said_once():
    made = load(row(weight="1"), row(sku="B", weight="2"))

    assert made["B"]["weight_grams"] == "2000"
    assert "rows: 2" in made.notes["weight_in_kg"]


@pytest.mark.parametrize(
    ("cell", "category", "is_said"),
    [
        ("Default Category/Men/Tops", "Men > Tops", False),
        ("Default Category/Sale,Default Category/Men/Tops", "Men > Tops", True),
        ("Default Category/Men,Default Category/Sale", "Men", True),
        ("Default Category,Default Category/Sale", "Sale", False),
        ("Default Category/Rock \\/ Pop", "Rock / Pop", False),
        ("Default Category", None, False),
        ("", None, False),
    ],
)
def test_the_deepest_category_is_kept_without_its_root(cell, category, is_said):
    made = load(row(categories=cell))

    assert made["TEE"].get("category") == category
    assert ("one_category" in made.notes) == is_said


def test_a_level_with_a_mark_of_ours_is_refused():
    made = load(row(categories="Default Category/A > B"))

    assert made.faults == [(2, "categories", "level_mark")]


def test_variations_hang_on_their_configurable_product():
    made = load(
        row(sku="TEE-R", url_key="tee-r", product_online="1"),
        row(sku="TEE-B", price="19.00"),
        row(product_type="configurable", price="", qty="0",
            configurable_variations="sku=TEE-R,size=S,color=Red|sku=TEE-B,size=S,color=Blue",
            configurable_variation_labels="color=Colour,size=Size",
            categories="Default Category/Men", tax_class_name="None"),
    )  # fmt: skip

    red = made["TEE-R"]
    assert (red["parent_sku"], red["options"], red["slug"]) == (
        "TEE", "Colour=Red; Size=S", "tee-r",
    )  # fmt: skip
    assert (red["category"], red["tax_class"]) == ("Men", "zero")
    assert made["TEE"]["price"] == "19.00"
    assert "stock" not in made["TEE"]


def test_variations_without_a_row_stay_as_they_are_and_that_is_said():
    made = load(
        row(product_type="configurable", configurable_variations="sku=X,size=S|sku=Y,size=M")
    )

    assert [one["sku"] for one in made.rows] == ["TEE"]
    assert "such as X" in made.notes["variation_elsewhere"]
    assert "variants: 2" in made.notes["variation_elsewhere"]


def test_a_product_hangs_on_the_first_parent_that_names_it():
    made = load(
        row(sku="A"),
        row(sku="P", product_type="configurable", configurable_variations="sku=A,size=S"),
        row(sku="Q", product_type="configurable", configurable_variations="sku=A,size=M"),
    )

    assert (made["A"]["parent_sku"], made["A"]["options"]) == ("P", "size=S")
    assert "variation_twice" in made.notes


@pytest.mark.parametrize(
    ("starts", "ends", "price"),
    [
        ("", "", "19"),
        ("2026-06-01", "2026-06-15", "19"),
        ("2026-06-16 00:00:00", "", "29"),
        ("", "6/14/26", "29"),
        ("6/1/26", "6/15/2026", "19"),
    ],
)
def test_a_special_price_counts_only_while_it_runs(starts, ends, price):
    made = load(
        row(special_price="19.00", special_price_from_date=starts, special_price_to_date=ends)
    )

    assert made["TEE"]["price"] == price
    assert ("special_not_running" in made.notes) == (price == "29")
    if price == "19":
        assert made["TEE"]["compare_at_price"] == "29"


def test_a_special_price_above_the_price_strikes_out_nothing():
    assert "compare_at_price" not in load(row(price="5", special_price="9"))["TEE"]


def test_a_day_that_can_be_read_in_two_ways_is_refused():
    made = load(row(special_price="9", special_price_to_date="15.06.26"))

    assert made.faults == [(2, "special_price_to_date", "bad_day")]


@pytest.mark.parametrize(
    ("cells", "stock", "warned"),
    [
        ({"qty": "7", "is_in_stock": "1"}, "7", []),
        ({"qty": "7", "is_in_stock": "0"}, "0", ["out_of_stock"]),
        ({"qty": "0", "is_in_stock": "0"}, "0", []),
        ({"qty": "", "is_in_stock": "0"}, "0", []),
        ({"qty": "-3.0000", "is_in_stock": "1"}, "0", ["stock_below_zero"]),
        ({"qty": "7", "use_config_manage_stock": "0", "manage_stock": "0"}, None, []),
        ({"qty": "7", "use_config_manage_stock": "0", "manage_stock": "1"}, "7", []),
    ],
)
def test_pieces_are_those_that_can_be_sold(cells, stock, warned):
    made = load(row(**cells))

    assert made["TEE"].get("stock") == stock
    assert [code for _line, _column, code in made.warnings] == warned


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"product_type": "bundle"}, ("product_type", "bundle_product")),
        ({"product_type": "grouped"}, ("product_type", "grouped_product")),
        ({"product_type": "subscription"}, ("product_type", "unknown_type")),
        ({"product_type": ""}, ("product_type", "type_missing")),
        ({"product_online": "3"}, ("product_online", "bad_product_online")),
        ({"weight": "light"}, ("weight", "bad_weight")),
    ],
)
def test_what_cannot_be_loaded_is_refused_by_magentos_own_column(cells, fault):
    assert load(row(**cells)).faults == [(2, *fault)]


def test_rows_of_store_views_are_left_aside():
    made = load(row(), row(store_view_code="de", name="Hemd"))

    assert [one["name"] for one in made.rows] == ["Tee"]
    assert "rows: 1, the first on line 3" in made.notes["store_views"]


def test_attributes_give_barcode_and_cost_and_the_rest_is_named():
    made = load(
        row(additional_attributes="ean=4006381333931,cost=7.5000,care=wash, do not iron,fit=slim")
    )

    assert (made["TEE"]["barcode"], made["TEE"]["cost"]) == ("4006381333931", "7.50")
    assert made.notes["attributes_ignored"].endswith("care, fit.")


def test_the_low_stock_threshold_is_read_where_it_is_its_own():
    cells = {"notify_on_stock_below": "3.0000"}

    own = load(row(**cells, use_config_notify_stock_qty="0"))["TEE"]
    general = load(row(**cells, use_config_notify_stock_qty="1"))["TEE"]

    assert own["low_stock_threshold"] == "3"
    assert "low_stock_threshold" not in general


def test_a_tax_class_that_is_not_known_is_left_aside_once():
    made = load(row(tax_class_name="Books"), row(sku="B", tax_class_name="Food"))

    assert "tax_class" not in made["TEE"]
    assert "“Books”" in made.notes["tax_class_unknown"]


def test_texts_for_search_engines_are_left_out_when_too_long():
    made = load(row(meta_description="x" * 161), row(sku="B", meta_description="x" * 200))

    assert "meta_description" not in made["TEE"]
    assert "rows: 2" in made.notes["meta_description_left_out"]


def test_a_short_description_stands_in_for_a_missing_one():
    assert load(row(short_description="Short"))["TEE"]["description"] == "Short"
