"""A file as a table: header and rows with their line numbers, whatever it was stored as."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Note:
    """Something that a person should know, though nothing is refused for it."""

    code: str
    message: str
    column: str = ""

    def as_json(self) -> dict[str, str]:
        return asdict(self)


@dataclass
class SourceRow:
    """One row of the file; `line` is the physical line that it begins on, from 1."""

    line: int
    cells: list[Any]


@dataclass
class Table:
    header: list[str]
    rows: list[SourceRow]
    notes: list[Note] = field(default_factory=list)


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
    return re.sub(r"[^0-9a-z]+", "_", name.casefold()).strip("_")
