"""Files of other shops, cell by cell: what every recipe for their products works with.

A `Header` knows the columns by key, a `Source` is one row with what is made of it, and `Remarks`
collects what is said once for the whole file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.imports import numbers, parse, refusals
from backoffice.imports.parse import Fault, Text
from backoffice.imports.recipes import ignored, named
from backoffice.imports.rows import Cell, Row, RowFault
from backoffice.imports.tables import Note, Table, header_key, is_blank

NAMES_SHOWN = 12
ROWS_LOOKED_AT = 200


class Header:
    """The columns of a file by key; where two releases of a shop differ, by the older one's."""

    def __init__(
        self, table: Table, *, known: Collection[str], aliases: Mapping[str, str] | None = None
    ) -> None:
        """known: keys that mean something; one of them twice is refused (DuplicateColumns)."""
        self.decimal = table.reading.decimal
        self.names: dict[str, str] = {}
        self.places: dict[str, int] = {}
        twice = []
        for place, name in enumerate(named(table.header)):
            key = header_key(name)
            key = (aliases or {}).get(key, key) or name
            if key not in self.places:
                self.names[key], self.places[key] = name, place
            elif key in known:
                twice += [self.names[key], name]
        if twice:
            raise refusals.DuplicateColumns(columns=", ".join(dict.fromkeys(twice)))

    def tell_decimal(self, table: Table, keys: Iterable[str]) -> None:
        """Find out by these columns which mark the file's numbers have before their decimals."""
        places = [self.places[key] for key in keys if key in self.places]
        rows = table.sample(ROWS_LOOKED_AT).rows
        told = numbers.detect_decimal(row[place] for row in rows for place in places)
        self.decimal = told or self.decimal

    def canonical(self, text: str) -> str:
        """Return a number with a point, without zeros that say nothing; other text as it is.

        Other shops write 29.0000 and 100.0000, for 29 and 100.
        """
        if not self.decimal:
            return text
        plain = numbers.normalised(text, self.decimal)
        if re.fullmatch(r"-?[0-9]+\.0+", plain):
            return plain.partition(".")[0]
        return re.sub(r"^([0-9]+\.[0-9]{2,}?)0+$", r"\1", plain)

    def written(self, number: str) -> str:
        """Return a number as this file writes it, to be read like all others of the file."""
        return number.replace(".", ",") if self.decimal == "," else number

    def __contains__(self, key: str) -> bool:
        return key in self.places

    def require(self, *names: str) -> None:
        """Refuse (MissingColumns) a file without these; several spellings are parted by “|”."""
        missing = [
            name
            for name in names
            if not any(header_key(spelling) in self.places for spelling in name.split("|"))
        ]
        if missing:
            raise refusals.MissingColumns(
                columns=", ".join(name.split("|")[0] for name in missing),
                found=", ".join(list(self.names.values())[:NAMES_SHOWN]),
            )

    def columns(self, read_from: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Return ours → the file's names, of what this file has a column for."""
        found = {
            ours: [self.names[key] for key in keys if key in self.names]
            for ours, keys in read_from.items()
        }
        return {ours: names for ours, names in found.items() if names}


class Source:
    """A row of the file, and the row of ours that is made of it."""

    __slots__ = ("_row", "cells", "header", "kinds", "line")

    def __init__(self, header: Header, line: int, cells: list[Any]) -> None:
        self.header, self.line, self.cells = header, line, cells
        self._row: Row | None = None
        self.kinds: set[str] = set()

    @property
    def row(self) -> Row:
        if self._row is None:
            self._row = Row(line=self.line, source=self.cells)
        return self._row

    def handed_on(self) -> Row:
        """Return the row of ours and forget it: a file's rows are not all held at once."""
        row, self._row = self.row, None
        return row

    def twin(self) -> Source:
        """Return the same row of the file, for another row of ours."""
        return Source(self.header, self.line, self.cells)

    def raw(self, key: str) -> Any:
        place = self.header.places.get(key)
        return None if place is None else self.cells[place]

    def text(self, key: str) -> str:
        """Return a cell as text; one that cannot be read is refused where its value is used."""
        value = self.raw(key)
        if value == "":
            return ""
        try:
            return parse.as_text(value)
        except Fault:
            return ""

    def number(self, key: str) -> str:
        """Return a cell as `Header.canonical` text."""
        return self.header.canonical(self.text(key))

    def has(self, key: str) -> bool:
        return not is_blank(self.raw(key))

    def put(self, column: str, key: str, value: Any = None, *, empties: bool = False) -> None:
        """Hand a value on as our column; without one: the cell as it is, if it says anything."""
        if value is None:
            value = self.raw(key)
            if is_blank(value) and not empties:
                return
        self.row.cells[column] = Cell(value, self.header.names.get(key, key), empties)

    def said(self, column: str) -> str:
        """Return what was put into a column of ours."""
        cell = self.row.cells.get(column)
        return "" if cell is None or cell.empties else str(cell.value or "")

    def refuse(
        self, key: str, code: str, message: Text, hint: Text = "", *, field: str = "", **facts: Any
    ) -> None:
        fault = Fault(code, message, hint, **facts)
        name = self.header.names.get(key, key)
        self.row.faults.append(RowFault(name, code, fault.message, fault.hint, field=field))

    def note(self, key: str, code: str, message: Text, **facts: Any) -> None:
        """Say something about this row alone."""
        name = self.header.names.get(key, key)
        self.row.notes.append(Note(code, str(message).format(**facts), name))


class Remarks:
    """What is said once for the file, with the number of its rows and the first of them.

    A sentence may use {count}, {line} and what the first `add` said.
    """

    def __init__(self) -> None:
        self._said: dict[str, tuple[Text, dict[str, Any], int, int, str]] = {}

    def add(self, code: str, message: Text, source: Source, key: str = "", **facts: Any) -> None:
        if code in self._said:
            message, facts, line, count, column = self._said[code]
            self._said[code] = message, facts, line, count + 1, column
        else:
            column = source.header.names.get(key, "")
            self._said[code] = message, facts, source.line, 1, column

    def notes(self) -> list[Note]:
        return [
            Note(code, str(message).format(count=count, line=line, **facts), column)
            for code, (message, facts, line, count, column) in self._said.items()
        ]


def sources_of(table: Table, header: Header) -> Iterator[Source]:
    for chunk in table.chunks():
        for line, cells in zip(chunk.lines, chunk.rows, strict=True):
            yield Source(header, line, cells)


def unused_columns(
    header: Header, sources: Collection[Source], used: Collection[str]
) -> list[Note]:
    """Return the note about columns that say something and are read for nothing."""
    names = [
        name
        for key, name in header.names.items()
        if key not in used and any(source.has(key) for source in sources)
    ]
    return [ignored(names)] if names else []


def pictures(sources: Iterable[Source], keys: Collection[str]) -> list[Note]:
    """Return the note that pictures are not loaded, when the file has any."""
    if not any(source.has(key) for source in sources for key in keys):
        return []
    words = _("Pictures are not loaded; add them to the products afterwards.")
    return [Note("images_not_loaded", str(words))]
