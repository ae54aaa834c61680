"""XLSX, ODS, XLS and XLSB workbooks: read once in a process of their own, then row by row."""

from __future__ import annotations

import datetime as dt
import errno
import json
import logging
import marshal
import os
import shutil
import signal
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from backoffice.imports import refusals
from backoffice.imports.archive import look_inside
from backoffice.imports.tables import Chunk, Note

logger = logging.getLogger(__name__)

READER = Path(__file__).with_name("isolated.py")
# All that a process may have: a sheet of 100,000 rows and 12 columns takes half of it.
MEMORY_BYTES = 480 * 1024 * 1024
SECONDS = 15
# A machine that is busy gives a process less than its time.
PATIENCE = 2
TEXT_TIMES_UPLOAD = 3
LENGTH_BYTES = 8
# What the environment of a process needs to find Python's packages, and nothing else of ours.
PASSED_ON = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TMPDIR")


_REFUSED = {
    "locked": refusals.LockedWorkbook,
    "empty": refusals.EmptyFile,
    "broken": refusals.BrokenWorkbook,
}


class Workbook:
    """The rows of one sheet, as its reader wrote them down."""

    def __init__(self, facts: dict[str, Any], cells: IO[bytes]) -> None:
        self.kind: str = facts["kind"]
        self.sheet: str = facts["sheet"]
        self.sheets: list[str] = facts["sheets"]
        self.others: list[str] = facts["others"]
        self.merged: list[tuple[tuple[int, int], tuple[int, int]]] = facts["merged"]
        self._cells = cells
        self._start = cells.tell()
        weakref.finalize(self, cells.close)

    def chunks(self, size: int) -> Iterator[Chunk]:
        """Yield the rows that are not blank."""
        place = self._start
        chunk = Chunk([], [])
        while True:
            self._cells.seek(place)
            batch = _record(self._cells)
            place = self._cells.tell()
            if batch is None:
                break
            lines, rows, dates = batch
            for row, column, kind, text in dates:
                rows[row][column] = _dated(kind, text)
            chunk.lines += lines
            chunk.rows += rows
            while len(chunk.lines) >= size:
                yield Chunk(chunk.lines[:size], chunk.rows[:size])
                chunk = Chunk(chunk.lines[size:], chunk.rows[size:])
        if chunk.lines:
            yield chunk


def _record(cells: IO[bytes]) -> Any:
    length = int.from_bytes(cells.read(LENGTH_BYTES), "big")
    return marshal.loads(cells.read(length))  # noqa: S302  (our own process wrote it)


def _dated(kind: str, text: str) -> Any:
    if kind == "duration":
        return dt.timedelta(seconds=float(text))
    return {"datetime": dt.datetime, "date": dt.date, "time": dt.time}[kind].fromisoformat(text)


def open_workbook(file: IO[bytes], said: str = "") -> tuple[Workbook, list[Note]]:
    """Return a sheet of a workbook, and what a person should know about the choice.

    said: the sheet's name, if a person chose it; else the first visible one that has cells.
    Refuses: WorkbookTooLarge, SuspiciousArchive, LockedWorkbook, BrokenWorkbook, WorkbookTooBig,
    NoSuchSheet, EmptyFile, NotASheet, CellTooLong, TooManyColumns, TooMuchText, NoRoom.
    """
    limit = _most_bytes()
    if (size := file.seek(0, os.SEEK_END)) > limit:
        raise refusals.WorkbookTooLarge(size=filesizeformat(size), limit=filesizeformat(limit))
    cells = TemporaryFile()  # noqa: SIM115  (lives as long as the table)
    try:
        _write_cells(file, cells, said)
        cells.seek(0)
        facts = _facts(cells)
    except BaseException:
        cells.close()
        raise
    book = Workbook(facts, cells)
    return book, _notes(book, said)


def _most_bytes() -> int:
    return min(settings.IMPORT_MAX_WORKBOOK_BYTES, settings.IMPORT_MAX_BYTES)


def _write_cells(file: IO[bytes], cells: IO[bytes], said: str) -> None:
    """Have the workbook read by a process of its own. Refuses: as `look_inside`; WorkbookTooBig."""
    limit = _most_bytes()
    limits = {
        "sheet": said,
        "cell_chars": settings.IMPORT_MAX_CELL_CHARS,
        "columns": settings.IMPORT_MAX_COLUMNS,
        "text_chars": limit * TEXT_TIMES_UPLOAD,
        "memory_bytes": MEMORY_BYTES,
        "seconds": SECONDS,
        "out_bytes": limit * TEXT_TIMES_UPLOAD * 4,
    }
    try:
        with TemporaryFile() as copy:
            # What is read stays what was looked at, and has a descriptor, wherever it is stored.
            file.seek(0)
            shutil.copyfileobj(file, copy)
            limits["kind"] = look_inside(copy, most_bytes=limit)
            copy.seek(0)
            ended = subprocess.run(  # noqa: S603  (our own interpreter and our own file)
                # -P: the folder of the reader must not stand before the standard library.
                [sys.executable, "-P", str(READER), json.dumps(limits)],
                stdin=copy,
                stdout=cells,
                stderr=subprocess.PIPE,
                env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
                timeout=SECONDS * PATIENCE,
                check=False,
            )
    except subprocess.TimeoutExpired as error:
        raise refusals.WorkbookTooBig from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise refusals.NoRoom from error
        raise
    if ended.returncode:
        _refuse_ended(ended.returncode, ended.stderr.decode("utf-8", "replace")[-2_000:])


def _refuse_ended(code: int, said: str) -> None:
    """Refuse a workbook on which its reader ended. Refuses: NoRoom, WorkbookTooBig, ….."""
    logger.warning("The reader of a workbook ended with %s: %s", code, said)
    if "No space left on device" in said:
        raise refusals.NoRoom
    if "MemoryError" in said or code in {-signal.SIGABRT, -signal.SIGXCPU, -signal.SIGKILL}:
        raise refusals.WorkbookTooBig
    raise refusals.BrokenWorkbook


def _facts(cells: IO[bytes]) -> dict[str, Any]:
    """Return what the reader says of the workbook. Refuses: what the reader refuses."""
    said, facts = _record(cells)
    if said == "sheet":
        names = ", ".join(f"“{name}”" for name in facts["sheets"])
        raise refusals.NoSuchSheet(sheet=facts["sheet"], sheets=names)
    if said == "text":
        raise refusals.TooMuchText(limit=filesizeformat(_most_bytes() * TEXT_TIMES_UPLOAD))
    if said == "cell":
        raise refusals.CellTooLong(line=facts["line"], limit=settings.IMPORT_MAX_CELL_CHARS)
    if said == "columns":
        raise refusals.TooManyColumns(count=facts["count"], limit=settings.IMPORT_MAX_COLUMNS)
    if said in _REFUSED:
        raise _REFUSED[said]
    return facts


def _notes(book: Workbook, said: str) -> list[Note]:
    notes = []
    if book.others and not said:
        words = _("Only the sheet “{first}” was read, not {others}.")
        others = ", ".join(f"“{name}”" for name in book.others[:3])
        if len(book.others) > len(book.others[:3]):
            others += " …"
        notes.append(Note("other_sheets", str(words).format(first=book.sheet, others=others)))
    if book.kind in {"xls", "xlsb"}:
        words = _(
            "In this format, cells that show an error of a formula (such as #N/A) are read as "
            "blank ones. Save the workbook as .xlsx to have them refused."
        )
        notes.append(Note("errors_unseen", str(words)))
    return notes
