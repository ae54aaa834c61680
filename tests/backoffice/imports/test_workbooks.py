"""What stands in the cells of a workbook, and which of its sheets is read."""

from __future__ import annotations

import datetime as dt
import io
from itertools import chain

import openpyxl
import pytest

from backoffice.imports import refusals
from backoffice.imports.read import open_table
from backoffice.imports.tables import Reading
from tests.backoffice.imports.workbooks import ods, text, xlsx
from tests.sheets import xlsx_of

HEADER = f"<row r='1'>{text('A1', 'sku')}{text('B1', 'price')}</row>"


def table_of(content, **said):
    return open_table(io.BytesIO(content), reading=Reading(**said))


def rows_of(content, **said):
    return list(chain.from_iterable(c.rows for c in table_of(content, **said).chunks()))


def lines_of(content):
    return list(chain.from_iterable(c.lines for c in table_of(content).chunks()))


def saved(book):
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_cells_keep_their_types():
    found = rows_of(
        xlsx_of(["sku", "price", "stock", "on"], ["00123", 12.5, 7, True], [123, None, 1.9, False])
    )

    assert found == [["00123", 12.5, 7, True], [123, "", 1.9, False]]
    assert [type(cell) for cell in found[0]] == [str, float, int, bool]


def test_long_codes_survive_as_text_and_long_numbers_stay_numbers():
    found = rows_of(xlsx_of(["sku", "ean"], ["1234567890123456789", 1234567890123456789]))

    assert found[0][0] == "1234567890123456789"
    assert isinstance(found[0][1], float)


def test_dates_and_times_stay_such():
    moments = [dt.datetime(2024, 1, 2, 3, 4, 5), dt.date(2024, 1, 2), dt.time(3, 4)]

    found = rows_of(xlsx_of(["a", "b", "c", "d"], [*moments, dt.timedelta(hours=30)]), header_row=1)

    assert found == [[*moments, dt.timedelta(hours=30)]]


def test_blank_rows_are_left_out_and_counted():
    assert lines_of(xlsx_of(["sku"], ["A"], [None], ["  "], ["B"])) == [2, 5]


def test_a_table_that_begins_far_from_the_corner_keeps_its_place():
    book = openpyxl.Workbook()
    for cell, value in {"C4": "sku", "D4": "price", "C5": "A", "D5": 1.5}.items():
        book.active[cell] = value

    table = table_of(saved(book))

    assert table.header == ["", "", "sku", "price"]
    assert table.reading.header_row == 4
    assert [(chunk.lines, chunk.rows) for chunk in table.chunks()] == [([5], [["", "", "A", 1.5]])]


def test_a_cell_far_below_is_read():
    book = openpyxl.Workbook()
    book.active.append(["sku"])
    book.active["A1048576"] = "far"

    assert lines_of(saved(book)) == [1_048_576]


def test_a_workbook_can_be_read_by_two_at_once():
    table = table_of(xlsx_of(["sku"], *([f"A{number}"] for number in range(2_500))))
    one, other = table.chunks(1_000), table.chunks(700)

    found = [row for chunk in one for row in (next(other, None) and chunk.rows)]

    assert len(found) == 2_500


def test_characters_that_xml_cannot_hold_are_unescaped_but_no_half_of_one():
    rows = f"{HEADER}<row r='2'>{text('A2', '_xD800_ _x0041_')}{text('B2', '_x005F_x0041_')}</row>"

    assert rows_of(xlsx(rows)) == [["_xD800_ A", "_x0041_"]]


def test_text_parts_of_a_cell_and_shared_texts_are_put_together():
    rows = (
        "<row r='1'><c r='A1' t='s'><v>0</v></c></row><row r='2'><c r='A2' t='s'><v>1</v></c></row>"
    )
    shared = "<si><t>sku</t></si><si><r><t>00</t></r><r><t>12 &amp; 3</t></r></si>"

    assert rows_of(xlsx(rows, shared=shared)) == [["0012 & 3"]]


def test_cells_that_show_an_error_are_not_blank():
    rows = (
        f'{HEADER}<row r=\'2\'>{text("A2", "A")}<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
        f"<row r='3'><c r=\"A3\" t=\"e\"/><c r='B3'><v>7</v></c></row>"
        f'<row r=\'4\'><c s="1" r="A4" t="e"><v>#N/A</v></c><c r=\'B4\'><v>8</v></c></row>'
    )

    assert rows_of(xlsx(rows)) == [["A", "#DIV/0!"], ["", 7], ["#N/A", 8]]


def test_an_ods_is_read_with_its_dates_and_errors():
    cell, end = "<table:table-cell", "</table:table-cell>"
    value = cell + " office:value-type="
    content = ods(
        f"<table:table-row>{value}'string'><text:p>sku</text:p>{end}"
        f"{value}'string'><text:p>price</text:p>{end}{value}'string'><text:p>on</text:p>{end}"
        "</table:table-row>"
        f"<table:table-row table:number-rows-repeated='2'>{value}'string'><text:p>007</text:p>{end}"
        f"{value}'float' office:value='12.5'><text:p>12.5</text:p>{end}"
        f"{value}'date' office:date-value='2024-01-02'><text:p>x</text:p>{end}</table:table-row>"
        f"<table:table-row>{value}'string'><text:p>B</text:p>{end}"
        f"{value}'string' office:string-value='' calcext:value-type=\"error\">"
        f"<text:p>#DIV/0!</text:p>{end}{cell}/></table:table-row>"
    )

    assert rows_of(content) == [
        ["007", 12.5, dt.date(2024, 1, 2)],
        ["007", 12.5, dt.date(2024, 1, 2)],
        ["B", "#DIV/0!", ""],
    ]


# --- Sheets -------------------------------------------------------------------------------------


def several():
    return xlsx(
        "",
        more=[
            ("Secret", "hidden", HEADER + f"<row r='2'>{text('A2', 'S')}</row>"),
            ("Prices", "visible", HEADER + f"<row r='2'>{text('A2', 'P')}</row>"),
            ("Very secret", "veryHidden", HEADER),
            ("Stock", "visible", HEADER + f"<row r='2'>{text('A2', 'T')}</row>"),
        ],
    )


def test_the_first_visible_sheet_with_cells_is_read_and_the_others_are_told():
    table = table_of(several())

    assert table.reading.sheet == "Prices"
    assert table.sheets == ["Sheet1", "Prices", "Stock"]
    assert [note.code for note in table.notes] == ["other_sheets"]
    assert "“Prices”" in table.notes[0].message
    assert "“Stock”" in table.notes[0].message
    assert "Sheet1" not in table.notes[0].message


def test_a_person_chooses_another_sheet():
    table = table_of(several(), sheet="Stock")

    assert table.sample().rows[0][0] == "T"
    assert table.notes == []


@pytest.mark.parametrize("sheet", ["Nope", "Secret", "Very secret"])
def test_a_sheet_that_is_not_there_or_hidden_is_refused_with_those_that_are(sheet):
    with pytest.raises(refusals.NoSuchSheet) as caught:
        table_of(several(), sheet=sheet)

    assert "“Prices”" in str(caught.value)


@pytest.mark.parametrize("content", [xlsx(""), xlsx("<row r='1'><c r='A1'/></row>")])
def test_a_workbook_without_a_cell_is_empty(content):
    with pytest.raises(refusals.EmptyFile):
        table_of(content)


def test_a_sheet_that_is_chosen_and_has_no_cell_is_empty():
    with pytest.raises(refusals.EmptyFile):
        table_of(several(), sheet="Sheet1")


# --- Merged headers -----------------------------------------------------------------------------


def merged(*ranges, rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cells in ranges:
        book.active.merge_cells(cells)
    return saved(book)


def test_cells_that_are_merged_across_name_each_column_below():
    table = table_of(
        merged(
            "C1:D1",
            "A1:A2",
            "B1:B2",
            rows=[["sku", "name", "Price"], [None, None, "net", "gross"], ["A", "x", 1.5, 2]],
        )
    )

    assert table.header == ["sku", "name", "Price net", "Price gross"]
    assert (table.reading.header_row, table.reading.header_rows) == (1, 2)
    assert table.sample().rows == [["A", "x", 1.5, 2]]
    assert [note.code for note in table.notes] == ["header_joined"]


def test_a_merged_title_above_the_header_is_a_title():
    table = table_of(
        merged(
            "A1:D1",
            rows=[["Prices 2024"], ["sku", "name", "net", "gross"], ["A", "x", 1.5, 2]],
        )
    )

    assert table.header == ["sku", "name", "net", "gross"]
    assert table.reading.header_row == 2


def test_merged_cells_below_the_header_change_nothing():
    content = merged("A2:A3", rows=[["sku", "net"], ["A", 1], [None, 2]])

    assert rows_of(content) == [["A", 1], ["", 2]]
