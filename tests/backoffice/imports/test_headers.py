"""Where a header is found, and what is told about it."""

from __future__ import annotations

import io

import pytest

from backoffice.imports import refusals
from backoffice.imports.read import open_table
from backoffice.imports.tables import Reading

KNOWN = {"sku", "name", "price"}


def table_of(text, known=(), **said):
    return open_table(io.BytesIO(text.encode()), reading=Reading(**said), known=known)


def found_in(text, known=(), **said):
    """Return the header, where it is, and the first row below it."""
    table = table_of(text, known, **said)
    return table.header, table.reading.header_row, table.sample().rows[0]


def codes_of(table):
    return [note.code for note in table.notes]


def test_titles_above_the_header_are_left_out_and_told():
    text = "Preisliste 2024;;\nStand: Mai;;\n\nArtikel;Text;Preis\nA;Tasse;1,50\nB;Teller;2,00\n"

    table = table_of(text)

    assert table.header == ["Artikel", "Text", "Preis"]
    assert table.reading.header_row == 4
    assert codes_of(table) == ["header_found"]
    assert "line 4" in table.notes[0].message
    assert "Preisliste 2024; Stand: Mai" in table.notes[0].message
    assert [c.lines for c in table.chunks()] == [[5, 6]]


def test_known_names_find_the_header_below_rows_that_are_as_wide():
    text = "Supplier,Kettle & Co,Berlin\nDate,2024-05-01,Monday\nSKU,Name,Price\nA,Mug,1.50\n"

    assert found_in(text, KNOWN) == (["SKU", "Name", "Price"], 3, ["A", "Mug", "1.50"])


def test_one_known_word_in_a_row_below_does_not_make_it_the_header():
    text = "Artikel,Text,Preis\nA,name,1.50\nB,x,2.50\n"

    assert found_in(text, KNOWN)[1] == 1


def test_the_first_of_two_headers_counts():
    text = "sku,name\nA,x\nsku,name\nB,y\n"

    assert found_in(text, KNOWN)[1:] == (1, ["A", "x"])


@pytest.mark.parametrize(
    "text",
    [
        "A1,Mug,1.50\nA2,Plate,2.50\nA3,Bowl,3.50\n",
        "1,2,3\n4,5,6\n",
        "Mug,2024-01-02\nPlate,2024-01-03\n",
        "Book,Fiction,A\nBook,Fiction,B\nBook,Travel,C\n",
        "978,Mug,1.5\n979,Plate,2.5\n",
    ],
)
def test_rows_without_a_header_get_numbered_columns_and_none_is_lost(text):
    table = table_of(text)

    assert table.header[0] == "Column 1"
    assert (table.reading.header_row, table.reading.header_rows) == (0, 0)
    assert codes_of(table) == ["no_header"]
    assert len(table.sample().rows) == len(text.splitlines())


@pytest.mark.parametrize(
    "text",
    [
        "sku,name\nA,x\n",
        "Artikel,Preis\nA,1\n",
        "Year,2000,2001,2002\nTimber,1,2,3\nPaper,4,5,6\n",
        "Modell,38,39,40\nA,1,0,2\nB,0,0,1\n",
        "a,b,c\n1,2,3\n",
        "Colour,Size\nred,S\nblue,M\n",
        "Name\nMug\nPlate\n",
    ],
)
def test_a_first_row_that_may_be_a_header_is_taken_for_one(text):
    table = table_of(text)

    assert table.header == text.splitlines()[0].split(",")
    assert table.notes == []


def test_known_names_are_a_header_whatever_is_below():
    assert found_in("sku,1\nA,2\n", KNOWN)[1] == 1


def test_a_person_may_say_where_the_header_is():
    text = "a,b\nc,d\ne,f\n"

    assert found_in(text, header_row=2) == (["c", "d"], 2, ["e", "f"])
    assert table_of(text, header_row=2).notes == []


def test_a_line_that_a_person_says_may_be_a_blank_one_above_the_header():
    assert found_in("a,b\n\n\nc,d\ne,f\n", header_row=2)[1] == 4


def test_a_person_may_say_that_there_is_no_header():
    table = table_of("sku,name\nA,x\n", KNOWN, header_row=0)

    assert table.header == ["Column 1", "Column 2"]
    assert table.sample().rows == [["sku", "name"], ["A", "x"]]
    assert [chunk.lines for chunk in table.chunks()] == [[1, 2]]


def test_without_a_header_the_widest_row_says_how_many_columns_there_are():
    assert table_of("1,2\n1,2,3\n4\n", header_row=0).header[-1] == "Column 3"


def test_a_line_below_the_file_is_refused():
    with pytest.raises(refusals.NoSuchLine):
        table_of("sku\nA\n", header_row=9)


def test_a_person_may_say_how_many_rows_the_header_spans():
    text = "Price,,Stock\nnet,gross,\n1,2,3\n"

    assert found_in(text, header_row=1, header_rows=2) == (
        ["Price net", "Price gross", "Stock"],
        1,
        ["1", "2", "3"],
    )


def test_a_header_that_spans_the_whole_file_leaves_no_row():
    with pytest.raises(refusals.OnlyHeader):
        table_of("a,b\nc,d\n", header_row=1, header_rows=5)


def test_groups_above_the_names_are_joined_with_them_and_told():
    text = "Article,Text,Price,\n,,net,gross\nA,Mug,1.50,2.00\nB,Plate,2.50,3.00\n"

    table = table_of(text)

    assert table.header == ["Article", "Text", "Price net", "Price gross"]
    assert (table.reading.header_row, table.reading.header_rows) == (1, 2)
    assert codes_of(table) == ["header_joined"]
    assert table.sample().rows[0] == ["A", "Mug", "1.50", "2.00"]


def test_a_row_of_data_below_a_gap_in_the_header_is_not_taken_for_names():
    text = "Article,Text,Remark,\nA,Mug,new,sale\nB,Plate,old,none\n"

    assert found_in(text)[2] == ["A", "Mug", "new", "sale"]


def test_names_are_shown_without_line_breaks_and_not_endlessly():
    text = f'"Net\n price",{"x" * 300},last\nA,B,C\nD,E,F\n'

    header = table_of(text, header_row=1).header

    assert header[0] == "Net price"
    assert len(header[1]) <= 80


def test_a_column_without_a_name_stays_and_blank_ones_at_the_end_go():
    assert table_of("sku,,name,,\nA,b,c\n", KNOWN).header == ["sku", "", "name"]
