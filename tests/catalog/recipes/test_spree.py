"""Spree's product export: one slug is one product, with a row for each variant and currency."""

from __future__ import annotations

import pytest

from tests.catalog.recipes.mapping import emptied, map_rows

HEADER = [
    "slug", "sku", "name", "price", "compare_at_price", "currency", "status", "description",
    "meta_description", "tags", "tax_category", "category1", "category2", "option1_name",
    "option1_value", "option2_name", "option2_value", "image1_src", "weight", "weight_unit",
    "inventory_count", "track_inventory",
]  # fmt: skip


def row(**said):
    cells = {"slug": "pot", "sku": "POT", "price": "0", "currency": "EUR"} | said
    assert cells.keys() <= set(HEADER)
    return [cells.get(name, "") for name in HEADER]


def variant(colour, **said):
    return row(
        **{"sku": f"POT-{colour}", "price": "9.99", "option1_name": "Color",
           "option1_value": colour} | said
    )  # fmt: skip


def price(sku, amount, currency):
    return row(sku=sku, price=amount, currency=currency)


PARENT = row(name="Pot", status="active", category1="Kitchen -> Pots", tags="iron",
             tax_category="Default")  # fmt: skip


def load(*rows):
    made = map_rows(HEADER, *rows)
    assert made.recipe.name == "spree"
    return made


def test_the_rows_of_a_slug_are_a_product_and_its_variants():
    made = load(PARENT, variant("Red", weight="2.2", weight_unit="lb", inventory_count="5"),
                variant("Blue", price="8.00"))  # fmt: skip

    pot, red = made["POT"], made["POT-Red"]
    assert (pot["name"], pot["slug"], pot["category"]) == ("Pot", "pot", "Kitchen > Pots")
    assert (pot["status"], pot["price"], pot["tax_class"]) == ("published", "8.00", "standard")
    assert (red["parent_sku"], red["options"], red["name"]) == ("POT", "Color=Red", "Pot - Red")
    assert (red["weight_grams"], red["stock"], red["status"]) == ("998", "5", "published")
    assert "slug" not in red


def test_the_price_is_that_in_the_shops_currency(settings):
    settings.CURRENCY = "EUR"

    made = load(
        row(name="Pot", currency="USD"),
        variant("Red", price="11.00", currency="USD", compare_at_price="13", inventory_count="5"),
        variant("Blue", price="12.00", currency="USD"),
        price("POT-Red", "10.00", "EUR"),
    )

    red, blue = made["POT-Red"], made["POT-Blue"]
    assert (red["price"], red["currency"], red["stock"]) == ("10", "EUR", "5")
    assert emptied(red) == {"compare_at_price"}
    assert (blue["price"], blue["currency"]) == ("12", "USD")
    assert len(made.rows) == 3
    assert "products: 1, the first on line 3" in made.notes["currencies_aside"]


def test_a_parent_takes_the_currency_with_the_price(settings):
    settings.CURRENCY = "EUR"

    made = load(
        row(name="Pot", currency="USD"),
        variant("Red", price="11.00", currency="USD"),
        price("POT-Red", "10.00", "EUR"),
    )

    assert (made["POT"]["price"], made["POT"]["currency"]) == ("10.00", "EUR")


def test_the_order_of_the_rows_does_not_matter():
    rows = [PARENT, variant("Red"), price("POT-Red", "8", "USD"), variant("Blue")]

    def said(made):
        return sorted(
            sorted((name, str(cell)) for name, cell in one.items() if name != "line")
            for one in made.rows
        )

    assert said(load(*rows)) == said(load(*reversed(rows)))


@pytest.mark.parametrize("was", ["0", "0.0", "", "5.00"])
def test_a_compare_at_price_of_nothing_is_none(was):
    assert emptied(load(PARENT, variant("Red", compare_at_price=was))["POT-Red"])


def test_a_product_without_variants_is_one_row():
    made = load(row(name="Pot", price="5.00", inventory_count="3"))

    (pot,) = made.rows
    assert (pot["sku"], pot["price"], pot["stock"], pot["slug"]) == ("POT", "5", "3", "pot")


def test_stock_that_is_not_tracked_is_left_as_it_is():
    made = load(row(name="Pot", inventory_count="3", track_inventory="FALSE"))

    assert "stock" not in made["POT"]
    assert "stock_not_kept" in made.notes


def test_of_several_categories_the_deepest_is_kept():
    made = load(row(name="Pot", category1="Sale", category2="Kitchen -> Pots -> Iron"))

    assert made["POT"]["category"] == "Kitchen > Pots > Iron"
    assert "one_category" in made.notes


def test_an_sku_of_two_products_is_no_parent_for_the_second_ones_variants():
    made = load(
        PARENT,
        variant("Red"),
        row(slug="pan", name="Pan"),
        variant("Blue", slug="pan"),
    )

    assert made["POT-Red"]["parent_sku"] == "POT"
    assert "parent_sku" not in made["POT-Blue"]
    assert made.faults == [(5, "slug", "parent_ambiguous")]
    assert [one["line"] for one in made.rows if one["sku"] == "POT"] == [2, 4]


def test_the_same_row_twice_stands_there_twice():
    made = load(PARENT, variant("Red"), variant("Red"))

    assert [one["sku"] for one in made.rows] == ["POT", "POT-Red", "POT-Red"]


def test_variants_without_their_product_are_loaded_by_themselves():
    made = load(variant("Red"), variant("Blue"))

    assert [one["sku"] for one in made.rows] == ["POT-Red", "POT-Blue"]
    assert not made.variants
    assert not any("slug" in one for one in made.rows)
    assert "rows: 2" in made.notes["product_elsewhere"]


def test_missing_skus_are_made_from_slug_and_options():
    made = load(row(name="Pot", sku=""), variant("Red", sku=""))

    assert [one["sku"] for one in made.rows] == ["POT", "POT-RED"]
    assert [code for _line, _column, code in made.warnings] == ["sku_derived"]


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"weight": "2", "weight_unit": "stone"}, ("weight_unit", "bad_weight_unit")),
        ({"weight": "heavy", "weight_unit": "kg"}, ("weight", "bad_weight")),
        ({"status": "sold"}, ("status", "unknown_status")),
    ],
)
def test_what_cannot_be_read_is_refused_by_sprees_own_column(cells, fault):
    assert load(row(name="Pot", **cells)).faults == [(2, *fault)]
