"""What is no sheet, and what workbooks may not hold."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
from PIL import Image

from backoffice.imports import refusals
from backoffice.imports.read import read
from tests.sheets import csv_of, xlsx_of

KNOWN = {"sku", "name", "price"}


def lines_of(content):
    return [row.line for row in read(content, known=KNOWN).rows]


def refusal_of(content):
    with pytest.raises(refusals.FileRefused) as caught:
        read(content, known=KNOWN)
    return caught.value


def zipped(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return out.getvalue()


def picture(kind):
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b" \r\n \n", "empty_file"),
        (b"\xef\xbb\xbf", "empty_file"),
        (b",,\n,,\n", "empty_file"),
        (b"sku,name\n", "only_header"),
        (b"sku,name\n,\n\n", "only_header"),
        (picture("PNG"), "not_a_sheet"),
        (picture("JPEG"), "not_a_sheet"),
        (picture("GIF"), "not_a_sheet"),
        (picture("BMP"), "not_a_sheet"),
        (picture("WEBP"), "not_a_sheet"),
        (b"%PDF-1.7 x", "not_a_sheet"),
        (b"\x1f\x8b\x08\x00", "not_a_sheet"),
        (b"<!DOCTYPE html><html></html>", "not_a_sheet"),
        (b"<?xml version='1.0'?><a/>", "not_a_sheet"),
        (bytes(range(32)) * 50, "not_a_sheet"),
        (b'{"products": [{"sku": "A"}]}', "nested_data"),
        (b"[[1, 2], [3, 4]]", "nested_data"),
        (b"[" * 200_000, "nested_data"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old_workbook"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "locked_workbook",
        ),
        (zipped(notes_dot_txt="hello"), "not_a_sheet"),
        (zipped(word__document_dot_xml="<a/>"), "not_a_sheet"),
        (
            zipped(mimetype="application/vnd.oasis.opendocument.spreadsheet"),
            "other_workbook",
        ),
        (b"PK\x03\x04 and then nothing", "broken_workbook"),
        (zipped(xl__workbook_dot_xml="<not>even xml"), "broken_workbook"),
    ],
)
def test_read_refuses_what_is_no_sheet_with_a_sentence(content, code):
    refused = refusal_of(content)

    assert refused.code == code
    assert str(refused).endswith(".")


def test_read_goes_by_content_and_not_by_name():
    assert "PNG" in str(refusal_of(picture("PNG")))


def test_read_refuses_a_file_larger_than_its_rows_may_be(settings):
    settings.IMPORT_MAX_ROWS = 2

    assert refusal_of(csv_of(["sku"], ["A"], ["B"], ["C"])).http_status == 413


def test_read_refuses_too_many_columns(settings):
    settings.IMPORT_MAX_COLUMNS = 3

    assert refusal_of(csv_of(["a", "b", "c", "d"], ["1"])).code == "too_many_columns"


def test_read_refuses_more_cells_than_memory_should_hold(monkeypatch):
    monkeypatch.setattr("backoffice.imports.read.MOST_CELLS", 5)

    refused = refusal_of(csv_of(["sku", "name"], ["A", "x"], ["B", "x"], ["C", "x"]))

    assert (refused.code, refused.http_status) == ("too_many_cells", 413)


@pytest.mark.parametrize(
    ("start", "code"), [(b'sku,"name\n', "cell_too_long"), (b"," * 200_000, "too_many_columns")]
)
def test_read_refuses_a_header_without_an_end(start, code):
    assert refusal_of(start + b"A,x\n" * 50_000).code == code


@pytest.mark.parametrize("length", [40_000, 200_000])
def test_read_refuses_a_cell_of_unreasonable_length_and_names_its_line(length):
    refused = refusal_of(csv_of(["sku", "name"], ["A", "x"], ["B", "x" * length]))

    assert refused.code == "cell_too_long"
    assert "Line 3" in str(refused)


def test_read_keeps_the_types_of_a_workbook():
    table = read(xlsx_of(["sku", "price", "stock"], ["00123", 12.5, 7], [123, None, 1.9]))

    assert [row.cells for row in table.rows] == [["00123", 12.5, 7], [123, None, 1.9]]
    assert [row.line for row in table.rows] == [2, 3]


def test_read_skips_blank_rows_of_a_workbook_and_keeps_the_count():
    assert lines_of(xlsx_of(["sku"], ["A"], [None], ["  "], ["B"])) == [2, 5]


def test_read_says_which_sheets_of_a_workbook_it_left_out():
    book = openpyxl.Workbook()
    book.active.append(["sku"])
    book.active.append(["A"])
    book.create_sheet("Prices").append(["x"])
    out = io.BytesIO()
    book.save(out)

    assert [note.code for note in read(out.getvalue()).notes] == ["other_sheets"]


def test_read_refuses_a_zip_bomb_before_it_is_opened():
    bomb = zipped(xl__workbook_dot_xml="<a/>", xl__big_dot_xml=b"0" * 60_000_000)

    assert len(bomb) < 200_000
    assert refusal_of(bomb).code == "suspicious_archive"


def test_read_refuses_a_workbook_of_a_thousand_parts():
    members = {f"xl__part{number}_dot_xml": "<a/>" for number in range(1_200)}

    assert refusal_of(zipped(xl__workbook_dot_xml="<a/>", **members)).code == "suspicious_archive"


def test_read_refuses_entities_in_a_workbooks_xml():
    members = zipfile.ZipFile(io.BytesIO(xlsx_of(["sku"], ["A"])))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in members.namelist():
            content = members.read(name)
            if name.startswith("xl/worksheets/"):
                content = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + content
            archive.writestr(name, content)

    assert refusal_of(out.getvalue()).code == "suspicious_archive"


def test_read_bears_a_cell_far_away():
    book = openpyxl.Workbook()
    book.active.append(["sku"])
    book.active["A1048576"] = "far"
    out = io.BytesIO()
    book.save(out)

    assert lines_of(out.getvalue()) == [1_048_576]


def test_read_refuses_a_header_that_reaches_to_the_last_column():
    book = openpyxl.Workbook()
    book.active["XFD1"] = "far"
    book.active["A2"] = "x"
    out = io.BytesIO()
    book.save(out)

    assert refusal_of(out.getvalue()).code == "too_many_columns"


def test_read_leaves_half_a_character_of_a_workbook_escaped():
    table = read(xlsx_of(["sku", "name"], ["_xD800_", "_x0041_"]))

    assert table.rows[0].cells == ["_xD800_", "A"]
