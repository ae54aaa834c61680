"""Text files: encoding and delimiter detected, rows with the line that a text editor shows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator
from itertools import chain

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from backoffice.imports import refusals
from backoffice.imports.tables import Note, SourceRow, header_key

DELIMITERS = ",;\t|"
# What is looked at for the header: less than the longest cell that csv reads without an error.
HEAD_CHARS = 100_000

# A cell that is not blank, whichever the delimiter will be.
_WRITTEN = re.compile(rf"[^\s{DELIMITERS}]")
# Swallowed by a cell whose quotation mark is never closed; no real line is like it.
_END = "\x00end\x00"
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"),
    (b"\xff\xfe\x00\x00", "utf-32", "UTF-32"),
    (b"\x00\x00\xfe\xff", "utf-32", "UTF-32"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)


def decode(content: bytes) -> tuple[str, list[Note]]:
    """Return the text of a file, and what had to be guessed about its encoding.

    Refuses: UnreadableText.
    """
    for bom, codec, name in _BOMS:
        if content.startswith(bom):
            try:
                return content.decode(codec), []
            except UnicodeDecodeError as error:
                why = _("it says it is {name} and is not").format(name=name)
                raise refusals.UnreadableText(why=why) from error
    try:
        return content.decode("utf-8"), []
    except UnicodeDecodeError:
        pass
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise refusals.UnreadableText(why=_("it is neither UTF-8 nor Windows-1252")) from error
    return text, [
        Note(
            "encoding_guessed",
            str(
                _(
                    "The file is not UTF-8; it was read as Windows-1252. "
                    "Check that accented letters look right below."
                )
            ),
        )
    ]


def detect_delimiter(text: str, known: Collection[str]) -> str:
    """Return the delimiter that makes most columns known, then the one that makes most columns.

    known: keys of column names that the sheet's formats use.
    """
    found = ",", (0, 0)
    head = text.lstrip()[:HEAD_CHARS]
    for delimiter in DELIMITERS:
        rows = csv.reader(_lines(head), delimiter=delimiter)
        first = next((cells for cells in rows if any(map(_WRITTEN.search, cells))), [])
        score = sum(header_key(name) in known for name in first), len(first)
        if score > found[1]:
            found = delimiter, score
    return found[0]


def read_delimited(
    content: bytes, known: Collection[str]
) -> tuple[list[Note], Iterator[SourceRow]]:
    """Return notes, and the rows that are not blank, the header first.

    Refuses, while it is read: UnreadableText, UnclosedQuote, CellTooLong.
    """
    text, notes = decode(content)
    skipped = 0
    # Excel's own way to name the delimiter; what it cannot be is the header's first line.
    if (said := re.match(r'sep=([^\w"\x00\r\n])(?:\r\n|\r|\n)', text)) is not None:
        text, skipped = text[said.end() :], 1
        return notes, _rows(text, said.group(1), skipped)
    return notes, _rows(text, detect_delimiter(text, known), skipped)


def _lines(text: str) -> Iterator[str]:
    """Split at LF, CRLF and a bare CR, keeping the ends: csv counts these as lines."""
    return iter(io.StringIO(text, newline=""))


def _rows(text: str, delimiter: str, skipped: int) -> Iterator[SourceRow]:
    reader = csv.reader(chain(_lines(text), [_END]), delimiter=delimiter)
    line, limit = 1 + skipped, settings.IMPORT_MAX_CELL_CHARS
    try:
        for cells in reader:
            if cells == [_END]:
                return
            if cells and _END in cells[-1]:
                raise refusals.UnclosedQuote(line=line)
            if any(len(cell) > limit for cell in cells):
                raise refusals.CellTooLong(line=line, limit=limit)
            if any(cell.strip() for cell in cells):
                yield SourceRow(line, list(cells))
            line = reader.line_num + 1 + skipped
    except csv.Error as error:
        raise refusals.CellTooLong(line=line, limit=limit) from error
