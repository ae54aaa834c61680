"""From a file to a table: its lines, its delimiter, what a person may say about it."""

from __future__ import annotations

import csv
import io
import tracemalloc
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.imports import refusals
from backoffice.imports.read import open_table
from backoffice.imports.tables import Reading
from tests.sheets import csv_of

KNOWN = {"sku", "name", "price"}


def table_of(content, **said):
    return open_table(io.BytesIO(content), reading=Reading(**said), known=KNOWN)


def rows_of(content, **said):
    return list(chain.from_iterable(c.rows for c in table_of(content, **said).chunks()))


def lines_of(content, **said):
    return list(chain.from_iterable(c.lines for c in table_of(content, **said).chunks()))


def refusal_of(content, **said):
    with pytest.raises(refusals.FileRefused) as caught:
        rows_of(content, **said)
    return caught.value


def test_a_table_counts_the_header_as_line_one():
    assert lines_of(csv_of(["sku"], ["A"], ["B"])) == [2, 3]


def test_a_table_names_the_first_line_of_a_row_also_after_multi_line_cells():
    content = csv_of(["sku", "name"], ["A", "one\ntwo\nthree"], ["B", "x"])

    assert lines_of(content) == [2, 5]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_table_takes_every_kind_of_line_end(end):
    content = end.join(["sku,name", 'A,"two', 'lines"', "B,x", ""]).encode()

    assert lines_of(content) == [2, 4]


def test_a_table_skips_blank_rows_and_keeps_the_count():
    assert lines_of(b"sku,name\n\nA,x\n,\n , \nB,y\n") == [3, 6]


def test_a_table_takes_the_first_row_that_is_not_blank_for_the_header():
    content = b"\n,\nsku,name\nA,x\n"

    assert table_of(content).header == ["sku", "name"]
    assert lines_of(content) == [4]


def test_a_table_fills_short_rows_and_keeps_cells_beyond_the_header():
    assert rows_of(b"sku,name\nA\nB,x,,\nC,x,more\n") == [["A", ""], ["B", "x"], ["C", "x", "more"]]


def test_a_table_can_be_read_more_than_once():
    table = table_of(csv_of(["sku"], ["A"], ["B"]))

    assert [c.rows for c in table.chunks()] == [c.rows for c in table.chunks()] == [[["A"], ["B"]]]


def test_a_table_comes_in_chunks_of_the_size_that_is_asked_for():
    content = csv_of(["sku"], *([str(number)] for number in range(7)))

    sizes = [len(chunk.rows) for chunk in table_of(content).chunks(3)]

    assert sum(sizes) == 7
    assert max(sizes) <= 3


def test_a_chunk_ends_early_when_its_texts_are_long(monkeypatch):
    monkeypatch.setattr("backoffice.imports.delimited.CHUNK_CHARS", 100)
    content = csv_of(["sku", "name"], *(["A", "x" * 60] for _row in range(10)))

    assert max(len(chunk.rows) for chunk in table_of(content).chunks()) == 2


def test_the_sample_is_the_first_rows_and_does_not_disturb_who_reads():
    table = table_of(csv_of(["sku", "name"], ["A"], ["B", "x"], ["C", "y"]))
    chunks = table.chunks(2)
    first = next(chunks)

    sample = table.sample(2)

    assert (sample.lines, sample.rows) == ([2, 3], [["A", ""], ["B", "x"]])
    assert [*first.rows, *next(chunks).rows][-1] == ["C", "y"]


def test_a_table_counts_lines_after_excels_sep_line():
    assert lines_of(b"sep=;\nsku;name\nA;x\n") == [3]


@pytest.mark.parametrize("mark", ['"', "\x00", "e", "7"])
def test_no_letter_and_no_quotation_mark_is_a_delimiter_that_a_sep_line_names(mark):
    content = f"sep={mark}\nsku,name\nA,x\n".encode()

    assert table_of(content).reading.delimiter == ","
    assert lines_of(content) == [3]


def test_a_blank_may_be_the_delimiter_that_is_named():
    assert rows_of(b"sep= \nsku name\nA x\n") == [["A", "x"]]


def test_the_mark_before_a_sep_line_is_no_part_of_it():
    assert rows_of("\ufeffsep=|\nsku|name\nA|x\n".encode()) == [["A", "x"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_detected(delimiter):
    content = csv_of(["sku", "name"], ["A", "x, y; z"], delimiter=delimiter)

    assert rows_of(content) == [["A", "x, y; z"]]
    assert table_of(content).reading.delimiter == delimiter


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("sku;name;a,b,c,d,e\nA;x;y\n", ";"),
        ("Artikel;Preis\nA;1,50\nB;2,50\nC;3,50\n", ";"),
        ("Artikel;Preis;Kosten;Rabatt\nA;1,50;2,50;3,00\nB;1,50;2,50;3,00\n", ";"),
        ("Artikel,Bilder\nA,u1|u2|u3\nB,u4|u5|u6\nC,u7|u8|u9\n", ","),
        ("Preisliste, netto\n\nArtikel;Text;Preis;EAN\nA;x, y;1,50;1\nB;z;2,50;2\n", ";"),
        ("Artikel\tText, lang\nA\tx, y, z\n", "\t"),
        ("nur eine Spalte\nA\nB\n", ","),
        ("Tags,Artikel\nx;y,A\nx,B\n", ","),
    ],
)
def test_the_delimiter_is_what_makes_a_table_of_the_rows(text, delimiter):
    assert table_of(text.encode()).reading.delimiter == delimiter


def test_the_delimiter_is_detected_below_blank_lines():
    assert table_of(b"\n;;\nsku;name\nA;x\n").header == ["sku", "name"]


def test_a_person_may_say_another_delimiter():
    table = table_of(b"sku,name;x\nA,b;y\n", delimiter=";")

    assert table.header == ["sku,name", "x"]
    assert table.reading.delimiter == ";"


@pytest.mark.parametrize("delimiter", ["ab", '"', "\n", "x"])
def test_what_cannot_part_columns_is_refused_as_a_delimiter(delimiter):
    assert refusal_of(b"sku,name\nA,b\n", delimiter=delimiter).code == "unknown_delimiter"


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("sku;price\nA;1.234,50\nB;2,00\n", ","),
        ('sku,price\nA,"1,234.50"\nB,2.00\n', "."),
        ('sku,price\nA,"1,234"\n', ""),
        ("sku,name\nA,Bolt M8x1.5\n", ""),
        ("sku;price\nA;1,50\nB;n/a\n", ""),
    ],
)
def test_the_decimal_mark_is_detected_in_columns_of_numbers(text, decimal):
    assert table_of(text.encode()).reading.decimal == decimal


def test_a_person_may_say_the_decimal_mark():
    assert table_of(b"sku,price\nA,1.50\n", decimal=",").reading.decimal == ","


def test_a_reading_is_complete_and_reads_the_same_again():
    content = "Preisliste\n\nsku;price\nA;1,50\nB;ü\n".encode("cp1252")
    table = table_of(content)

    again = Reading.from_json(table.reading.as_json())

    assert again == table.reading
    assert (again.encoding, again.delimiter, again.header_row) == ("cp1252", ";", 3)
    assert open_table(io.BytesIO(content), reading=again).reading == again


def test_a_nul_is_kept_for_the_row_to_be_refused_by():
    assert rows_of(b"sku,name\nA\x00B,x\n") == [["A\x00B", "x"]]


def test_the_apostrophe_is_undone_only_where_the_guard_puts_it():
    content = csv_of(["sku", "name"], ["'=A", "'s-Hertogenbosch"], ["''=B", "'"])

    assert rows_of(content) == [["=A", "'s-Hertogenbosch"], ["'=B", "'"]]


def test_a_quotation_mark_that_is_never_closed_is_refused_with_its_line():
    refused = refusal_of(b'sku,name\nA,x\nB,"y\nC,z\n')

    assert refused.code == "unclosed_quote"
    assert "line 3" in str(refused)


@given(
    rows=st.lists(
        st.lists(st.text(alphabet="ab'=\"\n\r ,;", max_size=6), min_size=2, max_size=4), max_size=8
    ),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_every_row_is_read_as_it_was_written_and_on_its_line(rows, end):
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["sku", "name"])
    wanted = []
    for row in [*rows, ["last", "x"]]:
        before = out.getvalue()
        line = len(io.StringIO(before, newline="").readlines()) + 1
        writer.writerow(row)
        if any(cell.strip() for cell in row):
            wanted.append((line, [cell.lstrip("'") for cell in row][:2]))

    table = table_of(out.getvalue().encode(), delimiter=",")
    found = [
        (line, [cell.lstrip("'") for cell in row][:2])
        for chunk in table.chunks()
        for line, row in zip(chunk.lines, chunk.rows, strict=True)
    ]

    assert found == wanted


def test_memory_does_not_grow_with_the_file(settings, tmp_path):
    settings.IMPORT_MAX_ROWS = 1_000_000
    path = tmp_path / "long.csv"
    with path.open("w") as file:
        file.write("sku,name,price\n")
        file.writelines(
            f"SKU-{number:07},Product number {number},1.50\n" for number in range(60_000)
        )
    peaks = []
    for count in (5_000, 60_000):
        with path.open("rb") as file:
            tracemalloc.start()
            chunks = open_table(file, known=KNOWN).chunks(1_000)
            seen = 0
            while seen < count:
                seen += len(next(chunks).rows)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            chunks.close()

    assert peaks[1] < peaks[0] * 1.2
    assert peaks[1] < 8 * 1024 * 1024
