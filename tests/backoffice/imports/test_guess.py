"""Columns of a file that nobody knows: proposed by name and by values, left open when unsure."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.imports.guess import Hints, guess, is_gtin, words_of
from backoffice.imports.read import open_table
from backoffice.imports.tables import Chunk
from catalog.resources import ProductResource
from catalog.sheets.synonyms import SYNONYMS

COLUMNS = {column.column_name: column for column in ProductResource().fields.values()}
GTINS = ["4006381333931", "9780131103627", "96385074"]


class Sample:
    """What a guess sees of a table."""

    def __init__(self, header, rows):
        self.header = header
        width = len(header)
        self.rows = [[*row, *[""] * (width - len(row))] for row in rows]

    def sample(self, count):
        return Chunk(list(range(2, len(self.rows) + 2))[:count], self.rows[:count])


def guesses(header, *rows, **hints):
    known = {"synonyms": SYNONYMS, "looks": {"barcode": is_gtin}} | hints
    return guess(Sample(header, rows), COLUMNS, Hints(**known))


def ours(*args, **hints):
    return {name: one.ours for name, one in guesses(*args, **hints).items()}


def test_a_german_suppliers_names_are_understood():
    header = ["Artikelnummer", "Bezeichnung", "Warengruppe", "EAN", "VK-Preis", "EK-Preis",
              "Bestand", "Hinweis"]  # fmt: skip

    found = ours(header, ["A-1", "Becher", "Küche", "4006381333931", "12,50", "7,20", "3", "neu"])

    assert found == {
        "Artikelnummer": "sku", "Bezeichnung": "name", "Warengruppe": "category",
        "EAN": "barcode", "VK-Preis": "price", "EK-Preis": "cost", "Bestand": "stock",
        "Hinweis": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "cell", "expected"),
    [
        ("Item No.", "A-1", "sku"),
        ("Art.-Nr.", "A-1", "sku"),
        ("ArtikelNr", "A-1", "sku"),
        ("Product Name", "Mug", "name"),
        ("Produktbeschreibung", "Ein Becher", "description"),
        ("Preis", "12,50", "price"),
        ("VK brutto EUR", "12,50", "price"),
        ("Retail price incl. VAT", "12.50", "price"),
        ("UVP", "12,50", "price"),
        ("Streichpreis", "15,00", "compare_at_price"),
        ("Einkaufspreis netto", "7,20", "cost"),
        ("Qty", "4", "stock"),
        ("Lagerbestand", "4", "stock"),
        ("Menge", "4", "stock"),
        ("stockOnHand", "4", "stock"),
        ("Kategorie", "Küche", "category"),
        ("Währung", "EUR", "currency"),
        ("Schlagwörter", "rot", "tags"),
        ("Bestellnumer", "A-1", "sku"),
        ("Wetter", "Sonne", ""),
        ("", "Sonne", ""),
    ],
)
def test_names_are_known_in_part_and_nearly(name, cell, expected):
    found = list(guesses([name, "zzz"], [cell, "x"]).values())

    assert found[0].ours == expected


def test_every_synonym_stands_for_its_column():
    for column, names in SYNONYMS.items():
        for name in names:
            (found, _other) = guesses([name, "zzz"], ["", "x"]).values()
            assert found.ours == column, name


def test_a_synonym_stands_for_one_column_only():
    stands_for = {}
    for column, names in SYNONYMS.items():
        for name in names:
            stands_for.setdefault("".join(words_of(name)), set()).add(column)

    assert SYNONYMS.keys() <= COLUMNS.keys()
    assert [name for name, columns in stands_for.items() if len(columns) > 1] == []


def test_of_two_that_claim_the_same_column_alike_none_is_proposed():
    found = ours(["Preis 1", "Preis 2"], ["1,00", "2,00"])

    assert found == {"Preis 1": "", "Preis 2": ""}


def test_the_whole_name_beats_a_part_of_one():
    found = ours(["Preis", "Preis Vorjahr"], ["1,00", "2,00"])

    assert found == {"Preis": "price", "Preis Vorjahr": ""}


def test_a_name_that_its_values_belie_is_not_believed():
    assert ours(["Preis", "Name"], ["auf Anfrage", "Becher"])["Preis"] == ""


def test_values_tell_where_names_say_nothing():
    rows = [[gtin, "Home > Mugs", "12,50", "x"] for gtin in GTINS]

    found = guesses(["A", "B", "C", "D"], *rows)

    assert [one.ours for one in found.values()] == ["barcode", "category", "price", ""]
    assert "amounts" in found["C"].why


def test_values_that_are_here_already_tell_most():
    asked = []

    def overlap(column, values):
        asked.append(column)
        return 0.9 if column == "sku" and values[0].startswith("A-") else 0.0

    rows = [[f"x{at}", f"A-{at}"] for at in range(9)]
    found = guesses(["Left", "Right"], *rows, overlap=overlap, overlaps=["sku", "barcode"])

    assert (found["Left"].ours, found["Right"].ours) == ("", "sku")
    assert found["Right"].confidence > 0.9
    assert "90 %" in found["Right"].why
    assert set(asked) == {"sku", "barcode"}


def test_a_few_different_values_are_shown():
    rows = [[value, "x"] for value in ["a", "a", "", "b", "c", "d", "e", "f", "y" * 99]]

    found = guesses(["Wetter", "zzz"], *rows)["Wetter"]

    assert found.samples == ("a", "b", "c", "d", "e")


def test_the_columns_of_a_sheet_of_refused_rows_are_never_proposed():
    assert ours(["line", "reason", "SKU"], ["1", "x", "A"]) == {
        "line": "", "reason": "", "SKU": "sku",
    }  # fmt: skip


@pytest.mark.parametrize("gtin", GTINS)
def test_a_gtin_has_its_check_digit(gtin):
    assert is_gtin(gtin)
    assert not is_gtin(gtin[:-1] + str((int(gtin[-1]) + 1) % 10))
    assert not is_gtin(gtin[1:])


cells = st.one_of(st.text(max_size=12), st.floats(), st.booleans(), st.dates(), st.none())
headers = st.lists(
    st.one_of(st.text(max_size=12), st.sampled_from(["SKU", "Name", "Preis", "VK", "EAN"])),
    min_size=1,
    max_size=6,
    unique=True,
)


@given(headers, st.lists(st.lists(cells, max_size=8), max_size=4))
def test_whatever_is_in_a_file_each_column_is_proposed_once(header, rows):
    found = guesses(header, *rows)

    proposed = [one.ours for one in found.values() if one.ours]
    assert len(proposed) == len(set(proposed))
    assert all(0 <= one.confidence <= 1 and len(one.samples) <= 5 for one in found.values())


@pytest.mark.real_files
def test_a_real_file_without_a_header_is_told_by_its_values(real_files):
    content = (Path(real_files) / "oscar" / "books.essential.csv").read_bytes()
    table = open_table(io.BytesIO(content))

    found = guess(table, COLUMNS, Hints(synonyms=SYNONYMS, looks={"barcode": is_gtin}))

    assert {name: one.ours for name, one in found.items() if one.ours} == {
        "Column 2": "category", "Column 8": "price",
    }  # fmt: skip
    assert found["Column 4"].samples[0] == "The C Programming Language"
