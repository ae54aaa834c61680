"""What is no sheet, and what no sheet may hold."""

from __future__ import annotations

import io
import zipfile

import pytest
from PIL import Image

from backoffice.imports import refusals
from backoffice.imports.read import open_table
from backoffice.imports.tables import Reading
from tests.sheets import csv_of

KNOWN = {"sku", "name", "price"}
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def refusal_of(content, **said):
    with pytest.raises(refusals.FileRefused) as caught:
        for _chunk in open_table(
            io.BytesIO(content), reading=Reading(**said), known=KNOWN
        ).chunks():
            pass
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
        (b"\xff\xfe", "empty_file"),
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
        ("<html></html>".encode("utf-16"), "not_a_sheet"),
        (b"<?xml version='1.0'?><a/>", "not_a_sheet"),
        (bytes(range(32)) * 50, "not_a_sheet"),
        (b'{"products": [{"sku": "A"}]}', "nested_data"),
        (b'\n {"products": "\\"' + b"x" * 9_000, "nested_data"),
        (b"[[1, 2], [3, 4]]", "nested_data"),
        (b'{"a": 1}\n{"a": 2}\n', "nested_data"),
        (b"[" * 200_000, "nested_data"),
        (OLE + b"\x00" * 600, "broken_workbook"),
        (OLE + b"\x00" * 99 + "EncryptedPackage".encode("utf-16-le"), "locked_workbook"),
        (zipped(notes_dot_txt="hello"), "not_a_sheet"),
        (zipped(word__document_dot_xml="<a/>"), "not_a_sheet"),
        (zipped(mimetype="application/vnd.oasis.opendocument.text"), "not_a_sheet"),
        (zipped(mimetype="application/vnd.oasis.opendocument.spreadsheet"), "broken_workbook"),
        (b"PK\x03\x04 and then nothing", "broken_workbook"),
        (zipped(xl__workbook_dot_xml="<not>even xml"), "broken_workbook"),
        (zipped(xl__workbook_dot_bin="nothing"), "broken_workbook"),
    ],
)
def test_what_is_no_sheet_is_refused_with_a_sentence(content, code):
    refused = refusal_of(content)

    assert refused.code == code
    assert str(refused).endswith(".")


def test_a_locked_archive_is_refused_as_such():
    content = bytearray(zipped(xl__workbook_dot_xml="<a/>"))
    directory = content.index(b"PK\x01\x02")
    content[directory + 8] |= 1

    assert refusal_of(bytes(content)).code == "locked_workbook"


def test_content_counts_and_not_the_name():
    assert "PNG" in str(refusal_of(picture("PNG")))


def test_text_that_begins_like_json_may_be_a_table():
    table = open_table(io.BytesIO(b"[sku],[name]\nA,x\n"))

    assert table.header == ["[sku]", "[name]"]


def test_more_rows_than_may_be_are_refused(settings):
    settings.IMPORT_MAX_ROWS = 2

    assert refusal_of(csv_of(["sku"], ["A"], ["B"], ["C"])).http_status == 413


def test_blank_rows_without_an_end_are_refused(settings):
    settings.IMPORT_MAX_ROWS = 100

    assert refusal_of(b"sku,name\nA,x\n" + b"\n" * 200).code == "too_many_rows"


def test_more_columns_than_may_be_are_refused(settings):
    settings.IMPORT_MAX_COLUMNS = 3

    assert refusal_of(csv_of(["a", "b", "c", "d"], ["1"])).code == "too_many_columns"
    assert refusal_of(csv_of(["a", "b"], ["1"], ["1", "2", "3", "4"])).code == "too_many_columns"


def test_blank_columns_at_the_end_do_not_count(settings):
    settings.IMPORT_MAX_COLUMNS = 3
    table = open_table(io.BytesIO(b"sku,name,,,,\nA,x,,,,\n"))

    assert [chunk.rows for chunk in table.chunks()] == [[["A", "x"]]]


@pytest.mark.parametrize(
    ("start", "code"), [(b'sku,"name\n', "cell_too_long"), (b"," * 200_000, "too_many_columns")]
)
def test_a_header_without_an_end_is_refused(start, code):
    assert refusal_of(start + b"A,x\n" * 50_000).code == code


@pytest.mark.parametrize("length", [40_000, 200_000, 10_000_000])
def test_a_cell_of_unreasonable_length_is_refused_with_its_line(length):
    refused = refusal_of(csv_of(["sku", "name"], ["A", "x"], ["B", "x" * length]))

    assert refused.code == "cell_too_long"
    assert "Line 3" in str(refused)


def test_a_row_without_an_end_is_refused_before_it_fills_the_memory():
    quoted = b'"a\n",' * 2_000_000

    refused = refusal_of(b"sku,name\nA,x\n" + quoted)

    assert refused.code == "row_too_long"
    assert "line 3" in str(refused)


def test_a_line_of_many_cells_without_an_end_is_refused():
    assert refusal_of(b"sku,name\nA,x\n" + b"ab," * 2_000_000).code == "row_too_long"
