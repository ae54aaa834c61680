"""A workbook's cells, read in a process of its own: `python isolated.py LIMITS <book >cells`.

A workbook is a packed program for its reader: a few kilobytes can name a cell in the last row and
column, hold a text a thousand times, or unpack to gigabytes, and calamine lays every sheet out
whole in memory and ends the process that has none left. So it is read here, where the system
bounds memory, time and output, whatever trick the file uses; what can be told apart beforehand is
refused with its own sentence, the rest as what it is: more than may be read. Nothing of the
project is imported: the process starts in a twentieth of a second and knows no secret.

What is written are marshalled records, so that the table can be read again without the workbook:
first ("table", facts) or (why not, facts), then batches, then None.
"""

from __future__ import annotations

import datetime as dt
import json
import marshal
import posixpath
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from typing import IO, Any
from xml.etree import ElementTree as ET
from xml.parsers import expat

import python_calamine as calamine

BLOCK_BYTES = 1024 * 1024
BATCH_ROWS = 1_000
LENGTH_BYTES = 8
# A part of this size has cells without being looked at.
SURELY_FILLED_BYTES = 1024 * 1024
# What is merged further below is no header.
MERGED_ABOVE_ROW = 400
MOST_MERGED = 5_000
MOST_SHEETS_NAMED = 200
# As far as a float knows its last digit.
EXACT_BELOW = 10**15

_ERROR_CELL = re.compile(
    rb"""<(?:\w+:)?c\s([^>]*\bt=["']e["'][^>]*)(?<!/)>(.*?)</(?:\w+:)?c>""", re.DOTALL
)
_REFERENCE = re.compile(rb"""\br=["']([A-Z]{1,3})(\d{1,7})["']""")
_VALUE = re.compile(rb"<(?:\w+:)?v[^>]*>([^<]*)<")
_ROW_END = b"row>"


class Refused(Exception):  # noqa: N818  (said to the parent, which has the words for it)
    """Why the file is not read: a code, and facts for the sentence."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def main(limits: dict[str, Any], book: IO[bytes], out: IO[bytes]) -> None:
    """Write the records of a workbook."""
    try:
        for record in records(limits, book):
            _write(record, out)
    except Refused as refused:
        out.seek(0)
        out.truncate()
        _write((refused.code, refused.facts), out)
    out.flush()


def _write(record: Any, out: IO[bytes]) -> None:
    """Write a record behind its length: marshal is slow at reading from a file itself."""
    packed = marshal.dumps(record)
    out.write(len(packed).to_bytes(LENGTH_BYTES, "big"))
    out.write(packed)


def records(limits: dict[str, Any], book: IO[bytes]) -> Iterator[Any]:
    """Yield what is told of a workbook. Refuses: whatever must not be read, or cannot be."""
    kind = limits["kind"]
    try:
        sizes = _parts(book) if kind == "xlsx" else {}
        book.seek(0)
        workbook = calamine.load_workbook(book)
    except calamine.PasswordError as error:
        raise Refused("locked") from error
    except _BROKEN as error:
        raise Refused("broken") from error
    visible = [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.visible == calamine.SheetVisibleEnum.Visible
        and sheet.typ == calamine.SheetTypeEnum.WorkSheet
    ]
    name, sheet, others = _choose(workbook, visible, limits["sheet"], sizes)
    errors: dict[int, list[tuple[int, str]]] = {}
    if kind == "xlsx" and name in sizes:
        errors = _xlsx_errors(book, sizes[name][0])
    elif kind == "ods":
        errors = _ods_errors(book, name)
    merged = [
        found
        for found in (sheet.merged_cell_ranges or ())[:MOST_MERGED]
        if found[0][0] < MERGED_ABOVE_ROW
    ]
    yield (
        "table",
        {"kind": kind, "sheets": visible, "sheet": name, "others": others, "merged": merged},
    )
    yield from _batches(sheet, errors, limits)
    yield None


def _parts(book: IO[bytes]) -> dict[str, tuple[str, int]]:
    """Return the part of each sheet of an XLSX, and its size; what has no part is left out."""
    relations = "xl/_rels/workbook.xml.rels"
    with zipfile.ZipFile(book) as archive:
        names = archive.namelist()
        if relations not in names:
            return {}
        # Parts that declare entities were refused before.
        links = ET.fromstring(archive.read(relations))  # noqa: S314
        sheets = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
        targets = {link.get("Id"): link.get("Target", "") for link in links}
        parts = {}
        for sheet in sheets.iter():
            if sheet.tag.endswith("}sheet"):
                number = next((value for key, value in sheet.items() if key.endswith("}id")), "")
                target = posixpath.join("/xl", targets.get(number, ""))
                part = posixpath.normpath(target).lstrip("/")
                if part in names:
                    parts[sheet.get("name", "")] = part, archive.getinfo(part).file_size
        return parts


def _choose(
    workbook: Any, visible: list[str], said: str, sizes: dict[str, tuple[str, int]]
) -> tuple[str, Any, list[str]]:
    """Return the sheet that is said, or the first that has cells, and others that have some."""
    if said and said not in visible:
        raise Refused("sheet", sheet=said, sheets=visible[:MOST_SHEETS_NAMED])
    chosen, sheet, others = said, _sheet(workbook, said) if said else None, []
    for name in visible:
        if name == said:
            continue
        if sheet is not None and name in sizes and sizes[name][1] > SURELY_FILLED_BYTES:
            others.append(name)
            continue
        found = _sheet(workbook, name)
        if found.end is None:
            continue
        if sheet is None:
            chosen, sheet = name, found
        else:
            others.append(name)
    if sheet is None or sheet.end is None:
        raise Refused("empty")
    return chosen, sheet, others


def _sheet(workbook: Any, name: str) -> Any:
    try:
        return workbook.get_sheet_by_name(name)
    except _BROKEN as error:
        raise Refused("broken") from error


def _batches(
    sheet: Any, errors: dict[int, list[tuple[int, str]]], limits: dict[str, Any]
) -> Iterator[tuple[list[int], list[list[Any]], list[tuple[int, int, str, str]]]]:
    """Yield lines, rows that are not blank, and the places of dates, which marshal cannot hold."""
    left = [""] * sheet.start[1]
    lines: list[int] = []
    rows: list[list[Any]] = []
    dates: list[tuple[int, int, str, str]] = []
    chars = 0
    for line, found in enumerate(sheet.iter_rows(), start=1):
        cells = left + found if left else found
        for column, text in errors.get(line, ()):
            if column < len(cells):
                cells[column] = text
        while cells and (cells[-1] == "" or (type(cells[-1]) is str and cells[-1].isspace())):
            cells.pop()
        if not cells:
            continue
        chars += _settle(line, cells, len(rows), dates, limits)
        if chars > limits["text_chars"]:
            raise Refused("text")
        lines.append(line)
        rows.append(cells)
        if len(rows) == BATCH_ROWS:
            yield lines, rows, dates
            lines, rows, dates = [], [], []
    if rows:
        yield lines, rows, dates


def _settle(
    line: int,
    cells: list[Any],
    row: int,
    dates: list[tuple[int, int, str, str]],
    limits: dict[str, Any],
) -> int:
    """Make whole numbers of floats that are, put dates aside; return how much text there is."""
    if len(cells) > limits["columns"]:
        raise Refused("columns", count=len(cells))
    chars = 0
    for column, cell in enumerate(cells):
        kind = type(cell)
        if kind is str:
            length = len(cell)
            if length > limits["cell_chars"]:
                raise Refused("cell", line=line)
            chars += length
        elif kind is float:
            if cell.is_integer() and -EXACT_BELOW < cell < EXACT_BELOW:
                cells[column] = int(cell)
        elif kind is not int and kind is not bool:
            dates.append((row, column, *_plain(cell)))
            cells[column] = ""
    return chars


def _plain(value: Any) -> tuple[str, str]:
    if isinstance(value, dt.timedelta):
        return "duration", str(value.total_seconds())
    return type(value).__name__, value.isoformat()


def _xlsx_errors(book: IO[bytes], part: str) -> dict[int, list[tuple[int, str]]]:
    """Return by line the column, from 0, and the text of each cell that shows an error."""
    found: dict[int, list[tuple[int, str]]] = {}
    with zipfile.ZipFile(book) as archive, archive.open(part) as sheet:
        rest = b""
        while block := sheet.read(BLOCK_BYTES):
            block = rest + block
            end = block.rfind(_ROW_END)
            whole, rest = block[: end + 1], block[end + 1 :]
            if b't="e"' not in whole and b"t='e'" not in whole:
                continue
            for cell in _ERROR_CELL.finditer(whole):
                place, value = _REFERENCE.search(cell[1]), _VALUE.search(cell[2])
                if place and value:
                    column = 0
                    for letter in place[1]:
                        column = column * 26 + letter - 64
                    text = value[1].decode("utf-8", "replace")[:20]
                    found.setdefault(int(place[2]), []).append((column - 1, text))
    return found


def _ods_errors(book: IO[bytes], name: str) -> dict[int, list[tuple[int, str]]]:
    """As `_xlsx_errors`; the positions of an ODS come only from counting all cells before them."""
    with zipfile.ZipFile(book) as archive:
        with archive.open("content.xml") as content:
            has_errors, rest = False, b""
            while not has_errors and (block := content.read(BLOCK_BYTES)):
                has_errors = b'value-type="error"' in rest + block
                rest = block[-40:]
        if not has_errors:
            return {}
        counter = _OdsErrors(name)
        with archive.open("content.xml") as content:
            counter.parser.ParseFile(content)
    return counter.found


class _OdsErrors:
    """Counts rows and cells of one table, and notes where an error is shown."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: dict[int, list[tuple[int, str]]] = {}
        self.is_here = False
        self.row = self.column = 0
        self.text: list[str] | None = None
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "table:table":
            self.is_here = attributes.get("table:name") == self.name
            self.row = 0
        elif not self.is_here:
            return
        elif tag == "table:table-row":
            self.column = 0
            self.rows = int(attributes.get("table:number-rows-repeated", "1"))
        elif tag in {"table:table-cell", "table:covered-table-cell"}:
            self.columns = int(attributes.get("table:number-columns-repeated", "1"))
            self.text = [] if attributes.get("calcext:value-type") == "error" else None

    def _end(self, tag: str) -> None:
        if not self.is_here:
            return
        if tag == "table:table-row":
            self.row += self.rows
        elif tag in {"table:table-cell", "table:covered-table-cell"}:
            if self.text is not None:
                self.found.setdefault(self.row + 1, []).append(
                    (self.column, "".join(self.text).strip()[:20] or "#N/A")
                )
            self.text = None
            self.column += self.columns
        elif tag == "table:table":
            self.is_here = False

    def _characters(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)


# What readers raise on a file that is not what it says.
_BROKEN = (
    calamine.CalamineError,
    zipfile.BadZipFile,
    ET.ParseError,
    expat.ExpatError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    EOFError,
    OSError,
    RuntimeError,
    ArithmeticError,
)


def bound(limits: dict[str, Any]) -> None:
    """Have the system end this process when it takes more than a workbook may."""
    for what, most in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_CPU, limits["seconds"]),
        (resource.RLIMIT_FSIZE, limits["out_bytes"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    said = json.loads(sys.argv[1])
    bound(said)
    main(said, sys.stdin.buffer, sys.stdout.buffer)
