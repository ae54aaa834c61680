"""Recipes: how the columns of a kind of file become the columns of a sheet."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from itertools import islice
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from backoffice.imports import refusals
from backoffice.imports.columns import Column
from backoffice.imports.parse import Fault, Text
from backoffice.imports.rows import Row
from backoffice.imports.tables import Chunk, Note, Table, header_key

# What the sheet of refused rows adds to the file's own columns; so it can be sent again as it is.
REPORT_COLUMNS = ("line", "reason")
ROWS_A_CHUNK = 5_000


class _Empties:
    """A cell that empties its field, where a blank one leaves it as it is."""

    def __repr__(self) -> str:
        return "EMPTIES"


EMPTIES: Final = _Empties()


@dataclass(frozen=True)
class Found:
    """A finding on one row of a chunk. place: from 0. field: ours; column: the file's."""

    place: int
    field: str
    column: str
    code: str
    message: str
    hint: str = ""
    is_warning: bool = False


@dataclass
class MappedChunk:
    """Some rows in our columns.

    columns: ours → a raw cell per row; None: the file says nothing, EMPTIES: it empties the field.
    names: ours → what the file calls it, for all rows or for each.
    """

    lines: list[int]
    columns: Mapping[str, Sequence[Any]]
    names: Mapping[str, str | list[str]]
    findings: list[Found] = field(default_factory=list)


@dataclass
class Mapped:
    """What a recipe makes of a table. columns: ours → the file's names that it is read from.

    notes: complete when all chunks have been taken.
    """

    columns: dict[str, list[str]]
    chunks: Iterable[MappedChunk]
    notes: list[Note] = field(default_factory=list)


class Recipe(ABC):
    """The base of all recipes; one for each kind of file."""

    name: str
    label: Text
    help_text: Text = ""
    # How a file of this kind is loaded unless a person says otherwise.
    mode: str = ""
    # Made by a person for exactly such a header: it goes before those that come with a sheet.
    is_own: bool = False

    @abstractmethod
    def known(self) -> frozenset[str]:
        """Return the keys of the column names that this kind of file uses."""

    @abstractmethod
    def recognises(self, keys: frozenset[str]) -> bool:
        """Return whether a header with these keys can be of this kind."""

    @abstractmethod
    def map(self, table: Table, *, ignore_unknown: bool, now: datetime) -> Mapped:
        """Return the sheet's rows. Refuses: UnknownColumns, MissingColumns, DuplicateColumns."""


class ColumnRecipe(Recipe):
    """The base of recipes that take columns as they are: each of ours from one of the file's."""

    @abstractmethod
    def places(self, table: Table, *, ignore_unknown: bool) -> tuple[dict[str, int], list[Note]]:
        """Return ours → the place of the file's column, and notes. Refuses as `map`."""

    def map(self, table: Table, *, ignore_unknown: bool, now: datetime) -> Mapped:
        places, notes = self.places(table, ignore_unknown=ignore_unknown)
        names = named(table.header)
        called = {ours: names[at] for ours, at in places.items()}
        chunks = (_picked(chunk, places, called, len(names)) for chunk in table.chunks())
        return Mapped({ours: [name] for ours, name in called.items()}, chunks, notes)


class StandardRecipe(ColumnRecipe):
    """The sheet's own columns under their own names, whatever the case and the separators."""

    def __init__(
        self,
        name: str,
        label: Text,
        columns: Sequence[Column],
        required: str,
        *others: str,
    ) -> None:
        """others: columns that may stand in place of the required one."""
        self.name, self.label = name, label
        self.columns = {column.column_name: column for column in columns}
        self.required, self.keys = required, {required, *others}

    def known(self) -> frozenset[str]:
        return frozenset(self.columns)

    def recognises(self, keys: frozenset[str]) -> bool:
        return self.required in keys

    def places(self, table: Table, *, ignore_unknown: bool) -> tuple[dict[str, int], list[Note]]:
        names = named(table.header)
        refuse_duplicates(names)
        if self.keys.isdisjoint(header_key(name) for name in names):
            found = ", ".join(names[:12])
            raise refusals.MissingColumns(columns=self.required, found=found)
        used = {place: header_key(name) for place, name in enumerate(names)}
        unknown = {
            place: names[place]
            for place, key in used.items()
            if key not in {*self.columns, *REPORT_COLUMNS} and not is_blank(table, place)
        }
        if unknown and not ignore_unknown:
            raise self._unknown(list(unknown.values()))
        notes = [ignored(list(unknown.values()))] if unknown else []
        return {key: place for place, key in used.items() if key in self.columns}, notes

    def _unknown(self, names: list[str]) -> refusals.UnknownColumns:
        for name in names:
            if close := get_close_matches(header_key(name), self.columns, n=1, cutoff=0.75):
                return refusals.UnknownColumns(
                    columns=", ".join(names),
                    hint=refusals.MEANT_HINT,
                    name=name,
                    close=close[0],
                )
        return refusals.UnknownColumns(columns=", ".join(names))


class AssignedRecipe(ColumnRecipe):
    """Columns that a person assigned, by the names in the file."""

    name = "assigned"
    label: Text = _("Assigned by hand")

    def __init__(self, mapping: Mapping[str, str], known: Iterable[str] = ()) -> None:
        self.mapping = {header_key(theirs): ours for theirs, ours in mapping.items()}
        self.ours = frozenset(known)

    def known(self) -> frozenset[str]:
        return frozenset(self.mapping)

    def recognises(self, keys: frozenset[str]) -> bool:
        return False  # it is asked for, never guessed

    def places(self, table: Table, *, ignore_unknown: bool) -> tuple[dict[str, int], list[Note]]:
        places: dict[str, int] = {}
        aside = []
        for place, name in enumerate(named(table.header)):
            ours = self.mapping.get(header_key(name), "")
            if not ours:
                if header_key(name) not in REPORT_COLUMNS and not is_blank(table, place):
                    aside.append(name)
                continue
            if self.ours and ours not in self.ours:
                raise refusals.UnknownColumns(columns=ours)
            if ours in places:
                raise refusals.DuplicateColumns(columns=ours)
            places[ours] = place
        return places, [ignored(aside)] if aside else []


class RowRecipe(Recipe):
    """The base of recipes that look at whole rows, or at several together."""

    @abstractmethod
    def rows(self, table: Table, *, now: datetime) -> RowsMade:
        """Return the sheet's rows. Refuses: MissingColumns, DuplicateColumns."""

    def map(self, table: Table, *, ignore_unknown: bool, now: datetime) -> Mapped:
        made = self.rows(table, now=now)
        chunks = _chunked(made.rows, made.columns, len(table.header))
        return Mapped(made.columns, chunks, made.notes)


@dataclass
class RowsMade:
    """Rows with cells under our names. columns: as of `Mapped`; notes: complete at the end."""

    rows: Iterable[Row]
    columns: dict[str, list[str]]
    notes: list[Note] = field(default_factory=list)


def _picked(
    chunk: Chunk, places: Mapping[str, int], called: Mapping[str, str], width: int
) -> MappedChunk:
    sides = list(zip(*chunk.rows, strict=False)) if chunk.rows else []
    columns = {ours: sides[at] for ours, at in places.items() if at < len(sides)}
    return MappedChunk(chunk.lines, columns, called, _too_wide(chunk.rows, width))


def _too_wide(rows: Sequence[Sequence[Any]], width: int) -> list[Found]:
    if max(map(len, rows), default=0) <= width:
        return []
    found = []
    for place, row in enumerate(rows):
        if len(row) > width:
            fault = Fault(
                "too_many_cells",
                _("The row has {count} cells, the header {width} columns."),
                _("A delimiter inside a cell needs quotation marks around the cell."),
                count=len(row),
                width=width,
            )
            found.append(Found(place, "", "", fault.code, fault.message, fault.hint))
    return found


def _chunked(
    rows: Iterable[Row], layout: Mapping[str, list[str]], width: int
) -> Iterator[MappedChunk]:
    stream = iter(rows)
    while some := list(islice(stream, ROWS_A_CHUNK)):
        columns: dict[str, list[Any]] = {}
        names: dict[str, str | list[str]] = {}
        for name, theirs in layout.items():
            cells = [row.cells.get(name) for row in some]
            columns[name] = [
                None if cell is None else EMPTIES if cell.empties else cell.value for cell in cells
            ]
            names[name] = [theirs[0] if cell is None else cell.source for cell in cells]
        findings = _too_wide((row.source for row in some), width)
        for place, row in enumerate(some):
            findings += [
                Found(place, fault.field, fault.column, fault.code, fault.message, fault.hint)
                for fault in row.faults
            ]
            findings += [
                Found(place, "", note.column, note.code, note.message, is_warning=True)
                for note in row.notes
            ]
        yield MappedChunk([row.line for row in some], columns, names, findings)


def is_blank(table: Table, place: int) -> bool:
    """A column without a name is only noticed when there is something in it."""
    if table.header[place]:
        return False
    return not any(str(row[place] or "").strip() for chunk in table.chunks() for row in chunk.rows)


def fingerprint(header: Sequence[str]) -> str:
    """Return what two files of one supplier have in common: their columns, in whatever order."""
    keys = sorted({header_key(name) for name in header} - {""} - set(REPORT_COLUMNS))
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()


def named(header: Sequence[str]) -> list[str]:
    """Return the header with a name for columns that have none."""
    return [name or str(refusals.NAMELESS).format(place=at) for at, name in enumerate(header, 1)]


def refuse_duplicates(names: Sequence[str]) -> None:
    # Of a name in other letters than ours no key is left: then it is the name itself.
    keys = [header_key(name) or name.casefold() for name in names]
    counts = Counter(keys)
    if twice := [name for name, key in zip(names, keys, strict=True) if counts[key] > 1]:
        raise refusals.DuplicateColumns(columns=", ".join(dict.fromkeys(twice)))


def ignored(names: Sequence[str]) -> Note:
    """Return the note that columns were left aside."""
    return Note("columns_ignored", str(refusals.IGNORED).format(columns=", ".join(names)))


def choose(recipes: Sequence[Recipe], table: Table, name: str = "") -> Recipe:
    """Return the recipe of this name, or the one whose known columns fit the header best.

    Refuses: UnknownRecipe. A header that fits none is left to the first one, to say what it lacks.
    """
    if name:
        by_name: dict[str, Any] = {recipe.name: recipe for recipe in recipes}
        if name not in by_name:
            raise refusals.UnknownRecipe(recipe=name, known=", ".join(by_name))
        return by_name[name]
    keys = frozenset(header_key(column) for column in table.header)
    fitting = [recipe for recipe in recipes if recipe.recognises(keys)] or recipes[:1]
    return max(fitting, key=lambda recipe: (recipe.is_own, len(recipe.known() & keys)))
