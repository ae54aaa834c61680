"""The product sheet: what is accepted, what is refused and in which words, what is written."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from backoffice.imports import apply_run, refusals
from backoffice.imports.plan import refuse_twins
from backoffice.imports.rows import Row
from backoffice.imports.sheets import Plan, sheet
from backoffice.models import ChangeSet
from backoffice.refused import NotAllowed
from backoffice.steps import Outcome
from catalog import services
from catalog.models import Category, Product, ProductTag, StockMovement, Tag
from tests.catalog.factories import CategoryFactory, ProductFactory, wanted
from tests.sheets import FIXTURES, counts_of, csv_of, faults_of, load, preview, words_of, xlsx_of

HEADER = ["sku", "name", "price"]


def cup(sku="CUP", name="Beach Pebble Cup", price="16.00"):
    return [sku, name, price]


# --- What is written --------------------------------------------------------------------------


def test_import_creates_products_with_everything_that_the_sheet_says(merchandiser):
    header = [
        "sku", "barcode", "name", "slug", "description", "category", "tags", "status", "price",
        "compare_at_price", "cost", "currency", "tax_class", "weight_grams", "is_featured",
        "low_stock_threshold", "parent_sku", "options", "stock", "meta_title", "meta_description",
    ]  # fmt: skip
    parent = ["CUP", "", "Cup", *[""] * 5, "16.00", *[""] * 12]
    variant = [
        "CUP-S", "2912345000015", "Cup – Slate", "cup-slate", "Blue-grey.\nNo handle.",
        "Kitchen > Mugs", "stoneware,handmade", "published", "16.00", "19.00", "7.20", "EUR",
        "reduced", "350", "yes", "3", "CUP", "Colour=Slate; Size=M", "12", "A cup", "A good cup.",
    ]  # fmt: skip

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
    assert run.rows.get().changes == {"price": ["16.00", "17.50"]}


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
        for row in run.rows.all()
        if "price" in row.changes
        for old, new in [row.changes["price"]]
    ]
    assert (prices.count(True), prices.count(False)) == (8, 8)
    warned = {
        row.title: {note["code"] for note in row.warnings} for row in run.rows.exclude(warnings=[])
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


# --- Parents ----------------------------------------------------------------------------------


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


# --- What is refused --------------------------------------------------------------------------


def test_import_of_the_faulty_sheet_finds_exactly_the_documented_faults(merchandiser):
    documented = []
    for line in (Path(FIXTURES) / "README.md").read_text().splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[0].isdigit() and cells[3] == "refused":
            documented.append((int(cells[0]), cells[2].split(", ")[0]))
    assert len(documented) == 24

    run = preview((FIXTURES / "faulty_products.csv").read_bytes(), by=merchandiser)

    assert [(line, column) for line, column, _code in faults_of(run)] == documented
    assert counts_of(run) == (5, 0, 0, 24)


def test_import_says_everything_about_every_row_at_once(merchandiser):
    header = [*HEADER, "stock", "currency", "status"]
    content = csv_of(header, ["CUP", "x" * 300, "12,50", "1.9", "EURO", "live"], ["", *[""] * 4, ""],
                     ["B", "B", "-1", "", "", ""])  # fmt: skip

    run = preview(content, by=merchandiser)

    assert faults_of(run) == [
        (2, "name", "too_long"),
        (2, "price", "decimal_comma"),
        (2, "stock", "not_whole"),
        (2, "currency", "bad_currency"),
        (2, "status", "unknown_word"),
        (4, "price", "negative"),
    ]


def test_import_names_both_lines_of_a_sku_that_stands_twice_and_refuses_both(merchandiser):
    content = csv_of(HEADER, cup(), cup("B", "B"), cup(name="other"))

    run = load(content, by=merchandiser, policy="good_rows")

    assert faults_of(run) == [(2, "sku", "duplicate_sku"), (4, "sku", "duplicate_sku")]
    assert "line 4" in words_of(run, 2)
    assert "line 2" in words_of(run, 4)
    assert [product.sku for product in Product.objects.all()] == ["B"]


def test_import_refuses_a_key_that_stands_twice_even_when_the_product_is_there(merchandiser):
    ProductFactory(sku="CUP", name="Cup", price="16.00")

    run = preview(csv_of(HEADER, cup(), cup(price="17.00")), by=merchandiser)

    assert [code for _line, _column, code in faults_of(run)] == ["duplicate_sku"] * 2


def test_import_refuses_a_slug_or_barcode_that_stands_twice_or_belongs_to_another(merchandiser):
    ProductFactory(sku="OTHER", slug="taken", barcode="777")
    content = csv_of(
        [*HEADER, "slug", "barcode"],
        ["A", "A", "1.00", "same", "1"],
        ["B", "B", "1.00", "same", "2"],
        ["C", "C", "1.00", "c", "3"],
        ["D", "D", "1.00", "d", "3"],
        ["E", "E", "1.00", "taken", "777"],
    )

    run = preview(content, by=merchandiser)

    assert faults_of(run) == [
        (2, "slug", "duplicate_slug"),
        (3, "slug", "duplicate_slug"),
        (4, "barcode", "duplicate_barcode"),
        (5, "barcode", "duplicate_barcode"),
        (6, "slug", "duplicate_slug"),
        (6, "barcode", "duplicate_barcode"),
    ]
    assert "OTHER" in words_of(run, 6)


def test_import_refuses_a_number_cell_as_sku_and_keeps_text(merchandiser):
    content = xlsx_of(
        HEADER, ["00123", "kept", 1], [123, "lost zeros", 1], [1234567890123456789, "rounded", 1],
        [True, "truth", 1],
    )  # fmt: skip

    run = load(content, by=merchandiser, policy="good_rows")

    assert faults_of(run) == [
        (3, "sku", "number_cell"),
        (4, "sku", "number_cell"),
        (5, "sku", "truth_cell"),
    ]
    assert "leading zeros" in words_of(run, 3)
    assert Product.objects.get().sku == "00123"


def test_import_takes_the_numbers_of_a_workbook(merchandiser):
    load(xlsx_of([*HEADER, "stock", "is_featured"], ["A", "A", 12.5, 7, True]), by=merchandiser)

    product = Product.objects.get()
    assert product.price == Decimal("12.50")
    assert product.levels.get().on_hand == 7
    assert product.is_featured is True


def test_import_refuses_a_nul_and_an_over_long_text_on_every_database(merchandiser):
    content = csv_of(
        [*HEADER, "barcode"], ["A", "mu\x00g", "1.00", ""], ["B", "B", "1.00", "9" * 40]
    )

    run = preview(content, by=merchandiser)

    assert faults_of(run) == [(2, "name", "nul"), (3, "barcode", "too_long")]


def test_import_refuses_more_cells_than_columns(merchandiser):
    run = preview(b"sku,name,price\nA,Cup, 12,50\n", by=merchandiser)

    assert faults_of(run) == [(2, "", "too_many_cells")]


def test_import_refuses_a_price_with_a_stock_that_may_not_stand_beside_it(merchandiser):
    ProductFactory(sku="OLD", price="12000.00")

    run = preview(
        csv_of([*HEADER, "stock"], ["NEW", "New", "12000.00", "150"], ["OLD", "", "", "150"]),
        by=merchandiser,
    )

    assert [(line, code) for line, _column, code in faults_of(run)] == [
        (2, "price_stock_rule_broken"),
        (3, "price_stock_rule_broken"),
    ]


def test_import_refuses_a_stock_below_what_is_promised(merchandiser):
    product = ProductFactory(sku="CUP", stock=10)
    services.commit_stock(wanted=[wanted(product, 4)])

    run = preview(csv_of(["sku", "stock"], ["CUP", "3"]), by=merchandiser)

    assert faults_of(run) == [(2, "stock", "stock_would_be_negative")]


def test_import_refuses_unknown_columns_unless_they_are_to_be_ignored(merchandiser):
    content = csv_of([*HEADER, "prize", "colour"], [*cup(), "1", "2"])

    with pytest.raises(refusals.UnknownColumns) as caught:
        preview(content, by=merchandiser)
    run = preview(content, by=merchandiser, ignore_unknown=True)

    assert "prize, colour" in str(caught.value)
    assert "“price”" in str(caught.value)
    assert counts_of(run) == (1, 0, 0, 0)
    assert "prize, colour" in run.warnings[0]["message"]


def test_import_refuses_a_file_without_sku_and_says_what_it_found(merchandiser):
    with pytest.raises(refusals.MissingColumns) as caught:
        preview(csv_of(["article", "name"], ["A", "B"]), by=merchandiser)

    assert "sku" in str(caught.value)
    assert "article, name" in str(caught.value)


def test_import_refuses_a_column_that_stands_twice(merchandiser):
    with pytest.raises(refusals.DuplicateColumns):
        preview(csv_of(["sku", "Price", "price"], ["A", "1", "2"]), by=merchandiser)


def test_import_knows_its_columns_whatever_their_case_and_separators(merchandiser):
    run = load(csv_of(["SKU", "Name", "Compare-at price", "Price"], ["A", "A", "3", "2"]),
               by=merchandiser)  # fmt: skip

    assert Product.objects.get().compare_at_price == 3
    assert run.columns["compare_at_price"] == ["Compare-at price"]


def test_import_names_a_column_as_the_file_does(merchandiser):
    run = preview(csv_of(["SKU", "Name", "PRICE"], ["A", "A", "x"]), by=merchandiser)

    assert faults_of(run) == [(2, "PRICE", "not_a_number")]


def test_import_refuses_a_new_row_without_a_name(merchandiser):
    run = preview(csv_of(["sku", "price"], ["A", "1.00"]), by=merchandiser)

    assert faults_of(run) == [(2, "name", "required")]


@pytest.mark.parametrize(("mode", "code"), [("create", "key_known"), ("update", "key_unknown")])
def test_import_does_only_what_its_mode_allows(merchandiser, mode, code):
    ProductFactory(sku="OLD", name="Old")

    run = preview(csv_of(HEADER, ["OLD", "Old", "1"], ["NEW", "New", "1"]), by=merchandiser,
                  mode=mode)  # fmt: skip

    assert [found for _line, _column, found in faults_of(run)] == [code]


# --- Policy -----------------------------------------------------------------------------------


def test_import_applies_nothing_when_one_row_is_refused(merchandiser):
    ProductFactory(sku="OLD", price="1.00")
    before = Product.history.count()

    run = load(csv_of(HEADER, ["OLD", "", "2.00"], ["NEW", "New", "x"]), by=merchandiser)

    assert run.state == "validated"
    assert run.outcome.startswith("Nothing was applied: 1 of 2 rows")
    assert Product.objects.get().price == 1
    assert Product.history.count() == before


def test_import_applies_the_good_rows_when_asked(merchandiser):
    run = load(csv_of(HEADER, ["A", "A", "1.00"], ["B", "B", "x"]), by=merchandiser,
               policy="good_rows")  # fmt: skip

    assert run.state == "applied"
    assert [product.sku for product in Product.objects.all()] == ["A"]


# --- Drift ------------------------------------------------------------------------------------


def reprice(product, price):
    product.refresh_from_db()
    product.price = Decimal(price)
    product.save()


def test_a_row_whose_product_changed_since_the_preview_is_refused_with_both_values(merchandiser):
    cup = ProductFactory(sku="CUP", price="16.00")
    run = preview(csv_of(["sku", "price"], ["CUP", "18.00"]), by=merchandiser, policy="good_rows")
    reprice(cup, "17.00")

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert faults_of(run) == [(2, "", "changed_since")]
    assert "16.00" in words_of(run, 2)
    assert "17.00" in words_of(run, 2)
    assert Product.objects.get().price == Decimal("17.00")


def test_drift_of_a_field_that_the_row_does_not_write_is_none(merchandiser):
    cup = ProductFactory(sku="CUP", price="16.00", description="Old")
    run = preview(csv_of(["sku", "price"], ["CUP", "18.00"]), by=merchandiser)
    cup.description = "New"
    cup.save()

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert run.state == "applied"
    cup.refresh_from_db()
    assert (cup.price, cup.description) == (Decimal("18.00"), "New")


def test_a_field_that_was_equal_in_the_preview_is_never_written(merchandiser):
    cup = ProductFactory(sku="CUP", name="Cup", price="16.00")
    run = preview(csv_of(HEADER, ["CUP", "Cup", "18.00"]), by=merchandiser)
    cup.name = "A better name"
    cup.save()

    apply_run(uuid=run.uuid, by=merchandiser, reason="")

    cup.refresh_from_db()
    assert (cup.name, cup.price) == ("A better name", Decimal("18.00"))


def test_a_row_that_somebody_else_created_meanwhile_is_refused(merchandiser):
    run = preview(csv_of(HEADER, cup(), cup("B", "B")), by=merchandiser, policy="good_rows")
    ProductFactory(sku="CUP", name="Theirs")

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert faults_of(run) == [(2, "", "created_since")]
    assert Product.objects.get(sku="CUP").name == "Theirs"
    assert Product.objects.filter(sku="B").exists()


def test_drift_under_all_or_nothing_applies_nothing_and_says_so(merchandiser):
    product = ProductFactory(sku="CUP", price="16.00")
    run = preview(csv_of(HEADER, ["CUP", "", "18.00"], cup("NEW", "New")), by=merchandiser)
    reprice(product, "17.00")

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert run.state == "validated"
    assert counts_of(run) == (1, 0, 0, 1)
    assert not Product.objects.filter(sku="NEW").exists()


def test_a_variant_hangs_on_the_parent_that_somebody_else_created_meanwhile(merchandiser):
    content = csv_of([*HEADER, "parent_sku"], [*cup(), ""], ["CUP-S", "Slate", "1.00", "CUP"])
    run = preview(content, by=merchandiser, policy="good_rows")
    theirs = ProductFactory(sku="CUP")

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert faults_of(run) == [(2, "", "created_since")]
    assert Product.objects.get(sku="CUP-S").parent == theirs


def test_what_a_service_refuses_while_writing_leaves_that_row_out_whole(merchandiser, monkeypatch):
    ProductFactory(sku="A", price="1.00", stock=5)
    ProductFactory(sku="B", price="1.00", stock=5)
    run = preview(csv_of(["sku", "price", "stock"], ["A", "2.00", "9"], ["B", "2.00", "9"]),
                  by=merchandiser, policy="good_rows")  # fmt: skip
    real = services.set_stocks

    def refusing(*, counted, **rest):
        a = Product.objects.get(sku="A")
        if a.pk in counted:
            refusal = services.StockWouldBeNegative(sku="A", on_hand=9, promised=10)
            return Outcome(done=[], refused=[(a, refusal)])
        return real(counted=counted, **rest)

    monkeypatch.setattr(services, "set_stocks", refusing)
    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert faults_of(run) == [(2, "", "stock_would_be_negative")]
    assert run.state == "applied"
    prices = dict(Product.objects.values_list("sku", "price"))
    assert prices == {"A": Decimal("1.00"), "B": Decimal("2.00")}


# --- What nobody means ------------------------------------------------------------------------


def test_import_refuses_a_tree_that_has_no_end_and_writes_nothing_of_it(merchandiser):
    path = " > ".join(f"L{number}" for number in range(1_500))

    run = load(csv_of([*HEADER, "category"], [*cup(), path]), by=merchandiser)

    assert faults_of(run) == [(2, "category", "category_too_deep")]
    assert not Category.objects.exists()


def test_import_says_when_a_new_sku_differs_from_another_in_capitals_only(merchandiser):
    ProductFactory(sku="MUG-1", name="Mug")
    rows = [cup("mug-1"), cup("Cup"), cup("CUP"), cup("BOWL")]

    run = preview(csv_of(HEADER, *rows), by=merchandiser)

    assert counts_of(run) == (4, 0, 0, 0)
    said = {row.key: [note["message"] for note in row.warnings] for row in run.rows.all()}
    assert said == {
        "mug-1": ["A new product, though MUG-1 differs in capitals only."],
        "Cup": ["A new product, though CUP differs in capitals only."],
        "CUP": ["A new product, though Cup differs in capitals only."],
        "BOWL": [],
    }


def test_import_refuses_a_sku_with_a_nul_as_a_row(merchandiser):
    run = preview(csv_of(HEADER, cup("C\x00UP")), by=merchandiser)

    assert faults_of(run) == [(2, "sku", "nul")]


class CountedLine(int):
    """A line number that counts how often it is written out."""

    written = 0

    def __str__(self):
        CountedLine.written += 1
        return int.__repr__(self)


def test_import_writes_out_a_few_lines_of_a_thousand_twins(merchandiser):
    rows = [Row(line=CountedLine(number), texts={"sku": "CUP"}) for number in range(2, 1_002)]

    refuse_twins(Plan(sheet("products"), rows, merchandiser, "upsert", timezone.now()))

    assert "also on line 3, 4, 5, 6, 7…" in rows[0].faults[0].message
    assert "also on line 2, 3, 4, 5, 6…" in rows[-1].faults[0].message
    assert CountedLine.written < 10 * len(rows)


# --- Roles ------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["support", "fulfilment", "finance", "auditor", "admin"])
def test_import_is_refused_to_roles_that_may_not_import(make_user, role):
    with pytest.raises(NotAllowed):
        preview(csv_of(HEADER, cup()), by=make_user(role))


def allow(user, *names):
    for name in names:
        user.user_permissions.add(Permission.objects.get(codename=name))
    return type(user).objects.get(pk=user.pk)


def test_import_asks_for_the_permission_of_each_verb(make_user):
    ProductFactory(sku="OLD", name="Old", price="1.00", status="draft")
    clerk = allow(make_user(), "import_product", "change_product")
    content = csv_of(
        [*HEADER, "stock", "status", "is_featured"],
        ["OLD", "Renamed", "2.00", "5", "published", "yes"],
        ["NEW", "New", "1.00", "", "", ""],
    )

    run = preview(content, by=clerk)

    assert sorted(faults_of(run)) == [
        (2, "is_featured", "not_allowed"),
        (2, "price", "not_allowed"),
        (2, "status", "not_allowed"),
        (2, "stock", "not_allowed"),
        (3, "", "not_allowed"),
    ]
    assert "Your role does not allow you to create a product." in words_of(run, 3)


def test_import_updates_for_somebody_who_may_not_create(make_user):
    ProductFactory(sku="OLD", name="Old", price="1.00")
    clerk = allow(make_user(), "import_product", "change_product", "adjust_stock_product")

    run = load(csv_of(["sku", "stock"], ["OLD", "5"]), by=clerk)

    assert run.state == "applied"
    assert Product.objects.get(sku="OLD").levels.get().on_hand == 5


def test_import_creates_for_somebody_who_may_not_change(make_user):
    clerk = allow(make_user(), "import_product", "add_product")

    run = load(csv_of(HEADER, cup()), by=clerk)

    assert run.state == "applied"


def test_import_makes_no_category_for_who_may_not(make_user):
    clerk = allow(make_user(), "import_product", "add_product")

    run = preview(csv_of([*HEADER, "category", "tags"], [*cup(), "New", "wool"]), by=clerk)

    assert faults_of(run) == [(2, "category", "not_allowed"), (2, "tags", "not_allowed")]
