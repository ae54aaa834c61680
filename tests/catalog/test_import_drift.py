"""What happens to a product between preview and confirmation: judged per field, never overwritten."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice.imports import Choices, apply_run, confirm_run
from catalog import services
from catalog.models import Category, Product, ProductTag, StockMovement, Tag
from tests.catalog.factories import CategoryFactory, ProductFactory, level_of, put_on_shelf
from tests.sheets import counts_of, csv_of, faults_of, load, preview, words_of


def reload(product):
    product.refresh_from_db()
    return product


@pytest.fixture
def cup():
    return ProductFactory(
        sku="CUP", name="Cup", slug="cup", price="16.00", description="old", barcode="2912345000015",
        compare_at_price=None, weight_grams=100, is_featured=False, options={"Size": "M"},
        category=CategoryFactory(name="Old"),
    )  # fmt: skip


OTHER = {
    "name": ("Named by the sheet", "Named by somebody"),
    "slug": ("slug-of-the-sheet", "slug-of-somebody"),
    "description": ("by the sheet", "by somebody"),
    "price": ("18.00", Decimal("17.00")),
    "compare_at_price": ("30.00", Decimal("40.00")),
    "barcode": ("2912345000022", "2912345000039"),
    "weight_grams": ("200", 300),
    "options": ("Size=L", {"Size": "S"}),
    "cost": ("1.00", Decimal("2.00")),
}


@pytest.mark.parametrize("column", OTHER)
def test_a_field_that_somebody_changed_since_is_not_overwritten(merchandiser, cup, column):
    said, theirs = OTHER[column]
    run = preview(csv_of(["sku", column], ["CUP", said]), by=merchandiser, policy="good_rows")
    assert counts_of(run) == (0, 1, 0, 0)
    setattr(cup, column, theirs)
    cup.save()
    history = cup.history.count()

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert faults_of(run) == [(2, "", "changed_since")]
    assert getattr(reload(cup), column) == theirs
    assert cup.history.count() == history


@pytest.mark.parametrize("column", OTHER)
def test_what_somebody_changed_elsewhere_hinders_no_field_of_the_sheet(merchandiser, cup, column):
    other = "description" if column != "description" else "name"
    said, _theirs = OTHER[column]
    run = preview(
        csv_of(["sku", column, other], ["CUP", said, getattr(cup, other)]), by=merchandiser
    )
    setattr(cup, other, "by somebody")
    cup.save()

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert (run.state, counts_of(run)) == ("applied", (0, 1, 0, 0))
    assert getattr(reload(cup), other) == "by somebody"


def test_somebody_who_wrote_the_very_same_value_is_seen_too(merchandiser, cup):
    run = preview(csv_of(["sku", "price"], ["CUP", "18.00"]), by=merchandiser, policy="good_rows")
    cup.price = Decimal("18.00")
    cup.save()

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert reload(cup).price == 18
    assert counts_of(run)[3] in {0, 1}


def test_tags_category_status_and_parent_that_moved_since_are_kept(merchandiser, cup):
    header = ["sku", "tags", "category", "status", "parent_sku"]
    ProductFactory(sku="A", status="draft")
    ProductFactory(sku="B"), ProductFactory(sku="P"), ProductFactory(sku="Q")
    rows = [
        ["CUP", "clay", "", "", ""],
        ["A", "", "", "published", ""],
        ["B", "", "", "", "P"],
    ]
    run = preview(csv_of(header, *rows), by=merchandiser, policy="good_rows")
    assert counts_of(run) == (0, 3, 0, 0)
    load(csv_of(["sku", "tags"], ["CUP", "wool"]), by=merchandiser)
    load(csv_of(["sku", "status"], ["A", "archived"]), by=merchandiser)
    load(csv_of(["sku", "parent_sku"], ["B", "Q"]), by=merchandiser)

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert {code for _line, _column, code in faults_of(run)} == {"changed_since"}
    assert "wool" in words_of(run, 2)
    assert "Q" in words_of(run, 4)
    assert [tag.name for tag in cup.tags.all()] == ["wool"]
    assert Product.objects.get(sku="A").status == "archived"
    assert Product.objects.get(sku="B").parent.sku == "Q"
    assert not Tag.objects.filter(name="clay").exists()


def test_a_category_that_was_renamed_since_is_no_drift(merchandiser, cup):
    run = preview(csv_of(["sku", "category"], ["CUP", "New"]), by=merchandiser)
    Category.objects.filter(name="Old").get()
    old = cup.category
    old.name = "Older"
    old.save()

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert run.state == "applied"
    assert reload(cup).category.name == "New"


def test_a_category_that_somebody_else_made_meanwhile_is_used(merchandiser, cup):
    run = preview(
        csv_of(["sku", "category", "tags"], ["CUP", "New > Deep", "clay"]), by=merchandiser
    )
    new = CategoryFactory(name="New")
    deep = CategoryFactory(name="Deep", parent=new)
    Tag(name="Clay", slug="clay").save()

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert run.state == "applied"
    assert reload(cup).category == deep
    assert [tag.name for tag in cup.tags.all()] == ["Clay"]
    assert Category.objects.filter(name="Deep").count() == 1


def test_a_slug_or_barcode_that_somebody_took_meanwhile_refuses_that_row_alone(merchandiser, cup):
    header = ["sku", "name", "price", "slug", "barcode"]
    run = preview(
        csv_of(
            header,
            ["A", "A", "1.00", "wanted", ""],
            ["B", "B", "1.00", "", "2912345000022"],
            ["C", "Made up", "1.00", "", ""],
        ),
        by=merchandiser,
        policy="good_rows",
    )
    ProductFactory(sku="X", slug="wanted"), ProductFactory(sku="Y", barcode="2912345000022")
    ProductFactory(sku="Z", slug="made-up")

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert {line for line, _column, _code in faults_of(run)} == {2, 3}
    assert Product.objects.get(sku="C").slug not in {"", "made-up"}
    assert counts_of(run) == (1, 0, 0, 2)


def test_a_product_that_is_called_otherwise_meanwhile_is_not_written(merchandiser, cup):
    run = preview(csv_of(["sku", "price"], ["CUP", "18.00"]), by=merchandiser, policy="good_rows")
    cup.sku = "MUG"
    cup.save()
    ProductFactory(sku="CUP", slug="another-cup", price="1.00")

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert faults_of(run) == [(2, "", "gone_since")]
    assert Product.objects.get(sku="CUP").price == 1
    assert reload(cup).price == 16


# --- Stock --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("means", "after"), [("counted", 20), ("difference", 17)])
def test_stock_that_moved_since_is_counted_anew_or_shifted(merchandiser, means, after):
    product = ProductFactory(sku="A", stock=10)
    content = csv_of(["sku", "stock"], ["A", "20"])
    run = preview(content, by=merchandiser, choices=Choices(stock_means=means))
    services.adjust_stock(product_id=product.pk, difference=-3, by=merchandiser, reason="broken")

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert run.state == "applied"
    assert level_of(product)[0] == after
    assert StockMovement.objects.filter(cause_uuid=run.uuid).get().on_hand_delta == after - 7


@pytest.mark.parametrize("means", ["counted", "difference"])
def test_stock_that_would_break_a_promise_made_meanwhile_is_refused(merchandiser, means):
    from tests.catalog.factories import wanted

    product, other = ProductFactory(sku="A", stock=10), ProductFactory(sku="B", stock=1)
    content = csv_of(["sku", "stock"], ["A", "2"], ["B", "5"])
    run = preview(content, by=merchandiser, choices=Choices(stock_means=means), policy="good_rows")
    assert counts_of(run) == (0, 2, 0, 0)
    services.commit_stock(wanted=[wanted(product, 6)])

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert faults_of(run) == [(2, "stock", "stock_would_be_negative")]
    assert level_of(product) == (10, 6, 0)
    assert level_of(other)[0] == 5


def test_stock_that_is_as_the_sheet_says_by_now_makes_no_movement(merchandiser):
    product = ProductFactory(sku="A", stock=10)
    run = preview(csv_of(["sku", "stock"], ["A", "12"]), by=merchandiser)
    put_on_shelf(product, 2)

    run = confirm_run(uuid=run.uuid, by=merchandiser, reason="")

    assert run.state == "applied"
    assert level_of(product)[0] == 12
    assert not StockMovement.objects.filter(cause_uuid=run.uuid).exists()


# --- All or nothing ------------------------------------------------------------------------------


def test_one_drifted_row_spoils_all_and_says_which(merchandiser, cup):
    content = csv_of(
        ["sku", "name", "price", "tags", "category"],
        ["CUP", "", "18.00", "t", "K"],
        ["NEW", "New", "1.00", "t", "K"],
    )
    run = preview(content, by=merchandiser)
    cup.price = Decimal("17.00")
    cup.save()
    before = (Product.history.count(), ProductTag.history.count())

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert (run.state, run.change_set, run.applied) == ("validated", None, 0)
    assert faults_of(run) == [(2, "", "changed_since")]
    assert (Product.history.count(), ProductTag.history.count()) == before
    assert not Tag.objects.exists()
    assert not Category.objects.filter(name="K").exists()
    again = apply_run(uuid=run.uuid, by=merchandiser, reason="", policy="good_rows")
    assert (again.state, counts_of(again)) == ("applied", (1, 0, 0, 1))
