"""Refused rows in the file's own form: read again as they were, the faulty cells red."""

from __future__ import annotations

import datetime as dt
import io

import pytest

from backoffice.imports.error_sheet import joined_reason, write_error_sheet
from backoffice.imports.export import UnknownFormat
from tests.backoffice.exports.reading import book, csv_rows

HEADER = ["SKU", "Name", "=Price", ""]
ROWS = [
    (4, ["00123", "=1+1", 12.5, None], "=Price: 12.5 is too much. Ask.", {2}),
    (9, ["", "Mug\nblue", "1,50"], "SKU: is blank.", {0}),
    (12, [True, dt.date(2026, 3, 31), 12345678901234567890, "left", "beyond"], "All wrong.", set()),
]


def written(format_name, rows=ROWS):
    out = io.BytesIO()
    count = write_error_sheet(out, format_name, header=HEADER, rows=iter(rows), title="Refused")
    assert count == len(rows)
    return out.getvalue()


def test_a_csv_has_the_files_columns_then_line_and_reason():
    content = written("csv")

    assert content.startswith(b"\xef\xbb\xbf")
    first, second, third = csv_rows(content)
    assert list(first) == ["SKU", "Name", "'=Price", "", "line", "reason"]
    assert list(first.values()) == [
        "00123", "'=1+1", "12.5", "", "4", "'=Price: 12.5 is too much. Ask.",
    ]  # fmt: skip
    assert (second["Name"], second["line"]) == ("Mug\nblue", "9")
    assert list(third.values())[:4] == ["yes", "2026-03-31", "12345678901234567890", "left"]


def test_a_workbook_has_the_faulty_cells_red_and_the_reason_beside():
    sheet = book(written("xlsx")).active

    assert [cell.value for cell in sheet[1]] == ["SKU", "Name", "=Price", None, "line", "reason"]
    red = {cell.coordinate for row in sheet for cell in row if cell.fill.fgColor.rgb == "FFFFC7CE"}
    assert red == {"C2", "A3"}
    assert (sheet["E2"].value, sheet["F2"].value) == (4, "=Price: 12.5 is too much. Ask.")
    assert sheet["F2"].alignment.wrap_text
    assert sheet.freeze_panes == "A2"


def test_a_workbook_keeps_what_kind_each_cell_was():
    sheet = book(written("xlsx")).active

    assert (sheet["A2"].value, sheet["A2"].data_type, sheet["A2"].number_format) == (
        "00123", "s", "@",
    )  # fmt: skip
    assert (sheet["B2"].value, sheet["B2"].data_type) == ("=1+1", "s")
    assert (sheet["C2"].value, sheet["C2"].data_type) == (12.5, "n")
    assert sheet["A4"].value is True
    # More digits than a spreadsheet has: text, or the last ones were lost.
    assert (sheet["C4"].value, sheet["C4"].data_type) == ("12345678901234567890", "s")
    assert sheet["D4"].value == "left"


def test_no_refused_rows_are_a_head():
    assert csv_rows(written("csv", [])) == []
    assert book(written("xlsx", [])).active.max_row == 1


def test_another_format_is_refused():
    with pytest.raises(UnknownFormat):
        write_error_sheet(io.BytesIO(), "ods", header=[], rows=[], title="x")


def test_a_reason_is_one_line_and_says_nothing_twice():
    assert joined_reason(["Price: is  low.\nAsk.", "Price: is low. Ask.", "", "Name: blank."]) == (
        "Price: is low. Ask. Name: blank."
    )
