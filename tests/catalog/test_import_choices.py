"""What a person chooses about an import: key, blanks, defaults, stock, and how the file is read."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from backoffice.imports import Choices, Reading, choose_again
from backoffice.imports.preview import page_of
from catalog.models import Product
from tests.catalog.factories import ProductFactory, level_of
from tests.sheets import counts_of, csv_of, faults_of, load, preview, xlsx_of

HEADER = ["sku", "name", "price"]


# --- Key ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "value"), [("barcode", "2912345000015"), ("slug", "oak-mug")])
def test_another_column_says_which_product_is_meant(merchandiser, key, value):
    mug = ProductFactory(sku="MUG", name="Mug", price="1.00", **{key: value})
    content = csv_of([key, "price"], [value, "2.00"])

    run = load(content, by=merchandiser, choices=Choices(key=key))

    assert (faults_of(run), counts_of(run)) == ([], (0, 1, 0, 0))
    mug.refresh_from_db()
    assert (mug.sku, mug.price) == ("MUG", 2)
    again = load(content, by=merchandiser, choices=Choices(key=key))
    assert counts_of(again) == (0, 0, 1, 0)


@pytest.mark.parametrize(("key", "value"), [("barcode", "2912345000015"), ("slug", "oak-mug")])
def test_a_new_product_under_another_key_still_needs_its_sku(merchandiser, key, value):
    header = [key, "sku", "name", "price"]
    other = {"barcode": "2912345000022", "slug": "other"}[key]
    content = csv_of(header, [value, "A", "A", "1.00"], [other, "", "B", "1.00"])

    run = load(content, by=merchandiser, policy="good_rows", choices=Choices(key=key))

    assert counts_of(run) == (1, 0, 0, 1)
    assert getattr(Product.objects.get(), key) == value


def test_under_another_key_the_sku_can_be_changed_but_not_to_one_that_is_taken(merchandiser):
    ProductFactory(sku="A", slug="a")
    ProductFactory(sku="B", slug="b")
    content = csv_of(["slug", "sku"], ["a", "NEW"], ["b", "A"])

    run = load(content, by=merchandiser, policy="good_rows", choices=Choices(key="slug"))

    assert [line for line, _column, _code in faults_of(run)] == [3]
    assert set(Product.objects.values_list("sku", flat=True)) == {"NEW", "B"}


# --- Blanks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "after"), [("keep", "words"), ("clear", ""), ("refuse", "words")]
)
def test_a_blank_cell_keeps_clears_or_is_refused(merchandiser, policy, after):
    ProductFactory(sku="A", name="A", description="words", weight_grams=5)
    content = csv_of(["sku", "description", "weight_grams"], ["A", "", "5"])

    run = load(
        content,
        by=merchandiser,
        policy="good_rows",
        choices=Choices(blanks={"description": policy}),
    )

    assert Product.objects.get().description == after
    assert [code for _line, _column, code in faults_of(run)] == ["blank"] * (policy == "refuse")


@pytest.mark.parametrize("column", ["name", "price", "sku", "slug", "status", "currency"])
def test_what_every_product_needs_is_never_cleared(merchandiser, column):
    ProductFactory(sku="A", name="A", price="5.00", slug="a")
    content = csv_of(
        ["sku", "name", "price", "slug", "status", "currency"], ["A", "", "", "", "", ""]
    )

    load(content, by=merchandiser, policy="good_rows", choices=Choices(blanks={column: "clear"}))

    product = Product.objects.get()
    assert (product.sku, product.name, product.price, product.slug) == ("A", "A", 5, "a")
    assert product.status
    assert product.currency


def test_tags_category_parent_options_and_stock_can_be_cleared(merchandiser):
    columns = ["tags", "category", "parent_sku", "options", "compare_at_price"]
    ProductFactory(sku="P", name="P")
    full = csv_of([*HEADER, *columns], ["A", "A", "1.00", "t", "K", "P", "Size=M", "2.00"])
    load(full, by=merchandiser)

    run = load(
        csv_of(["sku", *columns], ["A", *[""] * 5]),
        by=merchandiser,
        choices=Choices(blanks=dict.fromkeys(columns, "clear")),
    )

    assert counts_of(run) == (0, 1, 0, 0)
    a = Product.objects.get(sku="A")
    assert (a.category, a.parent, a.options, a.compare_at_price) == (None, None, {}, None)
    assert not a.tags.exists()


# --- Defaults -----------------------------------------------------------------------------------


def test_defaults_fill_new_rows_and_leave_old_ones_alone(merchandiser):
    ProductFactory(sku="OLD", name="Old", price="9.00")
    defaults = {
        "price": "1.00",
        "tags": "new,fresh",
        "category": "K > L",
        "stock": "4",
        "status": "published",
    }
    content = csv_of(
        ["sku", "name", "price"], ["A", "A", ""], ["B", "B", "2.00"], ["OLD", "Old", ""]
    )

    run = load(content, by=merchandiser, choices=Choices(defaults=defaults))

    assert counts_of(run) == (2, 0, 1, 0)
    a, b = Product.objects.get(sku="A"), Product.objects.get(sku="B")
    assert (a.price, b.price, a.status, a.category.name) == (1, 2, "published", "L")
    assert {tag.name for tag in b.tags.all()} == {"new", "fresh"}
    assert level_of(a)[0] == level_of(b)[0] == 4
    assert not Product.objects.get(sku="OLD").tags.exists()


def test_a_blank_cell_that_empties_its_field_leaves_no_room_for_a_default(merchandiser):
    """Otherwise the same file would take away the second time what it gave the first time."""
    content = csv_of(["sku", "name", "tags"], ["A", "A", ""], ["B", "B", "old"])
    choices = Choices(blanks={"tags": "clear"}, defaults={"tags": "new", "price": "1.00"})

    waiting = preview(content, by=merchandiser, choices=choices)
    shown = {row.key: row.changes.get("tags") for row in page_of(waiting, "new").rows}
    load(content, by=merchandiser, choices=choices)
    again = load(content, by=merchandiser, choices=choices)

    assert shown == {"A": None, "B": ("", "old")}
    assert not Product.objects.get(sku="A").tags.exists()
    assert Product.objects.get(sku="A").price == 1
    assert counts_of(again) == (0, 0, 2, 0)


# --- Reading ------------------------------------------------------------------------------------


def test_what_was_detected_can_be_overruled_in_the_same_run(merchandiser):
    content = "Liste\nsku|name|price\nA|Öl|1,234\n".encode("cp1252")
    run = preview(content, by=merchandiser)

    for decimal, price in ((".", 1234), (",", None)):
        reading = Reading(encoding="cp1252", delimiter="|", header_row=2, decimal=decimal)
        run = choose_again(uuid=run.uuid, by=merchandiser, choices=Choices(reading=reading))
        if price is None:
            assert counts_of(run) in {(0, 0, 0, 1), (1, 0, 0, 0)}
        else:
            assert run.row_count == 1


@pytest.fixture
def command(capsys, tmp_path):
    def run(content, *options, name="sheet.csv"):
        path = tmp_path / name
        path.write_bytes(content)
        capsys.readouterr()
        try:
            call_command("import_sheet", "products", str(path), "--format", "json", *options)
            code = 0
        except SystemExit as left:
            code = left.code
        return code, json.loads(capsys.readouterr().out)

    return run


TEXT = "Preisliste\nsku|name|price\nA|Ölkanne|1,50\n".encode("cp1252")


def test_the_command_line_says_how_a_file_is_read(db, command):
    options = ["--encoding=cp1252", "--delimiter=|", "--header-row=2", "--decimal=,"]

    code, report = command(TEXT, *options)

    assert (code, report["new"], report["errors"]) == (0, 1, [])
    assert Product.objects.get().name == "Ölkanne"
    assert Product.objects.get().price * 2 == 3


def test_the_command_line_chooses_sheet_key_blanks_defaults_and_stock(db, command):
    product = ProductFactory(sku="A", slug="a", description="words", stock=3)
    book = xlsx_of(["slug", "description", "stock"], ["a", "", "5"])

    code, report = command(
        book, "--sheet=Sheet", "--key=slug", "--blank=description=clear", "--stock=difference",
        "--default=price=1.00", "--mode=update", name="a.xlsx",
    )  # fmt: skip

    assert (code, report["changed"], report["errors"]) == (0, 1, [])
    product.refresh_from_db()
    assert product.description == ""
    assert level_of(product)[0] == 5


@pytest.mark.parametrize(
    "options",
    [
        ["--sheet=nowhere"], ["--key=nonsense"], ["--key=price"], ["--blank=name=explode"], ["--blank=x=keep"],
        ["--default=price"], ["--default=price=cheap"], ["--default=x=1"], ["--encoding=rot13"],
        ["--delimiter=ab"], ["--header-row=99"], ["--recipe=nonsense"], ["--by=nobody@example.com"],
    ],
    ids=lambda options: options[0],
)  # fmt: skip
def test_an_option_that_nobody_could_mean_ends_with_1_and_a_sentence(db, command, options):
    name = "a.xlsx" if "--sheet" in options[0] else "a.csv"
    rows = (HEADER, ["A", "A", "1.00"])
    content = xlsx_of(*rows) if name == "a.xlsx" else csv_of(*rows)

    code, report = command(content, *options, name=name)

    assert code == 1
    assert report["errors"][0]["message"]
    assert not Product.objects.exists()
