"""Sheets that no spreadsheet program runs anything from, and that read back as they were."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.imports.formats import Heading, write_csv, write_xlsx
from backoffice.imports.read import read
from backoffice.imports.tables import quoted, unquoted

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


@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc"], include_characters="\r\n\t"),
        min_size=1,
        max_size=30,
    )
)
def test_a_csv_reads_back_as_it_was_written(text):
    if not text.strip():
        return

    [row] = read(csv_text(text).encode(), known={"name"}).rows

    assert row.cells == [text]


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30))
def test_a_workbook_reads_back_as_it_was_written(text):
    if not text.strip():
        return

    [row] = read(workbook(text)).rows

    assert row.cells == [text]


def test_a_workbook_keeps_text_that_looks_like_its_own_escape():
    assert read(workbook("_x000D_")).rows[0].cells == ["_x000D_"]
