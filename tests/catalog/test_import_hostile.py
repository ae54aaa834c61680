"""Sheets and choices that somebody made to do harm: read as text, refused with a sentence."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.files.storage import storages

from backoffice.imports import (
    Choices,
    Reading,
    apply_run,
    confirm_run,
    fix_cells,
    refusals,
    undo_run,
)
from backoffice.imports.preview import page_of
from backoffice.refused import Refused
from catalog.models import Category, Product, StockMovement, Tag
from tests.catalog.factories import ProductFactory
from tests.sheets import counts_of, csv_of, faults_of, load, preview

HEADER = ["sku", "name", "price"]
MEAN = [
    "'; DROP TABLE catalog_product; --",
    '"; DELETE FROM catalog_product; --',
    "100 % %s %(x)s %d %%",
    "{} {0} {sku} {name!r} {{",
    r"\N \t \\ \' \x00 \u0000 $1 $$ :name ?",
    "=1+1",
    "@SUM(A1)",
    "<script>alert(1)</script>",
    "a ¦ b ¦",
    "a' || pg_sleep(9) || '",
    '["a", null]',
    "E'\\''",
]


def stored_files():
    try:
        return set(storages["private"].listdir("imports")[1])
    except FileNotFoundError:
        return set()


def nothing_done(before, refused=None):
    assert refused is None or str(refused)
    assert not Product.objects.exists()
    assert not Product.history.exists()
    assert not StockMovement.objects.exists()
    assert stored_files() == before


@pytest.mark.row("G19")
@pytest.mark.parametrize("text", MEAN)
def test_mean_text_in_every_text_column_is_kept_as_it_is(merchandiser, text):
    header = [
        *HEADER,
        "description",
        "meta_title",
        "meta_description",
        "category",
        "tags",
        "options",
    ]
    flat = text.replace(">", "›").replace(",", ";").replace("=", "≈")
    options = flat.replace(";", "·").replace("\\", "/")
    row = [text, text, "1.00", text, text, text, flat, flat, f"{options}={options}"]
    content = csv_of(header, row)

    run = load(content, by=merchandiser)

    assert (faults_of(run), counts_of(run)) == ([], (1, 0, 0, 0))
    made = Product.objects.get()
    assert (made.sku, made.name, made.description) == (text, text, text)
    assert (made.meta_title, made.meta_description) == (text, text)
    assert Category.objects.get().name == flat
    assert Tag.objects.get().name == flat
    assert made.options == {options: options}
    again = load(content, by=merchandiser)
    assert (faults_of(again), counts_of(again)) == ([], (0, 0, 1, 0))


@pytest.mark.parametrize("text", MEAN)
def test_mean_text_that_changes_and_is_taken_back(merchandiser, text):
    product = ProductFactory(sku=text, name="Cup", price="1.00", description=f"was {text}")
    content = csv_of([*HEADER, "description"], [text, f"now {text}", "2.00", text])

    done = load(content, by=merchandiser)
    assert (faults_of(done), counts_of(done)) == ([], (0, 1, 0, 0))
    undo = undo_run(uuid=done.uuid, by=merchandiser)
    undone = confirm_run(uuid=undo.uuid, by=merchandiser, reason="")

    assert undone.state == "applied"
    product.refresh_from_db()
    assert (product.name, product.description) == ("Cup", f"was {text}")


@pytest.mark.parametrize("text", MEAN)
def test_a_mean_parent_status_slug_or_number_is_refused_with_a_sentence(merchandiser, text):
    columns = ["parent_sku", "status", "slug", "barcode", "stock", "is_featured", "currency"]
    rows = [[f"A{place}", "A", text, *[text] * len(columns)] for place in range(2)]

    run = preview(csv_of([*HEADER, *columns], *rows), by=merchandiser)

    assert counts_of(run) == (0, 0, 0, 2)
    for tab in ("refused", "new", "changed", "unchanged", "warned", "left_out"):
        assert len(page_of(run, tab, search=text).rows) <= run.row_count


@pytest.mark.row("G19")
@pytest.mark.parametrize("text", MEAN)
def test_a_mean_column_name_is_named_or_left_aside(merchandiser, text):
    content = csv_of([*HEADER, text], ["A", "A", "1.00", text])
    before = stored_files()

    with pytest.raises(refusals.UnknownColumns):
        preview(content, by=merchandiser)
    assert stored_files() == before
    run = load(content, by=merchandiser, choices=Choices(ignore_unknown=True))

    assert counts_of(run) == (1, 0, 0, 0)


@pytest.mark.parametrize("text", MEAN)
def test_a_mean_column_can_be_assigned_by_hand(merchandiser, text):
    content = csv_of([text, "what it is", "%s", "{}"], ["A", text, "x", "1.00"])
    mapping = {text: "sku", "what it is": "name", "%s": "price", "{}": ""}
    choices = Choices(mapping=mapping, reading=Reading(delimiter=","))

    run = preview(content, by=merchandiser, choices=choices)

    assert faults_of(run) == [(2, "%s", "not_a_number")]
    done = fix_cells(uuid=run.uuid, cells={1: {"price": "2.00"}}, by=merchandiser)
    assert counts_of(done) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "C:\\x\\..\\a.csv",
        "'; DROP TABLE x.csv",
        "%s%(x)s{}.csv",
        "a" * 999,
        "\x00",
        "\u202evsc.exe",
        "",
    ],
)
def test_a_mean_file_name_is_only_a_name(merchandiser, name):
    run = load(csv_of(HEADER, ["A", "A", "1.00"]), by=merchandiser, name=name)

    assert run.state == "applied"
    assert len(run.file_name) <= 200
    assert not set("/\\\x00\u202e") & set(run.file_name)
    assert name not in run.stored_as or not name


# --- Choices ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "choices",
    [
        Choices(key="nonsense"),
        Choices(key="price"),
        Choices(key="name"),
        Choices(key="'; DROP TABLE x"),
        Choices(defaults={"price": "cheap"}),
        Choices(defaults={"stock": "99999999999999999999"}),
        Choices(defaults={"status": "sold"}),
        Choices(defaults={"currency": "Euro"}),
        Choices(defaults={"description": "a\x00b"}),
        Choices(defaults={"nonsense": "x"}),
        Choices(defaults={"is_featured": "perhaps"}),
        Choices(blanks={"name": "explode"}),
        Choices(blanks={"nonsense": "keep"}),
        Choices(mapping={"sku": "sku", "name": "nonsense"}),
        Choices(mapping={"sku": "sku", "name": "sku"}),
        Choices(mapping={"nowhere": "sku"}),
        Choices(mapping={}),
        Choices(stock_means="stolen"),
        Choices(reading=Reading(encoding="rot13")),
        Choices(reading=Reading(encoding="\x00")),
        Choices(reading=Reading(delimiter="\x00")),
        Choices(reading=Reading(delimiter="ab")),
        Choices(reading=Reading(delimiter='"')),
        Choices(reading=Reading(delimiter="\n")),
        Choices(reading=Reading(decimal="x")),
        Choices(reading=Reading(header_row=99)),
        Choices(reading=Reading(header_row=-5)),
        Choices(reading=Reading(header_row=2**40)),
        Choices(reading=Reading(header_rows=99)),
        Choices(reading=Reading(header_rows=-1)),
        Choices(reading=Reading(sheet="nowhere")),
    ],
    ids=str,
)
def test_choices_that_nobody_could_mean_are_refused_or_say_so(merchandiser, choices):
    content = csv_of([*HEADER, "stock"], ["A", "A", "1.00", "1"], ["B", "B", "", ""])
    before = stored_files()

    try:
        run = preview(content, by=merchandiser, choices=choices, policy="good_rows")
    except Refused as refused:
        nothing_done(before, refused)
        return
    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert run.state in {"applied", "validated"}
    assert Product.objects.count() == (run.new if run.state == "applied" else 0)


@pytest.mark.parametrize("text", ["it's", '"quoted"', "100 %s", r"\N", "{}", "a\nb"])
def test_a_default_is_taken_as_it_is(merchandiser, text):
    content = csv_of(HEADER, ["A", "A", "1.00"])
    defaults = {"description": text, "meta_title": text.replace("\n", " ")}

    run = load(content, by=merchandiser, choices=Choices(defaults=defaults))

    assert counts_of(run) == (1, 0, 0, 0)
    made = Product.objects.get()
    assert (made.description, made.meta_title) == (text, text.replace("\n", " "))


# --- Numbers, capitals, keys --------------------------------------------------------------------


@pytest.mark.parametrize("price", ["12.5", "12.50", "012.50", "12,50"])
def test_one_amount_written_in_several_ways_is_no_change(merchandiser, price):
    ProductFactory(sku="A", price="12.50", name="A")

    run = preview(csv_of(HEADER, ["A", "A", price], delimiter=";"), by=merchandiser)

    assert counts_of(run) in {(0, 0, 1, 0), (0, 0, 0, 1)}
    assert counts_of(run) == (0, 0, 1, 0) or price.startswith("0")


@pytest.mark.parametrize(
    "number",
    ["1e15", "1E400", "NaN", "Infinity", "-0.01", "9" * 400, "10000000000.00", "٣", "1_000"],
)
def test_a_number_beyond_all_measure_is_refused(merchandiser, number):
    ProductFactory(sku="A", price="1.00")
    content = csv_of(["sku", "price", "stock", "weight_grams"], ["A", number, number, number])

    run = preview(content, by=merchandiser)

    assert counts_of(run) == (0, 0, 0, 1)
    assert {column for _line, column, _code in faults_of(run)} >= {"price", "stock"}


def test_the_largest_numbers_that_fit_are_written_and_read_again(merchandiser):
    header = [*HEADER, "stock", "weight_grams", "cost"]
    content = csv_of(header, ["A", "A", "0.01", "2147483647", "2147483647", "9999999999.99"])

    assert counts_of(load(content, by=merchandiser)) == (1, 0, 0, 0)
    assert counts_of(load(content, by=merchandiser)) == (0, 0, 1, 0)
    assert Product.objects.get().cost == Decimal("9999999999.99")


def test_more_pieces_than_a_shelf_can_count_are_refused_row_by_row(merchandiser):
    from tests.catalog.factories import put_on_shelf

    full = ProductFactory(sku="A", price="0.01", stock=0)
    content = csv_of(["sku", "stock"], ["A", "2147483647"])
    run = preview(
        content, by=merchandiser, choices=Choices(stock_means="difference"), policy="good_rows"
    )
    put_on_shelf(full, 5)

    try:
        run = apply_run(uuid=run.uuid, by=merchandiser, reason="")
    except Refused:
        pass
    else:
        assert counts_of(run) == (0, 0, 0, 1)
    assert full.levels.get().on_hand == 5


def test_capitals_and_spellings_make_different_keys(merchandiser):
    skus = ["Äpfel", "äpfel", "ÄPFEL", "straße", "STRASSE", "İ", "i", "I", "ı", "ſ", "s", "S"]
    content = csv_of(HEADER, *([sku, f"N {place}", "1.00"] for place, sku in enumerate(skus)))

    run = load(content, by=merchandiser)

    assert counts_of(run) == (len(skus), 0, 0, 0)
    assert set(Product.objects.values_list("sku", flat=True)) == set(skus)
    assert counts_of(load(content, by=merchandiser)) == (0, 0, len(skus), 0)


@pytest.mark.parametrize("length", [64, 65, 100, 101, 5_000])
def test_long_keys_are_kept_whole_or_refused_one_by_one(merchandiser, length):
    keys = ["x" * (length - 1) + end for end in "ab"]
    content = csv_of(HEADER, *([key, "N", "1.00"] for key in keys))

    run = load(content, by=merchandiser, policy="good_rows")

    fits = length <= Product._meta.get_field("sku").max_length
    assert counts_of(run) == ((2, 0, 0, 0) if fits else (0, 0, 0, 2))
    assert Product.objects.count() == (2 if fits else 0)


@pytest.mark.parametrize(
    "key", ["a\tb", "a\nb", "a\x00b", "\\N", "\\.", "\\", "a\\tb", "\x1f", "\ufeffA"]
)
def test_keys_that_are_no_plain_text_never_break_the_staging(merchandiser, key):
    content = csv_of(HEADER, [key, "N", "1.00"], ["GOOD", "N 2", "1.00"])

    run = load(content, by=merchandiser, policy="good_rows")

    assert run.state == "applied"
    assert Product.objects.filter(sku="GOOD").exists()
    assert run.row_count == 2


def test_a_row_with_the_key_of_a_refused_one_is_refused_too(merchandiser):
    content = csv_of(HEADER, ["A", "One", "cheap"], ["A", "Two", "1.00"], ["B", "B", "1.00"])

    run = load(content, by=merchandiser, policy="good_rows")

    assert {line for line, _column, _code in faults_of(run)} == {2, 3}
    assert [product.sku for product in Product.objects.all()] == ["B"]
