"""XLSX workbooks: guarded before they are opened, then read row by row."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import openpyxl
from defusedxml import DefusedXmlException
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from backoffice.imports import refusals
from backoffice.imports.tables import Note, SourceRow

MAX_MEMBERS = 1_000
# Sheets compress ten- to thirtyfold; a bomb a thousandfold.
MAX_RATIO = 150
RATIO_MATTERS_FROM_BYTES = 1024 * 1024
UNPACKED_TIMES_UPLOAD = 5
# Excel's own last row: whatever claims to lie beyond is no sheet of a person.
LAST_LINE = 1_048_576

# What openpyxl and the XML below it raise on a file that is not what it says.
_BROKEN = (
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    OSError,
    SyntaxError,
    NotImplementedError,
    RuntimeError,
)

# Halves of characters stay escaped: no text can hold them.
_ESCAPE = re.compile("_x((?![Dd][89A-Fa-f])[0-9A-Fa-f]{4})_")

if not openpyxl.DEFUSEDXML:
    raise ImproperlyConfigured("openpyxl is open to XML bombs without defusedxml; install it.")


def guard(content: bytes) -> None:
    """Refuse an archive that would unpack to more than a sheet can be, before it is opened.

    The sizes are the directory's claim; zipfile reads no byte beyond it.
    Refuses: SuspiciousArchive, BrokenWorkbook.
    """
    limit = settings.IMPORT_MAX_BYTES * UNPACKED_TIMES_UPLOAD
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = archive.infolist()
    except _BROKEN as error:
        raise refusals.BrokenWorkbook from error
    if len(members) > MAX_MEMBERS:
        raise refusals.SuspiciousArchive(
            why=_("it has {count} parts inside").format(count=len(members))
        )
    if any(member.flag_bits & 1 for member in members):
        raise refusals.LockedWorkbook
    unpacked = sum(member.file_size for member in members)
    if unpacked > limit:
        raise refusals.SuspiciousArchive(
            why=_("it would unpack to {size} MB").format(size=unpacked // (1024 * 1024))
        )
    if unpacked > RATIO_MATTERS_FROM_BYTES and unpacked > MAX_RATIO * len(content):
        raise refusals.SuspiciousArchive(
            why=_("it unpacks to {times} times its size").format(times=unpacked // len(content))
        )


def read_workbook(content: bytes) -> tuple[list[Note], Iterator[SourceRow]]:
    """Return notes, and the rows that are not blank of the first visible sheet that has any.

    Refuses: SuspiciousArchive, BrokenWorkbook; while it is read: CellTooLong.
    """
    guard(content)
    try:
        book = openpyxl.load_workbook(
            BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    except _BROKEN as error:
        raise _refusal(error) from error
    filled: list[tuple[Any, Iterator[SourceRow], SourceRow]] = []
    for sheet in sheets:
        rows = _rows(sheet)
        if (first := next(rows, None)) is not None:
            filled.append((sheet, rows, first))
    if not filled:
        raise refusals.EmptyFile
    sheet, rest, first = filled[0]
    notes = []
    if len(filled) > 1:
        others = ", ".join(f"“{other.title}”" for other, _rest, _first in filled[1:4])
        notes.append(
            Note(
                "other_sheets",
                str(_("Only the sheet “{first}” was read, not {others}.")).format(
                    first=sheet.title, others=others
                ),
            )
        )

    def rows_of() -> Iterator[SourceRow]:
        yield first
        yield from rest

    return notes, rows_of()


def unescaped(text: str) -> str:
    """Undo the escape of characters that XML cannot hold (ECMA-376, 22.4.2.4)."""
    return _ESCAPE.sub(lambda found: chr(int(found.group(1), 16)), text) if "_x" in text else text


def _rows(sheet: Any) -> Iterator[SourceRow]:
    # The sheet's own word about its size is not to be trusted.
    sheet.reset_dimensions()
    limit = settings.IMPORT_MAX_CELL_CHARS
    try:
        for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            if line > LAST_LINE:
                raise refusals.TooManyRows(limit=LAST_LINE)
            if all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in cells):
                continue
            if any(isinstance(cell, str) and len(cell) > limit for cell in cells):
                raise refusals.CellTooLong(line=line, limit=limit)
            yield SourceRow(
                line, [unescaped(cell) if isinstance(cell, str) else cell for cell in cells]
            )
    except _BROKEN as error:
        raise _refusal(error) from error


def _refusal(error: BaseException) -> refusals.FileRefused:
    """Return why a workbook could not be read; openpyxl wraps what the XML parser said."""
    said: BaseException | None = error
    while said is not None:
        if isinstance(said, DefusedXmlException):
            return refusals.SuspiciousArchive(why=_("its XML declares entities"))
        said = said.__cause__ or said.__context__
    return refusals.BrokenWorkbook()
