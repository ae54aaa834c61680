"""A file as a table: header and rows with their line numbers, whatever it was stored as."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from django.conf import settings

from backoffice.imports import refusals


@dataclass(frozen=True)
class Note:
    """Something that a person should know, though nothing is refused for it."""

    code: str
    message: str
    column: str = ""

    def as_json(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True)
class Reading:
    """How a file is read. What is blank or None is detected; of a table nothing is left so.

    encoding: a codec's name, "cp1252". delimiter: one character. decimal: "." or ",", and ""
    where no number of the file tells. sheet: a workbook's, by its name.
    header_row: the line that the header begins on, from 1; 0: there is none.
    header_rows: how many rows it spans.
    """

    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    sheet: str = ""
    header_row: int | None = None
    header_rows: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Reading:
        """Return what was kept; names that are not known are left out."""
        return cls(**{name: said[name] for name in cls.__dataclass_fields__ if name in said})


@dataclass
class Chunk:
    """Some rows of the file; a line is the physical one that the row begins on, from 1.

    A cell is text, or in a workbook also a number, a truth value, a date or a time.
    """

    lines: list[int]
    rows: list[list[Any]]


class Source(Protocol):
    """Where rows come from; each call reads the file anew, header and all."""

    def chunks(self, size: int) -> Iterator[Chunk]:
        """Yield the rows that are not blank, un-quoted, `size` or fewer at a time."""


class Table:
    """The header and the rows below it; the rows are read when they are asked for."""

    def __init__(
        self,
        *,
        header: list[str],
        reading: Reading,
        notes: list[Note],
        sheets: list[str],
        source: Source,
        first_line: int,
        head: Chunk,
    ) -> None:
        """first_line: the rows above it are the header, or stand above it. head: the first rows."""
        self.header = header
        self.reading = reading
        self.notes = notes
        self.sheets = sheets
        self._source = source
        self._first_line = first_line
        self._head = head

    def chunks(self, size: int = 5_000) -> Iterator[Chunk]:
        """Yield the rows, each as wide as the header or wider; reads the file anew.

        Refuses, while it is read: TooManyRows, and every FileRefused of a row that cannot be.
        """
        count, width = 0, len(self.header)
        for chunk in self._source.chunks(size):
            if chunk.lines[0] < self._first_line:
                above = bisect_left(chunk.lines, self._first_line)
                del chunk.lines[:above], chunk.rows[:above]
            if set(map(len, chunk.rows)) != {width}:
                for row in chunk.rows:
                    _fit(row, width)
            count += len(chunk.rows)
            if count > settings.IMPORT_MAX_ROWS:
                raise refusals.TooManyRows(limit=settings.IMPORT_MAX_ROWS)
            if chunk.rows:
                yield chunk

    def sample(self, count: int = 200) -> Chunk:
        """Return the first rows, or as many as were looked at to find the header."""
        lines, rows = self._head.lines[:count], self._head.rows[:count]
        return Chunk(lines, [fitted(row, len(self.header)) for row in rows])


def is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and (not cell or cell.isspace()))


def fitted(row: list[Any], width: int) -> list[Any]:
    """Return a copy of a row that is as wide as the header, or wider."""
    copy = list(row)
    _fit(copy, width)
    return copy


def _fit(row: list[Any], width: int) -> None:
    """Fill up a short row; cut blank cells beyond the header, leave others to be refused."""
    while len(row) > width and is_blank(row[-1]):
        row.pop()
    row += [""] * (width - len(row))


# What a spreadsheet program would take for a formula, with any quoting before it.
_FORMULA = re.compile("'*[=+\\-@\t\r\n]")
_QUOTED = re.compile("'+[=+\\-@\t\r\n]")


def quoted(text: str) -> str:
    """Return text that no spreadsheet program runs: an apostrophe stands before a formula.

    Text that would look quoted gets one more, so that `unquoted` undoes it without a doubt.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unquoted(text: str) -> str:
    """Undo `quoted`, only where it would have put the apostrophe."""
    return text[1:] if _QUOTED.match(text) else text


def header_key(name: str) -> str:
    """Return what makes two spellings of a column's name one: "Compare at price", compare_at_price.

    >>> header_key(" Compare-at Price ")
    'compare_at_price'
    """
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")
