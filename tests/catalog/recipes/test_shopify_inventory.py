"""Shopify's inventory export: what lies at all places together, for products that are here."""

from __future__ import annotations

import pytest

from backoffice.imports import refusals
from tests.catalog.recipes.mapping import map_rows

HEADER = ["Handle", "Title", "Option1 Name", "Option1 Value", "SKU", "HS Code", "COO", "Location",
          "Incoming", "Unavailable", "Committed", "Available", "On hand"]  # fmt: skip
NEWER = [*HEADER[:8], "Bin name", "Incoming (not editable)", "Unavailable (not editable)",
         "Committed (not editable)", "Available (not editable)", "On hand (current)",
         "On hand (new)"]  # fmt: skip


def row(header=HEADER, **said):
    cells = {"Handle": "mug", "Title": "Mug", "Option1 Name": "Title",
             "Option1 Value": "Default Title", "SKU": "MUG", "Location": "Kiel"}  # fmt: skip
    cells |= {key.replace("_", " "): value for key, value in said.items()}
    assert cells.keys() <= set(header)
    return [cells.get(name, "") for name in header]


def test_it_updates_the_stock_and_nothing_else():
    made = map_rows(HEADER, row(On_hand="7", Committed="2", Available="5"))

    assert made.recipe.name == "shopify_inventory"
    assert made.recipe.mode == "update"
    assert made.rows == [{"line": 2, "sku": "MUG", "stock": "7"}]


def test_places_are_added_up_and_that_is_said():
    made = map_rows(
        HEADER,
        row(On_hand="7"),
        row(SKU="CUP", Handle="cup", On_hand="1"),
        row(On_hand="3", Location="Bonn"),
        row(On_hand="not stocked", Location="Ulm"),
    )

    assert (made["MUG"]["stock"], made["CUP"]["stock"]) == ("10", "1")
    assert "products: 1, the first on line 2" in made.notes["places_summed"]


def test_what_no_place_keeps_stays_as_it_is():
    made = map_rows(HEADER, row(On_hand="not stocked"), row(SKU="CUP", Handle="cup", On_hand="1"))

    assert [one["sku"] for one in made.rows] == ["CUP"]
    assert "not_stocked" in made.notes


def test_without_a_number_on_hand_its_parts_are_added_up():
    header = [name for name in HEADER if name != "On hand"]

    made = map_rows(header, row(header, Available="5", Committed="2", Unavailable="1"))

    assert made["MUG"]["stock"] == "8"


@pytest.mark.parametrize(
    ("current", "new", "stock"), [("7", "", "7"), ("7", "9", "9"), ("-2", "", "0")]
)
def test_the_newer_export_has_what_is_there_and_what_shall_be(current, new, stock):
    cells = {"On hand (current)": current, "On hand (new)": new}

    assert map_rows(NEWER, row(NEWER, **cells))["MUG"]["stock"] == stock


def test_a_number_that_is_none_is_left_for_the_row_to_be_refused_by():
    made = map_rows(HEADER, row(On_hand="7"), row(On_hand="many", Location="Bonn"))

    assert made["MUG"]["stock"] == "many"


def test_missing_skus_are_the_same_as_those_of_the_product_export():
    red = {"Option1 Name": "Colour", "Option1 Value": "Red", "SKU": "", "On hand": "1"}
    blue = red | {"Option1 Value": "Blue"}

    made = map_rows(
        HEADER,
        row(**red),
        row(**red, Location="Bonn"),
        row(**blue),
        row(SKU="", Handle="cup", On_hand="2"),
        row(SKU="", Handle="cup", On_hand="2", Location="Bonn"),
    )

    assert {one["sku"]: one["stock"] for one in made.rows} == {
        "MUG-RED": "2", "MUG-BLUE": "1", "CUP": "4",
    }  # fmt: skip


def test_a_file_without_numbers_is_refused_as_such():
    with pytest.raises(refusals.MissingColumns):
        map_rows(HEADER[:8], row(HEADER[:8]), recipe="shopify_inventory")
