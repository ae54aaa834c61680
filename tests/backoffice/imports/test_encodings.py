"""Which encoding a text file is in."""

from __future__ import annotations

import io

import pytest

from backoffice.imports import refusals
from backoffice.imports.encodings import ENCODINGS, encoding_label
from backoffice.imports.read import open_table
from backoffice.imports.tables import Reading

GERMAN = "sku,name\nA,Käse – 10 € größer\nB,Müsli für Gäste\n"
FRENCH = "sku,name\nA,Crème brûlée à l’ancienne\nB,Garçon déjà été\nC,L’hôtel près d’ici\n"
POLISH = "sku,name\nA,Żółta łódź\nB,Gęś i świerszcz\nC,Książka o miłości\nD,Niezależność źródła\n"
CZECH = "sku,name\nA,Příliš žluťoučký kůň\nB,Dřevěný stůl\nC,Košile s dlouhým rukávem\n"
RUSSIAN = "sku,name\nA,Красная рубашка\nB,Синяя кружка\nC,Книга о вкусной и здоровой пище\n"
GREEK = "sku,name\nA,Κόκκινο πουκάμισο\nB,Μπλε κούπα\nC,Βιβλίο μαγειρικής\n"
JAPANESE = "sku,name\nA,赤いシャツ\nB,青いマグカップ\nC,料理の本\n"
CHINESE = "sku,name\nA,红色衬衫\nB,蓝色杯子\nC,烹饪书籍和食谱\n"


def table_of(content, **said):
    return open_table(io.BytesIO(content), reading=Reading(**said))


def text_of(table):
    return "".join(",".join(row) + "\n" for row in [table.header, *table.sample().rows])


def refusal_of(content, **said):
    with pytest.raises(refusals.FileRefused) as caught:
        table_of(content, **said)
    return caught.value


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-32", "utf-32"),
    ],
)
def test_unicode_that_says_what_it_is_needs_no_note(encoding, found):
    table = table_of(GERMAN.encode(encoding))

    assert text_of(table) == GERMAN
    assert table.reading.encoding == found
    assert table.notes == []


@pytest.mark.parametrize("mark", [b"\xfe\xff", b"\x00\x00\xfe\xff"])
def test_a_mark_tells_the_order_of_the_bytes(mark):
    wide = "utf-16-be" if len(mark) == 2 else "utf-32-be"

    assert text_of(table_of(mark + GERMAN.encode(wide))) == GERMAN


@pytest.mark.parametrize("text", [GERMAN, RUSSIAN, JAPANESE])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_unicode_without_a_mark_is_recognised_and_told(text, encoding):
    table = table_of(text.encode(encoding))

    assert text_of(table) == text
    assert table.reading.encoding == encoding
    assert [note.code for note in table.notes] == ["encoding_guessed"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "cp1252"),
        (GERMAN.replace("€", "EUR").replace("–", "-"), "iso8859-1"),
        (FRENCH, "cp1252"),
        (FRENCH, "mac-roman"),
        (POLISH, "cp1250"),
        (POLISH, "iso8859-2"),
        (CZECH, "cp1250"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (GREEK, "cp1253"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (CHINESE, "gb18030"),
    ],
)
def test_text_that_is_not_unicode_is_guessed_and_told(text, encoding):
    table = table_of(text.encode(encoding))

    assert text_of(table) == text
    assert [note.code for note in table.notes] == ["encoding_guessed"]


def test_western_text_is_read_as_windows_1252_however_little_there_is():
    table = table_of("sku,name\nA,©\n".encode("cp1252"))

    assert table.reading.encoding == "cp1252"
    assert "Windows-1252" in table.notes[0].message


def test_a_person_overrules_the_guess():
    content = "sku,name\nA,Kırmızı gömlek\n".encode("cp1254")

    table = table_of(content, encoding="windows-1254")

    assert table.sample().rows[0][1] == "Kırmızı gömlek"
    assert table.reading.encoding == "cp1254"
    assert table.notes == []


def test_a_person_may_name_an_encoding_that_looks_like_binary_data():
    assert text_of(table_of("sku,name\nA,b\n".encode("cp500"), encoding="cp500")) == (
        "sku,name\nA,b\n"
    )


@pytest.mark.parametrize("said", ["utf-16", "UTF-16LE"])
def test_the_mark_is_no_part_of_the_header_whatever_a_person_says(said):
    assert table_of(GERMAN.encode("utf-16"), encoding=said).header == ["sku", "name"]
    assert table_of(GERMAN.encode("utf-8-sig"), encoding="utf8").header == ["sku", "name"]


def test_utf_16_without_a_mark_may_be_said_without_the_order_of_its_bytes():
    assert text_of(table_of(GERMAN.encode("utf-16-be"), encoding="utf-16")) == GERMAN


@pytest.mark.parametrize(
    "said",
    ["nope", "rot13", "zlib", "hex", "idna", "punycode", "unicode_escape", "a\x00b", "x" * 500],
)
def test_what_is_no_encoding_of_text_is_refused(said):
    assert refusal_of(b"sku,name\nA,b\n", encoding=said).code == "unknown_encoding"


@pytest.mark.parametrize("said", ["ascii", "utf-16", "utf-8", "utf-32"])
def test_a_file_that_is_not_in_the_encoding_that_is_said_is_refused_with_the_line(said):
    refused = refusal_of("sku,name\nA,Käse\n".encode("cp1252"), encoding=said)

    assert refused.code == "unreadable_text"
    assert "line" in str(refused)


def test_damaged_utf_8_is_refused_with_its_line_and_not_read_as_something_else():
    content = GERMAN.encode() * 30 + b"B,K\xe4se\n" + b"C,x\n" * 99

    refused = refusal_of(content)

    assert refused.code == "unreadable_text"
    assert "line 91" in str(refused)


def test_an_error_far_below_is_found_before_any_row_is_read():
    content = b"sku,name\n" + b"A,x\n" * 200_000 + b"B,K\xe4se\n"

    assert "line 200002" in str(refusal_of(content, encoding="utf-8"))


def test_text_in_no_encoding_is_refused():
    assert refusal_of(b"sku,name\nA,\x81\x8d\x8f\n").code == "unreadable_text"


def test_a_stray_nul_makes_no_utf_16():
    assert table_of(b"sku,name\nA\x00B,x\n").reading.encoding == "utf-8"


@pytest.mark.parametrize("name", [name for name, _label in ENCODINGS])
def test_every_encoding_to_choose_from_reads_text_and_has_a_name(name):
    table = table_of("sku,name\nA,b\n".encode(name), encoding=name)

    assert table.header == ["sku", "name"]
    assert encoding_label(table.reading.encoding) != ""
