"""The stock sheet: counted pieces, by SKU or barcode, for products that are there."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command

from backoffice.imports import Choices, StockMeans, apply_run, undo_run
from backoffice.imports.export import export_sheet
from backoffice.refused import NotAllowed
from catalog.models import Product, StockLevel, StockMovement
from tests.catalog.factories import ProductFactory, level_of, put_on_shelf
from tests.sheets import (
    FIXTURES,
    counts_of,
    csv_of,
    faults_of,
    load,
    preview,
    row_of,
    warnings_of,
    words_of,
    xlsx_of,
)

HEADER = ["sku", "stock"]


def count(content, by, **options):
    return load(content, by=by, sheet="stock", **options)


def test_stock_is_counted_with_a_movement_and_the_product_is_left_alone(fulfilment):
    mug = ProductFactory(sku="MUG", stock=5)
    version = mug.version

    run = count(csv_of(HEADER, ["MUG", "12"]), fulfilment)

    assert run.state == "applied"
    assert counts_of(run) == (0, 1, 0, 0)
    assert level_of(mug) == (12, 0, 0)
    movement = StockMovement.objects.first()
    assert (movement.kind, movement.on_hand_delta) == ("adjust", 7)
    assert movement.cause_uuid == run.uuid
    mug.refresh_from_db()
    assert mug.version == version
    assert Product.history.filter(id=mug.pk).count() == 1


def test_stock_that_is_as_it_was_counted_changes_nothing(fulfilment):
    ProductFactory(sku="MUG", stock=5)

    run = count(csv_of(HEADER, ["MUG", "5"]), fulfilment)

    assert counts_of(run) == (0, 0, 1, 0)
    assert StockMovement.objects.filter(cause_uuid=run.uuid).count() == 0


def test_stock_creates_no_product_whatever_mode_is_asked_for(merchandiser):
    run = preview(csv_of(HEADER, ["NEW", "3"]), by=merchandiser, sheet="stock", mode="upsert")

    assert run.mode == "update"
    assert faults_of(run) == [(2, "sku", "key_unknown")]
    assert "There is no product NEW" in words_of(run, 2)


def test_stock_is_known_by_its_barcode_in_a_file_without_skus(fulfilment):
    mug = ProductFactory(sku="MUG", barcode="2912345000015", stock=5)
    choices = Choices(key="barcode")

    run = count(csv_of(["barcode", "stock"], ["2912345000015", "8"]), fulfilment, choices=choices)

    assert run.state == "applied"
    assert level_of(mug) == (8, 0, 0)


def test_stock_never_writes_a_name_and_refuses_no_row_for_it(fulfilment):
    mug = ProductFactory(sku="MUG", name="Harbour Mug", stock=5)

    run = count(csv_of([*HEADER, "name"], ["MUG", "6", "x" * 900]), fulfilment)

    assert counts_of(run) == (0, 1, 0, 0)
    assert row_of(run, 2).changes == {"stock": ("5", "6")}
    mug.refresh_from_db()
    assert mug.name == "Harbour Mug"


def test_stock_points_at_a_barcode_that_belongs_to_something_else(fulfilment):
    ProductFactory(sku="MUG", barcode="2912345000015", stock=5)

    run = preview(
        csv_of([*HEADER, "barcode"], ["MUG", "6", "2912345000022"]), by=fulfilment, sheet="stock"
    )

    assert warnings_of(run) == [(2, "other_barcode")]
    assert counts_of(run) == (0, 1, 0, 0)


def test_a_barcode_that_became_a_number_is_only_read_along(fulfilment):
    ProductFactory(sku="MUG", stock=5)

    run = count(xlsx_of(["sku", "barcode", "stock"], ["MUG", 2912345000015, 6]), fulfilment)

    assert counts_of(run) == (0, 1, 0, 0)


def test_stock_as_a_difference_lets_the_shelf_move_meanwhile(fulfilment):
    mug = ProductFactory(sku="MUG", stock=5)
    run = preview(
        csv_of(HEADER, ["MUG", "8"]),
        by=fulfilment,
        sheet="stock",
        choices=Choices(stock_means=StockMeans.DIFFERENCE),
    )
    put_on_shelf(mug, 10)

    apply_run(uuid=run.uuid, by=fulfilment, reason="Counted in the evening")

    assert level_of(mug) == (18, 0, 0)


def test_stock_counted_overwrites_what_moved_meanwhile(fulfilment):
    mug = ProductFactory(sku="MUG", stock=5)
    run = preview(csv_of(HEADER, ["MUG", "8"]), by=fulfilment, sheet="stock")
    put_on_shelf(mug, 10)

    apply_run(uuid=run.uuid, by=fulfilment, reason="")

    assert level_of(mug) == (8, 0, 0)


def test_stock_below_what_is_promised_is_refused(fulfilment):
    mug = ProductFactory(sku="MUG", stock=5)
    StockLevel.objects.filter(product=mug).update(committed=3)

    run = preview(csv_of(HEADER, ["MUG", "2"]), by=fulfilment, sheet="stock")

    assert faults_of(run) == [(2, "stock", "stock_would_be_negative")]


def test_dear_goods_in_large_numbers_are_refused(fulfilment):
    ProductFactory(sku="SOFA", price="12000.00", stock=5)

    run = preview(csv_of(HEADER, ["SOFA", "150"]), by=fulfilment, sheet="stock")

    assert faults_of(run) == [(2, "stock", "price_stock_rule_broken")]


def test_stock_that_goes_to_zero_is_pointed_at(fulfilment):
    ProductFactory(sku="MUG", stock=5)

    run = preview(csv_of(HEADER, ["MUG", "0"]), by=fulfilment, sheet="stock")

    assert warnings_of(run) == [(2, "stock_to_zero")]


def test_a_sku_that_stands_there_twice_is_refused_twice(fulfilment):
    ProductFactory(sku="MUG", stock=5)

    run = preview(csv_of(HEADER, ["MUG", "1"], ["MUG", "2"]), by=fulfilment, sheet="stock")

    assert [code for _line, _column, code in faults_of(run)] == ["duplicate_sku"] * 2


def test_taking_a_count_back_gives_the_difference_back(fulfilment):
    mug = ProductFactory(sku="MUG", stock=5)
    run = count(csv_of(HEADER, ["MUG", "12"]), fulfilment)
    put_on_shelf(mug, 1)

    undo = undo_run(uuid=run.uuid, by=fulfilment)
    apply_run(uuid=undo.uuid, by=fulfilment, reason="Counted the wrong shelf")

    assert level_of(mug) == (6, 0, 0)


def test_shopifys_inventory_export_leads_to_stock(fulfilment):
    mug = ProductFactory(sku="MUG-RED", stock=5)
    content = csv_of(
        ["Handle", "Title", "Option1 Name", "Option1 Value", "SKU", "Location",
         "On hand (current)", "On hand (new)"],
        ["mug", "Mug", "Colour", "Red", "MUG-RED", "Shop", "5", "9"],
    )  # fmt: skip

    run = count(content, fulfilment)

    assert run.recipe == "shopify_inventory"
    assert run.state == "applied"
    assert level_of(mug) == (9, 0, 0)


@pytest.mark.parametrize("role", ["fulfilment", "merchandiser", "manager"])
def test_stock_is_loaded_by_those_who_may_adjust_it(make_user, role):
    mug = ProductFactory(sku="MUG", stock=5)

    count(csv_of(HEADER, ["MUG", "7"]), make_user(role))

    assert level_of(mug) == (7, 0, 0)


@pytest.mark.parametrize("role", ["support", "finance", "auditor", "admin"])
def test_stock_is_refused_to_others(make_user, role):
    with pytest.raises(NotAllowed):
        preview(csv_of(HEADER, ["MUG", "7"]), by=make_user(role), sheet="stock")


def test_what_is_exported_is_stock_and_imports_as_unchanged(merchandiser):
    ProductFactory(sku="MUG", name="Harbour Mug", barcode="2912345000015", stock=5)
    ProductFactory(sku="CUP", name="Beach Cup")

    with export_sheet(sheet_name="stock", format_name="csv", by=merchandiser) as out:
        content = out.read()
    run = count(content, merchandiser)

    assert content.decode("utf-8-sig").splitlines() == [
        "sku,barcode,name,stock",
        "MUG,2912345000015,Harbour Mug,5",
        "CUP,,Beach Cup,",
    ]
    assert counts_of(run) == (0, 0, 2, 0)


def test_the_sample_sheet_loads_by_the_command(merchandiser, tmp_path):
    call_command(
        "import_sheet", "products", str(FIXTURES / "catalogue.csv"), by=merchandiser.email,
        stdout=io.StringIO(),
    )  # fmt: skip
    out = io.StringIO()

    call_command(
        "import_sheet",
        "stock",
        str(FIXTURES / "stock_count.csv"),
        by=merchandiser.email,
        stdout=out,
    )

    assert "0 refused" in out.getvalue()
    assert "10 changed, 4 unchanged" in out.getvalue()
    exported = tmp_path / "stock.csv"
    call_command("export_sheet", "stock", str(exported), by=merchandiser.email, stdout=out)
    assert exported.read_text("utf-8-sig").startswith("sku,barcode,name,stock")
