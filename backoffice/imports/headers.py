"""Where the header of a table is, over how many rows it goes, and what its columns are called."""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.imports import refusals
from backoffice.imports.parse import shown
from backoffice.imports.tables import Chunk, Note, Reading, header_key, is_blank

# A header is looked for in the first rows that are not blank.
LOOKED_AT_ROWS = 30
# One known name may be a word of a title or of a product; two beside each other are a header.
KNOWN_MATTERS_FROM = 2
# A title fills at most a third of the columns that the table below it has.
TITLE_FILLS = 3
# Nobody names a column at this length.
LONGEST_NAME = 100
MOSTLY = 0.8
MOST_HEADER_ROWS = 20
RISING_FROM = 3

_NUMBER = re.compile(r"[+-]?[^\w\s]?\s?\d[\d.,' \u00a0\u202f]*%?")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ]\d{1,2}:\d{2}.*)?")
_YEAR = re.compile(r"(?:19|20)\d\d(?:\.0)?")

Merged = Sequence[tuple[tuple[int, int], tuple[int, int]]]


@dataclass
class Header:
    """What was found. first_line: where the rows below the header begin."""

    names: list[str]
    header_row: int
    header_rows: int
    first_line: int
    notes: list[Note] = field(default_factory=list)


def find_header(
    head: Chunk, *, reading: Reading, known: Collection[str], merged: Merged = ()
) -> Header:
    """Return the header of a table from its first rows.

    head: rows that are not blank. merged: a workbook's merged cells, (row, column) from 0, both
    ends included. What a person said counts; else the row with most known names; else the first
    row that is no title, unless it looks like a row of data.
    Refuses: NoSuchLine.
    """
    if reading.header_row == 0:
        return _without(head, [])
    if reading.header_row is not None:
        place = bisect_left(head.lines, reading.header_row)
        if place == len(head.lines):
            raise refusals.NoSuchLine(line=reading.header_row)
        return _with(head, place, reading.header_rows, merged, [])
    place = _known_place(head, known)
    is_known = place is not None
    if place is None:
        place = _place_below_titles(head)
    rows = reading.header_rows
    if not rows and not is_known:
        rows = 0 if _merged_rows(head, place, merged) > 1 else _rows_that_belong(head, place)
        if rows <= 1 and _is_data(head, place):
            words = _("No header was found: the columns are numbered, and line {line} is data.")
            return _without(head, [Note("no_header", str(words).format(line=head.lines[0]))])
    found = _with(head, place, rows, merged, [])
    found.notes = _told(head, place, found)
    return found


def _without(head: Chunk, notes: list[Note]) -> Header:
    width = max((_extent(row) for row in head.rows), default=0)
    names = [str(_("Column {number}")).format(number=number + 1) for number in range(width)]
    return Header(names, 0, 0, head.lines[0] if head.lines else 1, notes)


def _with(head: Chunk, place: int, rows: int, merged: Merged, notes: list[Note]) -> Header:
    """Return the header that begins at a place; rows: how many it spans, 0: as it is merged."""
    first = head.lines[place]
    span = rows or _merged_rows(head, place, merged)
    end = place + 1
    if rows or span == 1:
        end = min(place + max(span, 1), len(head.lines))
        below = head.lines[end] if end < len(head.lines) else head.lines[-1] + 1
    else:
        below = first + span
        end = bisect_left(head.lines, below)
    names = _names(head, place, end, merged)
    return Header(names, first, max(span, 1), below, notes)


def _told(head: Chunk, place: int, found: Header) -> list[Note]:
    notes = []
    if place:
        words = _(
            "The header was found on line {line}; what stands above it was not read: {above}."
        )
        above = "; ".join(_first_words(row) for row in head.rows[:place][:3])
        notes.append(
            Note("header_found", str(words).format(line=found.header_row, above=shown(above, 120)))
        )
    if found.header_rows > 1:
        words = _("The header spans lines {first} to {last}; the names were joined.")
        notes.append(
            Note(
                "header_joined",
                str(words).format(
                    first=found.header_row, last=found.header_row + found.header_rows - 1
                ),
            )
        )
    return notes


def _first_words(row: list[Any]) -> str:
    return next((shown(cell, 40) for cell in row if not is_blank(cell)), "")


# --- Where it is --------------------------------------------------------------------------------


def _known_place(head: Chunk, known: Collection[str]) -> int | None:
    counts = [
        sum(isinstance(cell, str) and header_key(cell) in known for cell in row)
        for row in head.rows[:LOOKED_AT_ROWS]
    ]
    best = max(counts, default=0)
    if best >= KNOWN_MATTERS_FROM:
        return counts.index(best)
    # A narrow sheet: the first row with a known name that fills it.
    place = _place_below_titles(head)
    return place if head.rows and counts[place] else None


def _place_below_titles(head: Chunk) -> int:
    """Return the first row that fills more than a title does."""
    filled = [_filled(row) for row in head.rows]
    usual = sorted(filled)[len(filled) // 2] if filled else 0
    for place, count in enumerate(filled[:LOOKED_AT_ROWS]):
        if count > max(1, usual // TITLE_FILLS) or usual <= 1:
            return place
    return 0


def _is_data(head: Chunk, place: int) -> bool:
    """Whether a row looks like the rows below it and not like their names."""
    row, body = head.rows[place], head.rows[place + 1 :]
    if not body:
        return False
    for_data = repeats = 0
    numbers = [str(cell) for cell in row if _is_value(cell)]
    if numbers and len(numbers) < _filled(row) and _is_scale(numbers):
        return False
    for column, cell in enumerate(row):
        if is_blank(cell):
            continue
        below = [r[column] for r in body if column < len(r) and not is_blank(r[column])]
        if not below:
            continue
        values = sum(map(_is_value, below))
        if _is_value(cell):
            for_data += values >= MOSTLY * len(below)
        elif values >= MOSTLY * len(below):
            return False
        else:
            repeats += str(cell) in map(str, below) or len(str(cell)) > LONGEST_NAME
    return for_data > 0 or repeats > 1


def _is_value(cell: Any) -> bool:
    """Whether a cell is a number, a truth value or a date: what columns are not called."""
    if isinstance(cell, str):
        text = cell.strip()
        return bool(_NUMBER.fullmatch(text) or _DATE.fullmatch(text))
    return isinstance(cell, int | float | dt.date | dt.time | dt.timedelta)


def _is_scale(numbers: list[str]) -> bool:
    """Whether numbers name columns: years, or three and more that rise, such as sizes."""
    if all(map(_YEAR.fullmatch, numbers)):
        return len(set(numbers)) == len(numbers)
    if len(numbers) < RISING_FROM or not all(number.isdigit() for number in numbers):
        return False
    rising = [int(number) for number in numbers if len(number) <= LONGEST_NAME]
    return all(one < next_one for one, next_one in pairwise(rising))


# --- Over how many rows -------------------------------------------------------------------------


def _merged_rows(head: Chunk, place: int, merged: Merged) -> int:
    """Return how many rows of a workbook the cells span that are merged in the header's row."""
    line = head.lines[place]
    last = line
    for (top, left), (bottom, right) in merged:
        if top + 1 == line:
            # Cells that are merged across have names below them, each for its own column.
            last = max(last, bottom + 1, line + 1 if right > left and top == bottom else line)
    return min(last - line + 1, MOST_HEADER_ROWS)


def _rows_that_belong(head: Chunk, place: int) -> int:
    """Return 2 where a row names groups and the row below it their columns, else 1.

    Only when the second row cannot be data: columns hold values from the third row on.
    """
    if place + 2 >= len(head.rows):
        return 1
    groups, names, body = head.rows[place], head.rows[place + 1], head.rows[place + 2 :]
    width = max(_extent(groups), _extent(names))
    gaps = [
        column
        for column in range(1, width)
        if is_blank(_cell(groups, column)) and not is_blank(_cell(names, column))
    ]
    if not gaps or any(map(_is_value, names)) or any(map(_is_value, groups)):
        return 1
    if any(len(str(cell)) > LONGEST_NAME for cell in names):
        return 1
    for column in range(width):
        if is_blank(_cell(groups, column)) and is_blank(_cell(names, column)):
            return 1
    for column in gaps:
        below = [r[column] for r in body if column < len(r) and not is_blank(r[column])]
        if below and sum(map(_is_value, below)) >= MOSTLY * len(below):
            return 2
    return 1


# --- What its columns are called ----------------------------------------------------------------


def _names(head: Chunk, place: int, end: int, merged: Merged) -> list[str]:
    rows = head.rows[place:end]
    width = max((_extent(row) for row in rows), default=0)
    for (top, _left), (_bottom, right) in merged:
        if any(top + 1 == line for line in head.lines[place:end]):
            width = max(width, right + 1)
    texts = [[_text(_cell(row, column)) for column in range(width)] for row in rows]
    if len(rows) > 1:
        for level, row in enumerate(texts[:-1]):
            _fill_right(row, texts[level + 1 :], head.lines[place + level], merged)
    names = []
    for column in range(width):
        parts = list(dict.fromkeys(row[column] for row in texts if row[column]))
        names.append(shown(" ".join(parts), 80))
    while names and not names[-1]:
        names.pop()
    return names


def _fill_right(row: list[str], below: list[list[str]], line: int, merged: Merged) -> None:
    """Write a group's name over each of its columns.

    Where a workbook does not tell which cells are merged, a blank one with a name below it.
    """
    for (top, left), (bottom, right) in merged:
        if top + 1 <= line <= bottom + 1 and left < len(row):
            row[left : right + 1] = [row[left]] * (min(right + 1, len(row)) - left)
    if merged:
        return
    for column in range(1, len(row)):
        if not row[column] and any(names[column] for names in below):
            row[column] = row[column - 1]


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell if cell is not None else "").split())


def _cell(row: list[Any], column: int) -> Any:
    return row[column] if column < len(row) else None


def _filled(row: list[Any]) -> int:
    return sum(not is_blank(cell) for cell in row)


def _extent(row: list[Any]) -> int:
    """Return how many columns a row has, without blank ones at its end."""
    end = len(row)
    while end and is_blank(row[end - 1]):
        end -= 1
    return end
