"""From the bytes of a file to a table: what it is, how it is written, which lines it has."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import IO

from django.conf import settings

from backoffice.imports import refusals
from backoffice.imports.delimited import head_of, open_delimited
from backoffice.imports.encodings import detect_encoding
from backoffice.imports.headers import MOSTLY, Merged, find_header
from backoffice.imports.numbers import detect_decimal, is_number_like
from backoffice.imports.sniff import refuse_structure, sniff
from backoffice.imports.tables import Chunk, Note, Reading, Source, Table, is_blank
from backoffice.imports.workbook import open_workbook

# What is looked at for the header, and kept as the sample.
HEAD_ROWS = 240
DETECTED = Reading()


def open_table(
    file: IO[bytes], *, reading: Reading = DETECTED, known: Collection[str] = ()
) -> Table:
    """Return the table of a file that stays open while the table is read.

    reading: what a person said about it; the rest is detected. known: keys of the column names
    that may be expected; they settle the delimiter and the header.
    Refuses: every FileRefused that belongs to the file and not to its columns.
    """
    if sniff(file, is_said_to_be_text=bool(reading.encoding)) == "workbook":
        book, notes = open_workbook(file, reading.sheet)
        said = replace(reading, encoding="", delimiter="", sheet=book.sheet)
        return _table(book, said, notes, known, sheets=book.sheets, merged=book.merged)
    encoding = detect_encoding(file, reading.encoding)
    refuse_structure(head_of(file, encoding))
    source, notes = open_delimited(file, encoding, reading.delimiter, known)
    said = replace(reading, encoding=encoding.codec, delimiter=source.delimiter, sheet="")
    return _table(source, said, notes, known)


def _table(
    source: Source,
    reading: Reading,
    notes: list[Note],
    known: Collection[str],
    *,
    sheets: Collection[str] = (),
    merged: Merged = (),
) -> Table:
    head = _head(source, HEAD_ROWS + max(reading.header_row or 0, 0))
    if not head.lines:
        raise refusals.EmptyFile
    header = find_header(head, reading=reading, known=known, merged=merged)
    if len(header.names) > settings.IMPORT_MAX_COLUMNS:
        raise refusals.TooManyColumns(count=len(header.names), limit=settings.IMPORT_MAX_COLUMNS)
    below = sum(line < header.first_line for line in head.lines)
    body = Chunk(head.lines[below:], head.rows[below:])
    if not body.lines:
        raise refusals.OnlyHeader
    return Table(
        header=header.names,
        reading=replace(
            reading,
            decimal=reading.decimal or _decimal(body),
            header_row=header.header_row,
            header_rows=header.header_rows,
        ),
        notes=[*notes, *header.notes],
        sheets=list(sheets),
        source=source,
        first_line=header.first_line,
        head=body,
    )


def _decimal(body: Chunk) -> str:
    """Return the decimal mark of the columns that are mostly numbers."""
    numbers: list[str] = []
    for column in range(max(map(len, body.rows))):
        texts = [r[column] for r in body.rows if column < len(r) and not is_blank(r[column])]
        found = [text for text in texts if isinstance(text, str) and is_number_like(text)]
        if found and len(found) >= MOSTLY * len(texts):
            numbers += found
    return detect_decimal(numbers)


def _head(source: Source, count: int) -> Chunk:
    head = Chunk([], [])
    for chunk in source.chunks(count):
        head.lines += chunk.lines
        head.rows += chunk.rows
        if len(head.lines) >= count:
            break
    return head
