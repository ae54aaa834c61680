"""How a file is written, and which line each row is on."""

from __future__ import annotations

from pathlib import Path

import pytest

from backoffice.imports import refusals
from backoffice.imports.read import read
from tests.sheets import csv_of

KNOWN = {"sku", "name", "price"}


def lines_of(content):
    return [row.line for row in read(content, known=KNOWN).rows]


def refusal_of(content):
    with pytest.raises(refusals.FileRefused) as caught:
        read(content, known=KNOWN)
    return caught.value


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
