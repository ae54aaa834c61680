"""From the bytes of a file to a table: what it is, how it is written, which lines it has."""

from __future__ import annotations

import warnings
from collections.abc import Collection

from django.conf import settings
from django.template.defaultfilters import filesizeformat

from backoffice.imports import refusals
from backoffice.imports.delimited import read_delimited
from backoffice.imports.parse import shown
from backoffice.imports.sniff import sniff
from backoffice.imports.tables import SourceRow, Table, unquoted
from backoffice.imports.workbook import read_workbook

# One long text may stand in many cells of a workbook, stored once.
TEXT_TIMES_UPLOAD = 3
# Two hundred columns in the most rows; a cell weighs a hundred bytes in memory, a file's only two.
MOST_CELLS = 4_000_000


def read(content: bytes, *, known: Collection[str] = ()) -> Table:
    """Return the table of a file: the first row that is not blank is the header.

    known: keys of the column names that may be expected; they settle the delimiter.
    Refuses: every FileRefused that belongs to the file and not to its columns.
    """
    with warnings.catch_warnings():
        # openpyxl warns about what it leaves out of a workbook: none of it is in the cells.
        warnings.simplefilter("ignore")
        return _read(content, known)


def _read(content: bytes, known: Collection[str]) -> Table:
    if sniff(content) == "workbook":
        notes, rows = read_workbook(content)
    else:
        notes, quoted_rows = read_delimited(content, known)
        rows = (SourceRow(r.line, [unquoted(cell) for cell in r.cells]) for r in quoted_rows)
    first = next(rows, None)
    if first is None:
        raise refusals.EmptyFile
    header = [" ".join(str(name if name is not None else "").split()) for name in first.cells]
    while header and not header[-1]:
        header.pop()
    if len(header) > settings.IMPORT_MAX_COLUMNS:
        raise refusals.TooManyColumns(count=len(header), limit=settings.IMPORT_MAX_COLUMNS)
    table = Table([shown(name, 80) for name in header], [], notes)
    most_chars, chars, cells = settings.IMPORT_MAX_BYTES * TEXT_TIMES_UPLOAD, 0, 0
    for row in rows:
        table.rows.append(_fitted(row, len(header)))
        cells += len(row.cells)
        chars += sum(len(cell) for cell in row.cells if isinstance(cell, str))
        if len(table.rows) > settings.IMPORT_MAX_ROWS:
            raise refusals.TooManyRows(limit=settings.IMPORT_MAX_ROWS)
        if cells > MOST_CELLS:
            raise refusals.TooManyCells(limit=MOST_CELLS)
        if chars > most_chars:
            raise refusals.TooMuchText(limit=filesizeformat(most_chars))
    if not table.rows:
        raise refusals.OnlyHeader
    return table


def _fitted(row: SourceRow, width: int) -> SourceRow:
    """Fill up a short row; cut blank cells beyond the header, leave others to be refused."""
    cells = row.cells
    while len(cells) > width and (cells[-1] is None or not str(cells[-1]).strip()):
        cells.pop()
    cells += [""] * (width - len(cells))
    return row
