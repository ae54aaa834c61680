"""Writing sheets that no spreadsheet program runs anything from: CSV and XLSX, whole columns.

CSV has only text, so an apostrophe stands before what looks like a formula (`tables.quoted`). A
workbook says of each cell what it is: text is text, and only numbers are numbers.
Both take columns of texts by the thousand rows, for a call per cell is what makes writers slow.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import IO, Literal, Protocol

from django.utils.translation import gettext_lazy as _

from backoffice.imports import workbook_parts as parts
from backoffice.imports.tables import quoted
from backoffice.imports.workbook_parts import UNWRITABLE, Heading
from backoffice.refused import Refused

__all__ = [
    "CONTENT_TYPES",
    "Format",
    "Heading",
    "csv_writer",
    "write_csv",
    "write_xlsx",
    "xlsx_writer",
]

Format = Literal["csv", "xlsx"]

CONTENT_TYPES: dict[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

CHUNK_ROWS = 2_000
# What stands between the cells of a column, and for a row's number, while they are one text.
_SEPARATOR, _NUMBER = "\x1f", "\x02"
# A cell that `quoted` may have to do with.
_FORMULA_START = re.compile("\x1f['=+\\-@\t\r\n]")
_CSV_MARKS = re.compile('[",\r\n]')
# Bytes that XML cannot hold in UTF-8, but the separator, which is counted.
_CONTROLS = bytes(code for code in range(0x20) if code not in {0x09, 0x0A, 0x1F})
# Above it a ZIP archive needs an extension that Excel "repairs".
_MOST_BYTES = 2**31 - 2**20


class TooLargeForWorkbook(Refused):
    sentence = _("A workbook cannot hold that much: at most {rows:,} rows and 2 GB.")
    hint = _("Choose CSV, or fewer rows.")


class SheetWriter(Protocol):
    """Takes the rows of a sheet, a list for each of its columns."""

    count: int

    def write(self, columns: Sequence[Sequence[str]]) -> None: ...


# --- CSV ------------------------------------------------------------------------------------------


class _Csv:
    def __init__(self, out: IO[str], header: Sequence[str]) -> None:
        self.out = out
        self.count = -1
        self.write([[name] for name in header])

    def write(self, columns: Sequence[Sequence[str]]) -> None:
        ready = [_csv_cells(cells) for cells in columns]
        if len(ready) == 1:
            # A line without anything on it would be no row.
            ready = [[cell or '""' for cell in ready[0]]]
        lines = "\r\n".join(map(",".join, zip(*ready, strict=True)))
        if lines:
            self.out.write(f"{lines}\r\n")
        self.count += len(columns[0]) if columns else 0


@contextmanager
def csv_writer(out: IO[str], header: Sequence[str]) -> Iterator[SheetWriter]:
    """Write a CSV; read it with `delimited`, get the same texts."""
    yield _Csv(out, header)


def _csv_cells(cells: Sequence[str]) -> Sequence[str]:
    """Return cells without formulas, in quotes where one of them needs quotes."""
    together = _SEPARATOR + _SEPARATOR.join(cells)
    if _FORMULA_START.search(together):
        cells = list(map(quoted, cells))
        together = _SEPARATOR.join(cells)
    if not _CSV_MARKS.search(together):
        return cells
    if '"' in together:
        cells = [cell.replace('"', '""') for cell in cells]
    return [f'"{cell}"' if cell else "" for cell in cells]


def write_csv(out: IO[str], header: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write a CSV from rows and return their number."""
    with csv_writer(out, header) as writer:
        return _write_rows(writer, rows)


# --- XLSX -----------------------------------------------------------------------------------------


class _Xlsx:
    def __init__(self, out: IO[bytes], headings: Sequence[Heading], *, is_trimmed: bool) -> None:
        self.out = out
        self.text = "<t>" if is_trimmed else '<t xml:space="preserve">'
        self.headings = headings
        self.count = self.size = 0
        self.letters = [parts.letter(at) for at in range(1, len(headings) + 1)]

    def write(self, columns: Sequence[Sequence[str]]) -> None:
        if not columns or not columns[0]:
            return
        ready = [
            self._cells(letter, heading, cells)
            for letter, heading, cells in zip(self.letters, self.headings, columns, strict=True)
        ]
        first = self.count + 2
        rows = [
            row.replace(_NUMBER, str(number))
            for number, row in enumerate(map("".join, zip(*ready, strict=True)), start=first)
        ]
        rows[0] = f'<row r="{first}">{rows[0]}'
        self.count += len(rows)
        content = f"{''.join(rows)}</row>".encode()
        self.size += len(content)
        if self.count >= parts.LAST_ROW or self.size > _MOST_BYTES:
            raise TooLargeForWorkbook(rows=parts.LAST_ROW - 1)
        self.out.write(content)

    def _cells(self, letter: str, heading: Heading, cells: Sequence[str]) -> list[str]:
        """Return a column's cells in XML, made as one text; blank ones are nothing."""
        where = f'<c r="{letter}{_NUMBER}" s="{heading.style}"'
        if heading.kind == "text":
            before, after = f'{where} t="inlineStr"><is>{self.text}', "</t></is></c>"
            cells = _without_unwritable(cells)
        else:
            before, after = f"{where}><v>", "</v></c>"
        is_first = letter == "A"
        between = f"{after}{_SEPARATOR}{before}"
        inside = _SEPARATOR.join(cells)
        if heading.kind == "text":
            if "&" in inside:
                inside = inside.replace("&", "&amp;")
            if "<" in inside:
                inside = inside.replace("<", "&lt;")
            if "]]>" in inside:
                inside = inside.replace(">", "&gt;")
        together = f"{before}{inside.replace(_SEPARATOR, between)}{after}"
        found = together.replace(f"{before}{after}", "").split(_SEPARATOR)
        # Every row but a chunk's first begins where the one before it ends.
        row = f'</row><row r="{_NUMBER}">'
        return [found[0], *[f"{row}{cell}" for cell in found[1:]]] if is_first else found


def _without_unwritable(cells: Sequence[str]) -> Sequence[str]:
    """Return cells with what XML cannot hold escaped; nearly never there is anything to do."""
    together = _SEPARATOR.join(cells)
    try:
        content = together.encode()
    except UnicodeEncodeError:
        return [_escaped(cell) for cell in cells]
    is_clean = (
        len(content.translate(None, _CONTROLS)) == len(content)
        and content.count(b"\x1f") == len(cells) - 1
        and b"_x" not in content
        and (together.isascii() or not ("\ufffe" in together or "\uffff" in together))
    )
    return cells if is_clean else [_escaped(cell) for cell in cells]


def _escaped(text: str) -> str:
    return UNWRITABLE.sub(lambda found: f"_x{ord(found.group()):04X}_", text)


@contextmanager
def xlsx_writer(
    out: IO[bytes], headings: Sequence[Heading], title: str, *, is_trimmed: bool = False
) -> Iterator[SheetWriter]:
    """Write a workbook of one sheet, streamed: memory does not grow with the rows.

    is_trimmed: no text has blanks around it, so that nobody need be told to keep them.
    """
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.parts([title]).items():
            archive.writestr(name, content)
        with archive.open(parts.sheet_part(1), "w") as target:
            target.write(parts.start(headings).encode())
            yield _Xlsx(target, headings, is_trimmed=is_trimmed)
            target.write(parts.end().encode())


def write_xlsx(
    out: IO[bytes], headings: Sequence[Heading], rows: Iterable[Sequence[str]], title: str
) -> int:
    """Write a workbook of one sheet from rows and return their number."""
    with xlsx_writer(out, headings, title) as writer:
        return _write_rows(writer, rows)


def _write_rows(writer: SheetWriter, rows: Iterable[Sequence[str]]) -> int:
    left = iter(rows)
    while some := list(islice(left, CHUNK_ROWS)):
        writer.write(list(zip(*some, strict=True)))
    return writer.count
