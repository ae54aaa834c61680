"""What goes wrong with files on their way, and what somebody may do to them on purpose."""

from __future__ import annotations

import codecs
import csv
import io
import re
import warnings
import zipfile

from hypothesis import strategies as st

BYTES = st.sampled_from(
    [
        b"\x00", b'"', b"'", b",", b";", b"\t", b"|", b"\r", b"\n", b"\r\n", b"\x1a", b"\xff", b"\x80",
        b"\xed\xa0\x80", b"\xe2\x80\xae", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b", b"PK\x03\x04",
        b"%s", b"{}", b"\\", b"\\N", b"\\.", b"=", b"#N/A", b"1e400", b"<!DOCTYPE x>", b"<html>", b"{", b"[",
        b"\xc2\xa0", b"\xe2\x80\xa8", b"\xf0\x9f\xa7\xa8", b'""', b'"""', b"sep=;\n", b"\x85", b"\x0b", b"\x0c",
    ]
)  # fmt: skip
CELLS = st.sampled_from(
    [
        "", " ", "\u00a0", "0", "-1", "1,5", "1.5", "1.234,56", "1,234.56", "1e5", "1e400", "NaN", "inf",
        "9" * 19, "9" * 400, "00123", "1_000", "٣", "½", "12.50 €", "$5", "50%", "TRUE", "yes", "#REF!",
        "=cmd|'/c calc'!A0", "@x", "+1", "a\x00b", "a\tb", "a\nb", "\\N", "\\", "\u202egnp", "ﬃ", "İ",
        "\u0301" * 300, "👩‍👩‍👧‍👦", "\ufeff", "x" * 40_000, "x" * 300, "a > b", "a > b > " * 40, "a,b,A,B", "a=b; a=c", "=",
        "2025-02-30", "0001-01-01", "9999-12-31 23:59:59+14:00", "published", "archived", "DE", "EUR", "id:7",
        "%s %(x)s", "{} {0}", "'; DROP TABLE x; --", "<p>x</p>", "null", "None", '["a"]', "CUP", "JAR-S",
    ]
)  # fmt: skip
NAMES = st.sampled_from(
    [
        "sku", "SKU", "name", "price", "stock", "status", "parent_sku", "slug", "barcode", "tags", "category",
        "options", "line", "reason", "Handle", "Title", "Type", "Parent", "Variant SKU", "product_type", "number",
        "", " ", "%s", "{}", "Артикул", "x" * 300, "column 1", "sku\n(our)", "1", "2025-01-01", "lines",
        "compare_at_price", "configurable_variations", "Price USD", "currency", "is_featured",
    ]
)  # fmt: skip
ENCODINGS = [
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1", "mac-roman",
    "cp437", "cp1251", "shift-jis", "gb18030", "utf-7", "iso2022-jp", "koi8-r", "cp037",
]  # fmt: skip
XML = st.sampled_from(
    [
        b'r="XFD1048576"', b'r="A0"', b'r="ZZZZ99999999"', b't="s"', b't="b"', b't="e"', b't="d"', b't="n"',
        b's="99999"', b"<v>99999999999</v>", b"<v>-1</v>", b"<v>1e999</v>", b"<v>NaN</v>", b"<v/>", b"<v>45000.5</v>",
        b"&x;", b"&#0;", b"&#xD800;", b"&#x10FFFF;", b"]]>", b"<![CDATA[x]]>", b"<!-- -->", b"<a/>", b"</c>",
        b"<row>", b"</row>", b'<row r="2000000">', b"<!DOCTYPE x [<!ENTITY y 'z'>]>", b"\x00", b"\xff\xfe",
        b"<f>1+1</f>", b'<mergeCell ref="A1:XFD1048576"/>', b'state="hidden"', b'xml:space="preserve"',
        b'table:number-columns-repeated="16384"', b'table:number-rows-repeated="1048576"',
        b'office:value-type="date"', b'office:value-type="percentage"', b'office:value="x"',
        b'office:date-value="2025-02-30"', b'Target="../../../etc/passwd"', b'Target="http://127.0.0.1:9/x"',
        b'TargetMode="External"', b'count="4294967296"', b"<si><t>x</t></si>", b'encoding="utf-7"',
    ]
)  # fmt: skip


class Content(bytes):
    """What is in a file; shown by its size alone."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"


# --- Bytes --------------------------------------------------------------------------------------


def damaged(draw, content):  # noqa: PLR0911  (one for each thing)
    """Return bytes with one thing done to them, wherever."""
    place = draw(st.integers(0, len(content)))
    length = draw(st.integers(0, 40))
    before, piece, after = (
        content[:place],
        content[place : place + length],
        content[place + length :],
    )
    kind = draw(st.sampled_from(["put", "flip", "cut", "twice", "end", "many", "swap"]))
    if kind == "put":
        return before + draw(BYTES) + content[place:]
    if kind == "flip" and after:
        return before + piece + bytes([after[0] ^ draw(st.integers(1, 255))]) + after[1:]
    if kind == "cut":
        return before + after
    if kind == "twice":
        return before + piece * draw(st.integers(2, 50)) + after
    if kind == "end":
        return before
    if kind == "many":
        return before + draw(BYTES) * draw(st.integers(2, 3_000)) + content[place:]
    return after + piece + before


# --- Text ---------------------------------------------------------------------------------------


def table_of(content):
    text = content.decode("utf-8", "replace")
    delimiter = ";" if text.count(";") > text.count(",") else ","
    return [*csv.reader(io.StringIO(text), delimiter=delimiter)]


def changed(draw, rows):  # noqa: C901  (one branch for each thing)
    """Return a table with one thing done to its header, its rows or its cells."""
    rows = [list(row) for row in rows] or [[""]]
    row = draw(st.integers(0, len(rows) - 1))
    place = draw(st.integers(0, max(len(rows[row]) - 1, 0)))
    kind = draw(
        st.sampled_from(
            [
                "cell",
                "cell",
                "cell",
                "name",
                "name",
                "column",
                "drop",
                "junk",
                "again",
                "longer",
                "shorter",
                "blank",
                "late",
                "swap",
                "wide",
            ]
        )
    )
    if kind == "cell" and rows[row]:
        rows[row][place] = draw(CELLS)
    elif kind == "name" and rows[0]:
        rows[0][place % len(rows[0])] = draw(NAMES)
    elif kind == "column":
        name, cell = draw(NAMES), draw(CELLS)
        rows = [[*one, cell if at else name] for at, one in enumerate(rows)]
    elif kind == "drop":
        rows = [one[:place] + one[place + 1 :] for one in rows]
    elif kind == "junk":
        rows = [[draw(CELLS)], *[[] for _each in range(draw(st.integers(0, 3)))], *rows]
    elif kind == "again":
        rows += [list(rows[row]) for _each in range(draw(st.integers(1, 3)))]
    elif kind == "longer":
        rows[row] += [draw(CELLS)] * draw(st.sampled_from([1, 2, 30, 600]))
    elif kind == "shorter":
        rows[row] = rows[row][:place]
    elif kind == "blank":
        rows[row] = [""] * len(rows[row])
    elif kind == "late":
        rows = [*rows[1:3], rows[0], *rows[3:]]
    elif kind == "swap":
        rows[0], rows[row] = rows[row], rows[0]
    elif kind == "wide":
        rows = [[*one, *["x"] * draw(st.sampled_from([100, 490]))] for one in rows]
    return rows


def written(draw, rows):
    """Return a table as text, in one of the many ways there are."""
    out = io.StringIO(newline="")
    writer = csv.writer(
        out,
        delimiter=draw(st.sampled_from([",", ",", ";", "\t", "|", ":", "¦"])),
        quotechar=draw(st.sampled_from(['"', '"', '"', "'"])),
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        lineterminator=draw(st.sampled_from(["\r\n", "\n", "\r", "\n\n", "\u2028"])),
    )
    writer.writerows(rows)
    encoding = draw(st.sampled_from(["utf-8"] * 6 + ENCODINGS))
    mark = draw(st.sampled_from([b""] * 5 + [codecs.BOM_UTF8, codecs.BOM_UTF16_LE]))
    return mark + out.getvalue().encode(encoding, "replace")


@st.composite
def mutated_texts(draw, originals):
    """Return kind of sheet and bytes of a text file to which a few things happened."""
    sheet, content = draw(st.sampled_from(originals))
    rows = table_of(content)
    for _each in range(draw(st.integers(0, 4))):
        rows = changed(draw, rows)
    content = written(draw, rows)
    for _each in range(draw(st.sampled_from([0, 0, 1, 1, 2, 5]))):
        content = damaged(draw, content)
    return sheet, Content(content)


# --- Workbooks ----------------------------------------------------------------------------------


def edited(draw, part):
    """Return the XML of a part of a workbook with one thing done to it."""
    tokens = re.split(rb"(<[^>]*>)", part)
    place = draw(st.integers(0, len(tokens) - 1))
    kind = draw(st.sampled_from(["attribute", "put", "drop", "twice", "digits", "damage", "text"]))
    if kind == "attribute" and tokens[place].startswith(b"<") and b"/" not in tokens[place][:2]:
        said = draw(XML)
        name = said.partition(b"=")[0]
        bare = re.sub(rb"\s" + re.escape(name) + rb'="[^"]*"', b"", tokens[place])
        tokens[place] = re.sub(rb"(/?>)$", lambda end: b" " + said + end.group(1), bare)
    elif kind == "put":
        tokens.insert(place, draw(XML))
    elif kind == "drop":
        del tokens[place : place + draw(st.integers(1, 6))]
    elif kind == "twice":
        piece = tokens[place : place + draw(st.integers(1, 9))]
        tokens[place:place] = piece * draw(st.sampled_from([1, 2, 50, 500]))
    elif kind == "digits":
        number = draw(st.sampled_from([b"0", b"-1", b"7", b"65536", b"1048577", b"9" * 30, b"1e9"]))
        tokens[place] = re.sub(rb"\d+", number, tokens[place], count=1)
    elif kind == "text" and tokens[place] and not tokens[place].startswith(b"<"):
        tokens[place] = draw(CELLS).encode().replace(b"<", b"&lt;")
    else:
        return damaged(draw, part)
    return b"".join(tokens)


@st.composite
def mutated_workbooks(draw, originals):
    """Return the bytes of a workbook of which parts, the list of parts, or the file suffered."""
    with zipfile.ZipFile(io.BytesIO(draw(st.sampled_from(originals)))) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    for _each in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(parts) - 1))
        name, part = parts[place]
        kind = draw(
            st.sampled_from(["edit", "edit", "edit", "edit", "lose", "again", "rename", "grow"])
        )
        if kind == "edit":
            parts[place] = (name, edited(draw, part))
        elif kind == "lose" and len(parts) > 1:
            del parts[place]
        elif kind == "again":
            parts.append((name, draw(st.sampled_from(parts))[1]))
        elif kind == "rename":
            parts[place] = (
                draw(st.sampled_from(["../x", "/etc/x", name.upper(), "é", "x" * 300])),
                part,
            )
        elif kind == "grow":
            parts[place] = (name, part + b" " * draw(st.sampled_from([1, 10_000, 1_000_000])))
    out = io.BytesIO()
    method = draw(st.sampled_from([zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2]))
    with zipfile.ZipFile(out, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two members of one name are meant
        for name, part in parts:
            archive.writestr(zipfile.ZipInfo(name), part, method)
    content = out.getvalue()
    for _each in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        content = damaged(draw, content)
    return Content(content)
