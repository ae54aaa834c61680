"""The pages of an import: cells corrected in place, rows left out, the corrected sheet."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from backoffice.models import ImportRun
from catalog.models import Product
from tests.backoffice.imports.pages import confirm, keys_in, page_of, press, send
from tests.sheets import csv_of

HEADER = ["sku", "name", "price"]
ROWS = (["A", "A", "1.00"], ["B", "B", "12 EURO"], ["C", "C", "gratis"])


@pytest.fixture
def desk(sign_in, merchandiser):
    return sign_in(merchandiser)


@pytest.fixture
def run(desk) -> ImportRun:
    """Return a run with one good row and two whose price cannot be read."""
    send(desk, csv_of(HEADER, *ROWS))
    return ImportRun.objects.get()


def fixed(**texts):
    """Return the form's answers: cells of these rows, typed anew."""
    answers = {}
    for place, text in texts.items():
        number = place.removeprefix("row")
        answers |= {f"cell-{number}-price": text, f"was-{number}-price": "12 EURO"}
    return answers


def test_a_red_cell_can_be_corrected_where_it_stands(desk, run):
    page = desk.get(page_of("run", run))

    assert 'name="cell-2-price" value="12 EURO" form="bi-confirm"' in page.text
    assert "Check again and apply" in page.text


def test_check_again_takes_all_corrections_and_applies_nothing(desk, run):
    page = press(desk, "fix", run, **fixed(row2="12.00", row3="3.00"))

    run.refresh_from_db()
    assert (run.new, run.refused) == (3, 0)
    assert "2 rows corrected." in page.text
    assert not Product.objects.exists()


def test_check_again_and_apply_is_one_press(desk, run):
    page = press(desk, "fix", run, apply="1", reason="By phone", **fixed(row2="12.00", row3="3.00"))

    assert "Receipt" in page.text
    assert {p.sku: str(p.price) for p in Product.objects.all()} == {
        "A": "1.00",
        "B": "12.00",
        "C": "3.00",
    }


def test_a_correction_that_is_wrong_too_applies_nothing(desk, run):
    page = press(desk, "fix", run, apply="1", **fixed(row2="12.00", row3="three"))

    run.refresh_from_db()
    assert (run.new, run.refused) == (2, 1)
    assert "1 corrected row is still refused; nothing was applied." in page.text
    assert 'value="three"' in page.text
    assert not Product.objects.exists()


def test_a_cell_that_was_not_touched_is_no_correction(desk, run):
    page = press(desk, "fix", run, **fixed(row2="12 EURO"))

    run.refresh_from_db()
    assert run.refused == 2
    assert "No cell was changed yet." in page.text


def test_apply_never_overlooks_what_was_typed_into_a_red_cell(desk, run):
    confirm(desk, run, policy="good_rows", **fixed(row2="12.00"))

    run.refresh_from_db()
    assert run.state == "applied"
    assert sorted(Product.objects.values_list("sku", flat=True)) == ["A", "B"]


@pytest.mark.parametrize(
    "answers",
    [
        {"cell-99-price": "1.00"},
        {"cell-2-colour": "red"},
        {"cell-2-": "x"},
        {"cell-x-price": "x"},
        {f"cell-{'9' * 40}-price": "1"},
    ],
)
def test_a_cell_that_is_none_is_answered_with_the_page(desk, run, answers):
    page = press(desk, "fix", run, **answers)

    assert page.status_code in {200, 409}
    assert "Preview" in page.text
    run.refresh_from_db()
    assert run.refused == 2


def test_an_unticked_row_is_left_out_and_can_be_taken_in_again(desk, run):
    here = "tab=refused"

    page = press(desk, "leave_out", run, here=here, shown=["2", "3"], keep=["3"])

    run.refresh_from_db()
    assert (run.left_out, run.refused) == (1, 1)
    assert "1 row left out." in page.text
    assert page.redirect_chain[-1][0] == f"{page_of('run', run)}?tab=refused&out=2"
    press(desk, "leave_out", run, here=here, back=["2"])
    run.refresh_from_db()
    assert (run.left_out, run.refused) == (0, 2)


def test_among_rows_left_out_a_tick_takes_a_row_in(desk, run):
    press(desk, "leave_out", run, here="tab=refused", shown=["2", "3"])

    page = press(desk, "leave_out", run, here="tab=left_out", shown=["2", "3"], keep=["3"])

    run.refresh_from_db()
    assert (run.left_out, run.refused) == (1, 1)
    assert keys_in(page) == ["B"]


def test_a_row_left_out_is_not_applied(desk, run):
    press(desk, "leave_out", run, here="tab=refused", shown=["2", "3"])

    page = confirm(desk, run)

    assert "1 created" in page.text
    assert "2 left out" in page.text
    assert list(Product.objects.values_list("sku", flat=True)) == ["A"]


def test_a_person_comes_back_to_where_they_were(desk, run):
    page = press(desk, "fix", run, here="tab=refused&q=C&evil=1", **fixed(row2="12.00"))

    assert page.redirect_chain[-1][0] == f"{page_of('run', run)}?tab=refused&q=C"


def test_what_was_seen_is_what_is_applied(desk, run):
    seen = {"plan_number": run.plan_number}
    press(desk, "leave_out", run, here="tab=refused", shown=["2", "3"])

    page = confirm(desk, run, **seen)

    assert page.status_code == 409
    assert "The plan has changed since this page was loaded." in page.text
    assert not Product.objects.exists()


def refused_sheet(desk, run):
    page = desk.get(page_of("refused", run, "csv"))
    content = b"".join(page.streaming_content).decode()
    return page, list(csv.reader(io.StringIO(content.removeprefix("\ufeff"), newline="")))


def as_csv(rows):
    return csv_of(*rows)


def test_refused_rows_come_back_as_a_sheet_with_reasons(desk, run):
    page, rows = refused_sheet(desk, run)

    assert 'filename="sheet-refused.csv"' in page["Content-Disposition"]
    assert [row[:4] for row in rows[1:]] == [["B", "B", "12 EURO", "3"], ["C", "C", "gratis", "4"]]
    assert "price" in rows[1][4]


def test_the_corrected_sheet_comes_into_the_same_run(desk, run):
    _page, rows = refused_sheet(desk, run)
    rows[1][2], rows[2][2] = "12.00", "3.00"

    page = send_corrections(desk, run, as_csv(rows))

    run.refresh_from_db()
    assert (run.new, run.refused) == (3, 0)
    assert "Apply 3 rows" in page.text


def test_corrections_come_into_a_run_that_was_applied_already(desk, run):
    _page, rows = refused_sheet(desk, run)
    confirm(desk, run, policy="good_rows")
    rows[1][2], rows[2][2] = "12.00", "3.00"

    page = send_corrections(desk, run, as_csv(rows))

    assert "1 row of this import was applied already" in page.text
    assert "Apply 2 rows" in page.text
    confirm(desk, run)
    assert sorted(Product.objects.values_list("sku", flat=True)) == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"sku,name,price\nB,B,1.00\n", "does not say which lines"),
        (b"sku,name,price,line\nB,B,1.00,99\n", "not among the refused ones: 99"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "not a sheet"),
    ],
)
def test_a_sheet_that_corrects_nothing_of_this_run_is_refused(desk, run, content, words):
    page = send_corrections(desk, run, content)

    assert page.status_code == 422
    assert words in page.text
    run.refresh_from_db()
    assert run.refused == 2


def test_no_corrected_sheet_is_answered_with_a_sentence(desk, run):
    page = press(desk, "corrections", run)

    assert page.status_code == 422
    assert "Choose the corrected sheet first." in page.text


def send_corrections(desk, run, content):

    file = SimpleUploadedFile("corrected.csv", content)
    return desk.post(page_of("corrections", run), {"file": file}, follow=True)
