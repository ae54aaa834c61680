"""What a file is, how it is written, and which line each row is on."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

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


# --- Lines ------------------------------------------------------------------------------------


def test_read_counts_the_header_as_line_one():
    assert lines_of(csv_of(["sku"], ["A"], ["B"])) == [2, 3]


def test_read_names_the_first_line_of_a_row_also_after_multi_line_cells():
    content = csv_of(["sku", "name"], ["A", "one\ntwo\nthree"], ["B", "x"])

    assert lines_of(content) == [2, 5]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_read_takes_every_kind_of_line_end(end):
    content = end.join(["sku,name", 'A,"two', 'lines"', "B,x", ""]).encode()

    assert lines_of(content) == [2, 4]


def test_read_skips_blank_rows_and_keeps_the_count():
    assert lines_of(b"sku,name\n\nA,x\n,\n , \nB,y\n") == [3, 6]


def test_read_takes_the_first_row_that_is_not_blank_for_the_header():
    table = read(b"\n,\nsku,name\nA,x\n", known=KNOWN)

    assert table.header == ["sku", "name"]
    assert [row.line for row in table.rows] == [4]


def test_read_fills_short_rows_and_keeps_cells_beyond_the_header():
    table = read(b"sku,name\nA\nB,x,,\nC,x,more\n", known=KNOWN)

    assert [row.cells for row in table.rows] == [["A", ""], ["B", "x"], ["C", "x", "more"]]


def test_read_counts_lines_after_excels_sep_line():
    assert lines_of(b"sep=;\nsku;name\nA;x\n") == [3]


# --- Delimiters and encodings -----------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_read_detects_the_delimiter(delimiter):
    content = csv_of(["sku", "name"], ["A", "x, y; z"], delimiter=delimiter)

    assert read(content, known=KNOWN).rows[0].cells == ["A", "x, y; z"]


def test_read_prefers_the_delimiter_that_makes_known_columns():
    content = b"sku;name;a,b,c,d,e\nA;x;y\n"

    assert read(content, known=KNOWN).header[:2] == ["sku", "name"]


def test_read_detects_the_delimiter_below_blank_lines():
    assert read(b"\n;;\nsku;name\nA;x\n", known=KNOWN).header == ["sku", "name"]


@pytest.mark.parametrize("mark", ['"', "\x00", "e", "7"])
def test_read_takes_no_letter_and_no_quotation_mark_for_a_delimiter(mark):
    content = f"sep={mark}\nsku,name\nA,x\n".encode()

    assert [row.line for row in read(content, known=KNOWN).rows] == [2, 3]


def test_read_takes_a_blank_as_the_delimiter_that_is_named():
    table = read(b"sep= \nsku name\nA x\n", known=KNOWN)

    assert [row.cells for row in table.rows] == [["A", "x"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_read_takes_unicode_with_and_without_a_mark(encoding):
    table = read("sku,name\nA,Käse – 10 €\n".encode(encoding), known=KNOWN)

    assert table.header == ["sku", "name"]
    assert table.rows[0].cells[1] == "Käse – 10 €"
    assert table.notes == []


def test_read_falls_back_to_windows_1252_and_says_so():
    table = read("sku,name\nA,Käse – 10 €\n".encode("cp1252"), known=KNOWN)

    assert table.rows[0].cells[1] == "Käse – 10 €"
    assert [note.code for note in table.notes] == ["encoding_guessed"]


def test_read_refuses_utf_16_without_a_mark():
    refused = refusal_of("sku,name\nA,x\n".encode("utf-16-le"))

    assert refused.code == "unreadable_text"
    assert "UTF-16" in str(refused)


def test_read_refuses_text_that_is_neither_utf_8_nor_windows_1252():
    assert refusal_of(b"sku,name\nA,\x81\x8d\x8f\n").code == "unreadable_text"


def test_read_keeps_a_nul_for_the_row_to_be_refused_by():
    assert read(b"sku,name\nA\x00B,x\n", known=KNOWN).rows[0].cells == ["A\x00B", "x"]


# --- Quoting ----------------------------------------------------------------------------------


def test_read_undoes_the_apostrophe_only_where_the_guard_puts_it():
    content = csv_of(["sku", "name"], ["'=A", "'s-Hertogenbosch"], ["''=B", "'"])

    assert [row.cells for row in read(content, known=KNOWN).rows] == [
        ["=A", "'s-Hertogenbosch"],
        ["'=B", "'"],
    ]


def test_read_refuses_a_quotation_mark_that_is_never_closed_and_names_its_line():
    refused = refusal_of(b'sku,name\nA,x\nB,"y\nC,z\n')

    assert refused.code == "unclosed_quote"
    assert "line 3" in str(refused)


# --- What is no sheet -------------------------------------------------------------------------


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


# --- Workbooks --------------------------------------------------------------------------------


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


# --- Real files -------------------------------------------------------------------------------


@pytest.mark.real_files
def test_read_reads_or_refuses_every_real_file(real_files):
    for path in sorted(Path(real_files).rglob("*")):
        if not path.is_file():
            continue
        try:
            table = read(path.read_bytes(), known=KNOWN)
        except refusals.FileRefused:
            continue
        lines = [row.line for row in table.rows]
        assert lines == sorted(set(lines)), path


@pytest.mark.real_files
def test_read_counts_the_rows_of_the_real_files(real_files):
    counts = {
        "woocommerce/sample_products.csv": (24, 55),
        "spree/products.csv": (211, 39),
        "magento2/products.csv": (1_994, 70),
        "shopify/packt_product_data.csv": (21, 48),
        "medusa/exported-products-semicolon.csv": (3, 56),
        "dialects/messytables/utf-16le_encoded.csv": (327, 19),
    }
    found = {}
    for name in counts:
        table = read((Path(real_files) / name).read_bytes(), known=KNOWN)
        found[name] = len(table.rows), len(table.header)

    assert found == counts
