"""The sheet of refused rows, corrected and sent again into the same run."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest
from django.core.files.storage import storages

from backoffice.imports import Choices, Reading, apply_run, confirm_run, send_corrections, undo_run
from backoffice.imports.corrections import NoLines, OtherLines
from backoffice.imports.refusals import FileRefused, RunRefused
from backoffice.imports.refused_out import refused_rows
from backoffice.refused import Refused
from catalog.models import Product
from tests.backoffice.imports.fuzz.originals import SHOPIFY
from tests.catalog.factories import ProductFactory
from tests.sheets import counts_of, csv_of, faults_of, preview, xlsx_of

HEADER = ["sku", "name", "price", "stock"]
ROWS = [
    ["A", "A", "1.00", ""],
    ["B", "B", "cheap", "2"],
    ["C", "", "3.00", "x"],
    ["D", "D", "4.00", ""],
]


def stored_files():
    return set(storages["private"].listdir("imports")[1])


@pytest.fixture
def run(merchandiser):
    return preview(csv_of(HEADER, *ROWS), by=merchandiser, policy="good_rows")


def error_sheet(run, form="csv"):
    """Return the table of the refused rows as a person would open it."""
    with refused_rows(run, form) as out:
        content = out.read()
    if form == "csv":
        # It is parted as the file was.
        mark = run.choices["reading"]["delimiter"] or ","
        text = io.StringIO(content.decode("utf-8-sig"), newline="")
        return [*csv.reader(text, delimiter=mark)]
    rows = openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
    return [list(row) for row in rows]


def send(run, table, by, form="csv"):
    content = xlsx_of(*table) if form == "xlsx" else csv_of(table[0], *table[1:])
    return send_corrections(
        uuid=run.uuid, file=io.BytesIO(content), file_name=f"errors.{form}", by=by
    )


def corrected(table, **cells):
    """Return the table with cells of lines typed anew: `line_3={"price": "2.00"}`."""
    header, *rows = [list(row) for row in table]
    for name, typed in cells.items():
        row = next(
            row for row in rows if str(row[header.index("line")]) == name.removeprefix("line_")
        )
        for column, text in typed.items():
            row[header.index(column)] = text
    return [header, *rows]


GOOD = {"line_3": {"price": "2.00"}, "line_4": {"name": "C", "stock": "3"}}


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_corrected_sheet_replaces_the_refused_rows_before_anything_is_applied(
    merchandiser, run, form
):
    table = error_sheet(run, form)
    assert [str(row[table[0].index("line")]) for row in table[1:]] == ["3", "4"]
    before = stored_files()

    run = send(run, corrected(table, **GOOD), merchandiser, form)

    assert (faults_of(run), counts_of(run)) == ([], (4, 0, 0, 0))
    assert stored_files() == before
    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")
    assert set(Product.objects.values_list("sku", flat=True)) == set("ABCD")
    assert Product.objects.get(sku="C").levels.get().on_hand == 3


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_corrections_of_an_applied_run_are_confirmed_by_themselves(merchandiser, run, form):
    run = confirm_run(uuid=run.uuid, by=merchandiser, reason="first")
    first = run.change_set
    assert (run.state, run.applied) == ("applied", 2)

    run = send(run, corrected(error_sheet(run, form), **GOOD), merchandiser, form)
    assert (run.state, counts_of(run), run.to_write) == ("validated", (4, 0, 0, 0), 2)
    assert Product.objects.count() == 2
    run = confirm_run(uuid=run.uuid, by=merchandiser, reason="second")

    assert (run.state, run.applied, counts_of(run)) == ("applied", 4, (4, 0, 0, 0))
    assert run.change_set == first
    assert Product.history.count() == 4
    assert set(Product.history.values_list("change_set", flat=True)) == {first.pk}


def test_corrections_can_come_bit_by_bit_and_be_wrong_again(merchandiser, run):
    run = confirm_run(uuid=run.uuid, by=merchandiser, reason="")

    table = corrected(error_sheet(run), line_3={"price": "2.00"}, line_4={"name": "C"})
    run = send(run, table, merchandiser)
    assert counts_of(run) == (3, 0, 0, 1)
    run = confirm_run(uuid=run.uuid, by=merchandiser, reason="")
    assert (run.state, run.applied) == ("applied", 3)
    table = error_sheet(run)
    assert len(table) == 2
    run = send(run, corrected(table, line_4={"stock": "3"}), merchandiser)
    run = confirm_run(uuid=run.uuid, by=merchandiser, reason="")

    assert (run.state, run.applied, counts_of(run)) == ("applied", 4, (4, 0, 0, 0))
    with pytest.raises(OtherLines):
        send(run, table, merchandiser)


def test_a_second_confirmation_writes_nothing_of_the_first_one_again(merchandiser, run):
    run = confirm_run(uuid=run.uuid, by=merchandiser, reason="")
    a = Product.objects.get(sku="A")
    a.name = "Edited since"
    a.save()

    run = send(run, corrected(error_sheet(run), **GOOD), merchandiser)
    run = confirm_run(uuid=run.uuid, by=merchandiser, reason="")

    assert (run.state, faults_of(run)) == ("applied", [])
    a.refresh_from_db()
    assert (a.name, a.history.count()) == ("Edited since", 2)


def test_a_corrected_row_may_mean_another_product_but_not_one_of_the_same_file(merchandiser, run):
    ProductFactory(sku="OLD", name="Old", price="1.00")
    table = error_sheet(run)

    other = send(run, corrected(table, line_3={"sku": "OLD", "price": "9.00"}), merchandiser)
    assert counts_of(other) == (2, 1, 0, 1)
    twin = send(
        run, corrected(table, line_4={"sku": "A", "name": "A", "stock": ""})[:1] + corrected(
            table, line_4={"sku": "A", "name": "A", "stock": ""})[2:], merchandiser
    )  # fmt: skip

    assert twin.refused >= 1
    assert {line for line, _column, _code in faults_of(twin)} >= {2, 4}


@pytest.mark.parametrize("line", ["1", "2", "99", "", "x", "-3", "3.5", "9" * 5_000, "3;4", "%s"])
def test_a_line_that_was_not_refused_is_none_of_it(merchandiser, run, line):
    before = run.plan_number

    with pytest.raises(OtherLines):
        send(run, [[*HEADER, "line", "reason"], ["B", "B", "2.00", "2", line, ""]], merchandiser)

    run.refresh_from_db()
    assert (run.plan_number, counts_of(run)) == (before, (2, 0, 0, 2))


def test_the_same_line_twice_is_refused_with_a_sentence(merchandiser, run):
    row = ["B", "B", "2.00", "2", "3", ""]

    with pytest.raises(Refused):
        send(run, [[*HEADER, "line", "reason"], row, row], merchandiser)

    run.refresh_from_db()
    assert counts_of(run) == (2, 0, 0, 2)


def test_a_file_without_a_line_column_is_refused(merchandiser, run):
    with pytest.raises(NoLines):
        send(run, [HEADER, ["B", "B", "2.00", "2"]], merchandiser)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"sku,line\n", b"PK\x03\x04x"])
def test_a_file_that_is_no_sheet_is_refused_and_not_kept(merchandiser, run, content):
    before = stored_files()

    with pytest.raises(FileRefused):
        send_corrections(
            uuid=run.uuid, file=io.BytesIO(content), file_name="x.csv", by=merchandiser
        )

    assert stored_files() == before


def test_fewer_columns_leave_the_others_unsaid(merchandiser, run):
    table = [["sku", "name", "price", "line"], ["B", "B", "2.00", "3"]]

    run = send(run, table, merchandiser)

    assert counts_of(run) == (3, 0, 0, 1)


def test_a_sheet_assigned_by_hand_is_corrected_in_its_own_words(merchandiser):
    content = "Art.-Nr.;Was;Preis\r\n00123;Ölkanne;billig\r\n7;Gießkanne;1.229,50\r\n".encode(
        "cp1252"
    )
    mapping = {"Art.-Nr.": "sku", "Was": "name", "Preis": "price"}
    run = preview(content, by=merchandiser, policy="good_rows", choices=Choices(mapping=mapping))
    assert counts_of(run) == (1, 0, 0, 1)
    run = confirm_run(uuid=run.uuid, by=merchandiser, reason="")
    table = error_sheet(run)
    assert table[0][:3] == ["Art.-Nr.", "Was", "Preis"]

    run = send(run, corrected(table, line_2={"Preis": "19,90"}), merchandiser)
    run = confirm_run(uuid=run.uuid, by=merchandiser, reason="")

    assert run.state == "applied"
    assert Product.objects.get(sku="00123").price * 100 == 1990


def test_lines_that_fold_into_products_are_corrected_too(merchandiser):
    run = preview(SHOPIFY.replace(b"12.00", b"cheap"), by=merchandiser, policy="good_rows")
    assert run.recipe == "shopify"
    refused = run.refused
    assert refused
    run = confirm_run(uuid=run.uuid, by=merchandiser, reason="")
    table = error_sheet(run)
    header, *rows = table
    price = header.index("Variant Price")
    for row in rows:
        row[price] = "12.00" if row[price] == "cheap" else row[price]

    run = send(run, [header, *rows], merchandiser)
    assert faults_of(run) == []
    run = confirm_run(uuid=run.uuid, by=merchandiser, reason="")

    assert (run.state, run.refused) == ("applied", 0)
    assert str(Product.objects.get(sku="JAR-S").price) == "12.00"
    # The parent was written before with the price of the cheapest variant that was known by then.
    whole = preview(SHOPIFY, by=merchandiser)
    assert counts_of(whole) == (0, 1, whole.row_count - 1, 0)


@pytest.mark.parametrize("state", ["running", "discarded", "asked", "expired", "failed"])
def test_a_run_in_another_state_takes_no_corrections(merchandiser, run, state):
    table = corrected(error_sheet(run), **GOOD)
    type(run).objects.filter(pk=run.pk).update(state=state)

    with pytest.raises(RunRefused):
        send(run, table, merchandiser)


def test_the_undo_takes_back_what_both_confirmations_wrote(merchandiser, run):
    run = confirm_run(uuid=run.uuid, by=merchandiser, reason="")
    run = send(run, corrected(error_sheet(run), **GOOD), merchandiser)
    run = confirm_run(uuid=run.uuid, by=merchandiser, reason="")

    undo = undo_run(uuid=run.uuid, by=merchandiser)
    assert counts_of(undo) == (0, 4, 0, 0)
    confirm_run(uuid=undo.uuid, by=merchandiser, reason="")

    assert set(Product.objects.values_list("status", flat=True)) == {"archived"}


def test_numbers_of_a_workbook_come_back_as_they_were(merchandiser):
    content = xlsx_of(HEADER, ["00123", "A", 12.5, "many"], ["B", "B", 1.5, 2.5])
    run = preview(content, by=merchandiser, name="a.xlsx", choices=Choices(reading=Reading()))
    assert run.refused == 2
    table = error_sheet(run, "xlsx")
    assert table[1][:3] == ["00123", "A", 12.5]

    run = send(
        run, corrected(table, line_2={"stock": 3}, line_3={"stock": 2}), merchandiser, "xlsx"
    )

    assert (faults_of(run), counts_of(run)) == ([], (2, 0, 0, 0))
