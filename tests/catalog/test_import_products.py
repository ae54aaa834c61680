"""The product sheet: what is written, and how variants hang on their parents."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.imports import relation
from backoffice.imports.preview import page_of, shown
from backoffice.models import ChangeSet
from catalog.models import Category, Product, ProductTag, StockMovement, Tag
from tests.catalog.factories import CategoryFactory, ProductFactory
from tests.sheets import FIXTURES, counts_of, csv_of, faults_of, load, preview, row_of, words_of

HEADER = ["sku", "name", "price"]


def cup(sku="CUP", name="Beach Pebble Cup", price="16.00"):
    return [sku, name, price]


@pytest.mark.row("A4")
def test_import_creates_products_with_everything_that_the_sheet_says(merchandiser):
    header = [
        "sku",
        "barcode",
        "name",
        "slug",
        "description",
        "category",
        "tags",
        "status",
        "price",
        "compare_at_price",
        "cost",
        "currency",
        "tax_class",
        "weight_grams",
        "is_featured",
        "low_stock_threshold",
        "parent_sku",
        "options",
        "stock",
        "meta_title",
        "meta_description",
    ]
    parent = ["CUP", "", "Cup", *[""] * 5, "16.00", *[""] * 12]
    variant = [
        "CUP-S",
        "2912345000015",
        "Cup – Slate",
        "cup-slate",
        "Blue-grey.\nNo handle.",
        "Kitchen > Mugs",
        "stoneware,handmade",
        "published",
        "16.00",
        "19.00",
        "7.20",
        "EUR",
        "reduced",
        "350",
        "yes",
        "3",
        "CUP",
        "Colour=Slate; Size=M",
        "12",
        "A cup",
        "A good cup.",
    ]

    run = load(csv_of(header, parent, variant), by=merchandiser)

    assert counts_of(run) == (2, 0, 0, 0)
    made = Product.objects.get(sku="CUP-S")
    assert made.barcode == "2912345000015"
    assert made.slug == "cup-slate"
    assert made.description == "Blue-grey.\nNo handle."
    assert (made.category.parent.name, made.category.name) == ("Kitchen", "Mugs")
    assert {tag.name for tag in made.tags.all()} == {"stoneware", "handmade"}
    assert made.status == "published"
    assert made.price == Decimal("16.00")
    assert made.compare_at_price == Decimal("19.00")
    assert made.cost == Decimal("7.20")
    assert (made.currency, made.tax_class, made.weight_grams) == ("EUR", "reduced", 350)
    assert made.is_featured is True
    assert made.low_stock_threshold == 3
    assert made.parent.sku == "CUP"
    assert made.options == {"Colour": "Slate", "Size": "M"}
    assert made.levels.get().on_hand == 12
    assert (made.meta_title, made.meta_description) == ("A cup", "A good cup.")
    assert made.created_by == merchandiser


def test_import_leaves_one_history_row_for_each_new_product_with_user_and_reason(merchandiser):
    header = [*HEADER, "status", "tags", "stock"]
    content = csv_of(header, [*cup(), "published", "stoneware", "12"])

    run = load(content, by=merchandiser, name="spring.csv")

    row = Product.objects.get(sku="CUP").history.get()
    assert row.history_type == "+"
    assert row.step == "create_published"
    assert row.change_set.actor == merchandiser
    assert row.change_set.channel == "import"
    assert row.change_set.action == "catalog.import_products"
    assert row.change_set.note == "Import of spring.csv"
    assert run.change_set == row.change_set


def test_import_changes_only_what_differs_and_keeps_what_is_blank(merchandiser):
    ProductFactory(sku="CUP", name="Cup", price="16.00", description="Old words")
    header = [*HEADER, "description"]

    run = load(csv_of(header, ["CUP", "", "17.50", ""]), by=merchandiser, reason="Clay got dearer")

    assert counts_of(run) == (0, 1, 0, 0)
    cup = Product.objects.get(sku="CUP")
    assert (cup.name, cup.price, cup.description) == ("Cup", Decimal("17.50"), "Old words")
    changed = cup.history.first()
    assert changed.history_type == "~"
    assert changed.change_set.note == "Clay got dearer"
    assert row_of(run, 2).changes == {"price": ("16.00", "17.50")}


def test_import_writes_a_change_of_columns_and_tags_as_one_history_row(merchandiser):
    load(csv_of([*HEADER, "tags"], [*cup(), "stoneware"]), by=merchandiser)

    load(csv_of([*HEADER, "tags"], [*cup(price="18.00"), "wool"]), by=merchandiser)

    product = Product.objects.get(sku="CUP")
    assert product.history.count() == 2
    assert [tag.name for tag in product.tags.all()] == ["wool"]


def test_import_of_the_same_file_again_changes_nothing(merchandiser):
    content = (FIXTURES / "catalogue.csv").read_bytes()
    first = load(content, by=merchandiser)
    assert counts_of(first) == (324, 0, 0, 0)
    traces = [Product.history.count(), ProductTag.history.count(), StockMovement.objects.count()]
    sets = ChangeSet.objects.count()

    second = load(content, by=merchandiser)

    assert counts_of(second) == (0, 0, 324, 0)
    assert second.state == "applied"
    assert second.change_set is None
    assert ChangeSet.objects.count() == sets
    assert traces == [
        Product.history.count(),
        ProductTag.history.count(),
        StockMovement.objects.count(),
    ]


def test_import_of_the_price_list_does_what_its_readme_says(merchandiser):
    load((FIXTURES / "catalogue.csv").read_bytes(), by=merchandiser)

    run = load((FIXTURES / "spring_prices.csv").read_bytes(), by=merchandiser)

    assert counts_of(run) == (0, 20, 4, 0)
    prices = [
        (Decimal(new) > Decimal(old))
        for row in shown(run, list(run.rows.all()))
        if "price" in row.changes
        for old, new in [row.changes["price"]]
    ]
    assert (prices.count(True), prices.count(False)) == (8, 8)
    warned = {
        row.title: {warning.code for warning in row.warnings} for row in page_of(run, "warned").rows
    }
    assert "price_drop" in next(v for k, v in warned.items() if "Flannel Shirt" in k)
    assert "stock_to_zero" in next(v for k, v in warned.items() if "Straw Hat" in k)


def test_import_moves_stock_to_the_counted_number_and_names_the_run_as_cause(merchandiser):
    cup = ProductFactory(sku="CUP", stock=10)

    run = load(csv_of(["sku", "stock"], ["CUP", "7"]), by=merchandiser)

    assert cup.levels.get().on_hand == 7
    movement = cup.movements.first()
    assert movement.on_hand_delta == -3
    assert (movement.cause_kind, movement.cause_uuid) == ("import", run.uuid)
    assert cup.history.count() == 1


def test_import_takes_the_steps_that_lead_to_the_status(merchandiser):
    draft = ProductFactory(sku="A", status="draft")
    archived = ProductFactory(sku="B", status="archived")
    published = ProductFactory(sku="C", status="published")

    load(
        csv_of(["sku", "status"], ["A", "published"], ["B", "published"], ["C", "archived"]),
        by=merchandiser,
    )

    for product, status, steps in (
        (draft, "published", ["publish"]),
        (archived, "published", ["publish", "restore"]),
        (published, "archived", ["archive"]),
    ):
        product.refresh_from_db()
        assert product.status == status
        names = product.history.exclude(step="").values_list("step", flat=True)
        assert list(names) == steps


def test_import_lets_stock_fall_before_a_price_rises_so_that_the_rule_holds(merchandiser, settings):
    settings.PRICE_STOCK_RULE = {"price_above": "100", "units_above": 10}
    falling = ProductFactory(sku="A", price="50.00", stock=20)
    rising = ProductFactory(sku="B", price="150.00", stock=5)

    run = load(
        csv_of(["sku", "price", "stock"], ["A", "150.00", "5"], ["B", "50.00", "20"]),
        by=merchandiser,
    )

    assert run.state == "applied"
    assert falling.levels.get().on_hand == 5
    assert rising.levels.get().on_hand == 20


def test_import_uses_the_spelling_of_a_tag_that_is_there_already(merchandiser):
    Tag(name="Stoneware", slug="stoneware").save()
    content = csv_of([*HEADER, "tags"], [*cup(), "stoneware"])

    load(content, by=merchandiser)

    assert Tag.objects.get().name == "Stoneware"
    assert counts_of(load(content, by=merchandiser)) == (0, 0, 1, 0)


def test_import_finds_its_category_by_path_and_makes_what_is_missing(merchandiser):
    kitchen = CategoryFactory(name="Kitchen")
    content = csv_of(
        [*HEADER, "category"], [*cup(), "Kitchen > Mugs"], [*cup("B", "B"), "Kitchen >Mugs"]
    )

    run = load(content, by=merchandiser)

    mugs = Category.objects.get(name="Mugs")
    assert mugs.parent == kitchen
    assert mugs.products.count() == 2
    assert "Kitchen > Mugs" in next(
        note["message"] for note in run.warnings if note["code"] == "new_categories"
    )


@pytest.mark.parametrize("parent_first", [True, False])
def test_import_hangs_variants_on_a_parent_before_or_after_them(merchandiser, parent_first):
    rows = [["CUP", "Cup", "16.00", ""], ["CUP-S", "Slate", "16.00", "CUP"]]
    content = csv_of([*HEADER, "parent_sku"], *(rows if parent_first else rows[::-1]))

    run = load(content, by=merchandiser)

    assert counts_of(run) == (2, 0, 0, 0)
    assert Product.objects.get(sku="CUP-S").parent.sku == "CUP"


def test_import_hangs_variants_on_a_parent_of_the_catalogue(merchandiser):
    ProductFactory(sku="CUP")
    ProductFactory(sku="OLD")
    content = csv_of([*HEADER, "parent_sku"], ["NEW", "New", "1.00", "CUP"], ["OLD", "", "", "CUP"])

    load(content, by=merchandiser)

    assert set(Product.objects.filter(parent__sku="CUP").values_list("sku", flat=True)) == {
        "NEW",
        "OLD",
    }


def test_import_refuses_unfit_parents(merchandiser):
    top = ProductFactory(sku="TOP")
    ProductFactory(sku="VARIANT", parent=top)
    content = csv_of(
        [*HEADER, "parent_sku"],
        ["A", "own", "1.00", "A"],
        ["B", "nowhere", "1.00", "NOWHERE"],
        ["C", "below a variant", "1.00", "VARIANT"],
        ["D", "in a ring", "1.00", "E"],
        ["E", "in a ring", "1.00", "D"],
        ["TOP", "has variants", "", "F"],
        ["F", "good", "1.00", ""],
    )

    run = preview(content, by=merchandiser)

    assert faults_of(run) == [
        (2, "parent_sku", "own_parent"),
        (3, "parent_sku", "unknown_parent"),
        (4, "parent_sku", "variant_of_variant"),
        (5, "parent_sku", "variant_of_variant"),
        (6, "parent_sku", "variant_of_variant"),
        (7, "parent_sku", "has_variants"),
    ]


def test_import_refuses_a_variant_whose_new_parent_is_refused(merchandiser):
    content = csv_of(
        [*HEADER, "parent_sku"], ["CUP", "Cup", "cheap", ""], ["CUP-S", "Slate", "1.00", "CUP"]
    )

    run = load(content, by=merchandiser, policy="good_rows")

    assert faults_of(run) == [(2, "price", "not_a_number"), (3, "", "needs_refused_row")]
    assert "line 2" in words_of(run, 3)
    assert not Product.objects.exists()


def test_a_slug_that_is_made_never_meets_one_that_the_file_says(merchandiser):
    ProductFactory(sku="OLD", slug="old")
    rows = [["A", "Mug", "mug"], ["B", "Mug", ""], ["C", "Mug", ""], ["OLD", "", "mug-2"]]

    load(csv_of(["sku", "name", "slug"], *rows), by=merchandiser)

    slugs = dict(Product.objects.values_list("sku", "slug"))
    assert slugs == {"A": "mug", "B": "mug-3", "C": "mug-4", "OLD": "mug-2"}


def test_a_slug_that_is_made_never_meets_one_that_another_name_makes(merchandiser):
    rows = [["A", "Mug"], ["B", "Mug"], ["C", "Mug 2"]]

    load(csv_of(["sku", "name"], *rows), by=merchandiser)

    slugs = dict(Product.objects.values_list("sku", "slug"))
    assert slugs == {"A": "mug", "B": "mug-3", "C": "mug-2"}


def test_changes_that_lie_far_apart_are_written_together(merchandiser, monkeypatch):
    monkeypatch.setattr(relation, "ROWS_A_BATCH", 3)
    for number in range(40):
        ProductFactory(sku=f"S{number:02}", price=1)
    rows = [[f"S{number:02}", "2" if number % 6 == 5 else "1"] for number in range(40)]

    with CaptureQueriesContext(connection) as queries:
        load(csv_of(["sku", "price"], *rows), by=merchandiser)

    writes = [q for q in queries if 'UPDATE "catalog_product" SET "price"' in q["sql"]]
    assert len(writes) == 2  # of six rows, three at a time; the file has forty
    assert Product.objects.filter(price=2).count() == 6
