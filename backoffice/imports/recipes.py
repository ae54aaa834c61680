"""Recipes: how the columns of a kind of file become the columns of a sheet."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from backoffice.imports import refusals
from backoffice.imports.columns import Column
from backoffice.imports.parse import Text
from backoffice.imports.rows import Cell, Row
from backoffice.imports.tables import Note, Table, header_key

# What the sheet of refused rows adds to the file's own columns; so it can be sent again as it is.
REPORT_COLUMNS = ("line", "reason")


@dataclass
class Mapped:
    """What a recipe made of a table. columns: ours → the file's names that it is read from."""

    rows: list[Row]
    columns: dict[str, list[str]]
    notes: list[Note] = field(default_factory=list)


class Recipe(ABC):
    """The base of all recipes; one for each kind of file."""

    name: str
    label: Text
    help_text: Text = ""

    @abstractmethod
    def known(self) -> frozenset[str]:
        """Return the keys of the column names that this kind of file uses."""

    @abstractmethod
    def recognises(self, keys: frozenset[str]) -> bool:
        """Return whether a header with these keys can be of this kind."""

    @abstractmethod
    def map(self, table: Table, *, ignore_unknown: bool, now: datetime) -> Mapped:
        """Return the sheet's rows. Refuses: UnknownColumns, MissingColumns, DuplicateColumns."""


class StandardRecipe(Recipe):
    """The sheet's own columns under their own names, whatever the case and the separators."""

    def __init__(self, name: str, label: Text, columns: Sequence[Column], required: str) -> None:
        self.name, self.label = name, label
        self.columns = {column.column_name: column for column in columns}
        self.required = required

    def known(self) -> frozenset[str]:
        return frozenset(self.columns)

    def recognises(self, keys: frozenset[str]) -> bool:
        return self.required in keys

    def map(self, table: Table, *, ignore_unknown: bool, now: datetime) -> Mapped:
        names = named(table.header)
        refuse_duplicates(names)
        if self.required not in {header_key(name) for name in names}:
            found = ", ".join(names[:12])
            raise refusals.MissingColumns(columns=self.required, found=found)
        used = {place: header_key(name) for place, name in enumerate(names)}
        unknown = {
            place: names[place]
            for place, key in used.items()
            if key not in {*self.columns, *REPORT_COLUMNS} and not self._is_blank(table, place)
        }
        notes = []
        if unknown and not ignore_unknown:
            raise self._unknown(list(unknown.values()))
        if unknown:
            notes.append(ignored(list(unknown.values())))
        places = {place: key for place, key in used.items() if key in self.columns}
        rows = [
            Row(
                line=source.line,
                source=source.cells,
                cells={key: Cell(source.cells[at], names[at]) for at, key in places.items()},
            )
            for source in table.rows
        ]
        return Mapped(rows, {key: [names[at]] for at, key in places.items()}, notes)

    def _is_blank(self, table: Table, place: int) -> bool:
        """A column without a name is only noticed when there is something in it."""
        return not table.header[place] and not any(
            str(row.cells[place] or "").strip() for row in table.rows
        )

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


def named(header: Sequence[str]) -> list[str]:
    """Return the header with a name for columns that have none."""
    return [name or str(refusals.NAMELESS).format(place=at) for at, name in enumerate(header, 1)]


def refuse_duplicates(names: Sequence[str]) -> None:
    counts = Counter(header_key(name) for name in names)
    if twice := [name for name in names if counts[header_key(name)] > 1]:
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
    return max(fitting, key=lambda recipe: len(recipe.known() & keys))
