"""Sheets that no spreadsheet program runs anything from, and that read back as they were."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter

from backoffice.imports import formats, workbook_parts
from backoffice.imports.formats import Heading, TooLargeForWorkbook, write_csv, write_xlsx
from backoffice.imports.tables import quoted, unquoted
from tests.backoffice.exports.reading import calamine, cells_of

FORMULAS = [
    '=HYPERLINK("http://example.com","x")',
    "==1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
]


def csv_text(*rows):
    out = io.StringIO(newline="")
    write_csv(out, ["name"], [[cell] for cell in rows])
    return out.getvalue()


def workbook(*rows):
    out = io.BytesIO()
    write_xlsx(out, [Heading("name")], [[cell] for cell in rows], "Products")
    return out.getvalue()


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_csv_has_an_apostrophe_before_every_formula(formula):
    cells = [row[0] for row in csv.reader(io.StringIO(csv_text(formula), newline=""))]

    assert cells == ["name", f"'{formula}"]


def test_a_csv_guards_its_header_too():
    out = io.StringIO(newline="")
    write_csv(out, ["=cmd()"], [])

    assert out.getvalue() == "'=cmd()\r\n"


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_workbook_says_that_a_formula_is_text(formula):
    sheet = openpyxl.load_workbook(io.BytesIO(workbook(formula))).active

    assert sheet["A2"].data_type == "s"


def test_a_workbook_types_numbers_as_numbers_and_codes_as_text():
    out = io.BytesIO()
    headings = [Heading("sku"), Heading("price", "money"), Heading("stock", "whole")]
    write_xlsx(out, headings, [["00123", "16.00", "7"], ["A", "", ""]], "Products")

    sheet = openpyxl.load_workbook(io.BytesIO(out.getvalue())).active
    assert [cell.value for cell in sheet[2]] == ["00123", 16.0, 7]
    assert [cell.value for cell in sheet[3]] == ["A", None, None]
    assert sheet["A2"].number_format == "@"
    assert sheet["B2"].number_format == "0.00"


@given(st.text(max_size=20))
def test_unquoted_undoes_quoted_whatever_the_text(text):
    assert unquoted(quoted(text)) == text


ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
# What a CSV is refused for, or what no reader of text keeps.
LINE_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], include_characters="\n\t"), max_size=12
)


def table(text):
    return st.lists(st.lists(text, min_size=3, max_size=3), min_size=1, max_size=6).filter(
        lambda rows: all(any(cell.strip() for cell in row) for row in rows)
    )


def blank(cell):
    return "" if cell is None else cell


@given(table(LINE_TEXT))
def test_a_csv_reads_back_as_it_was_written(rows):
    out = io.StringIO(newline="")
    write_csv(out, ["sku", "name", "slug"], rows)

    cells = list(csv.reader(io.StringIO(out.getvalue(), newline="")))[1:]

    assert [[unquoted(cell) for cell in row] for row in cells] == rows
    assert [[blank(cell) for cell in row] for row in cells_of(out.getvalue().encode())] == rows


@given(table(ANY_TEXT))
def test_a_workbook_reads_back_as_it_was_written(rows):
    out = io.BytesIO()
    write_xlsx(out, [Heading("sku"), Heading("name"), Heading("slug")], rows, "Products")

    read = [[blank(cell) for cell in row] for row in cells_of(out.getvalue())]
    # A cell with nothing but blanks at the end of a row is no cell.
    assert [[said.strip() and said for said in row] for row in read] == [
        [said.strip() and said for said in row] for row in rows
    ]


def test_a_workbook_keeps_text_that_looks_like_its_own_escape():
    assert cells_of(workbook("_x000D_")) == [["_x000D_"]]


@pytest.mark.parametrize("text", ["a & b", "<b>bold</b>", "]]>", "&lt;", '"', "a\nb", "\U0001f600"])
def test_a_workbook_holds_what_means_something_in_xml(text):
    assert calamine(workbook("plain", text)) == [["name"], ["plain"], [text]]


def test_rows_keep_their_numbers_over_many_chunks():
    rows = [
        [f"A{number}", "x" if number % 3 else ""] for number in range(2 * formats.CHUNK_ROWS + 7)
    ]
    out = io.BytesIO()

    count = write_xlsx(out, [Heading("sku"), Heading("name")], rows, "Products")

    sheet = openpyxl.load_workbook(io.BytesIO(out.getvalue()), read_only=True).active
    assert count == len(rows)
    assert [[blank(cell) for cell in row] for row in sheet.iter_rows(2, None, 1, 2, True)] == rows


def test_a_csv_of_one_column_keeps_its_blank_rows():
    out = io.StringIO(newline="")
    count = write_csv(out, ["name"], [["a"], [""], ["b"]])

    assert count == 3
    assert list(csv.reader(io.StringIO(out.getvalue(), newline=""))) == [
        ["name"],
        ["a"],
        [""],
        ["b"],
    ]


def test_an_empty_sheet_is_its_head():
    assert csv_text() == "name\r\n"
    assert calamine(workbook()) == [["name"]]


def test_more_rows_than_a_workbook_has_are_refused(monkeypatch):
    monkeypatch.setattr(workbook_parts, "LAST_ROW", 3)

    with pytest.raises(TooLargeForWorkbook, match="CSV"):
        workbook("a", "b", "c")


def test_a_disk_that_is_full_is_told_to_the_writer():
    class Full(io.BytesIO):
        def write(self, data):
            if self.tell() > 20_000:
                raise OSError(28, "No space left on device")
            return super().write(data)

    # Text that does not shrink, or nothing would be written before the end.
    rows = ([format(hash((number, "x")) % 2**64, "x")] for number in range(50_000))
    with pytest.raises(OSError, match="No space left"):
        write_xlsx(Full(), [Heading("name")], rows, "Products")


@pytest.mark.parametrize("title", ["a/b:c*d?[e]", "x" * 40, "'quoted'", "", '"&<'])
def test_any_title_names_a_sheet(title):
    out = io.BytesIO()
    write_xlsx(out, [Heading("name")], [["a"]], title)

    [name] = openpyxl.load_workbook(io.BytesIO(out.getvalue())).sheetnames
    assert 0 < len(name) <= 31


def test_columns_are_called_as_spreadsheets_call_them():
    letters = [workbook_parts.letter(place) for place in range(1, 16_385)]

    assert letters == [get_column_letter(place) for place in range(1, 16_385)]
