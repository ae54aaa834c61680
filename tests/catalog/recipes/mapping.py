"""A recipe alone: a file in, our rows out, before anything is parsed or planned."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from backoffice.imports.read import open_table
from backoffice.imports.recipes import EMPTIES, Recipe, StandardRecipe, choose
from backoffice.imports.tables import Note
from catalog.resources import ProductResource
from catalog.sheets.recipes import RECIPES

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


@dataclass
class MappedFile:
    """rows: without what the file says nothing about. faults and warnings: line, column, code."""

    recipe: Recipe
    rows: list[dict[str, Any]]
    faults: list[tuple[int, str, str]]
    warnings: list[tuple[int, str, str]]
    words: list[str]
    notes: dict[str, str]
    columns: dict[str, list[str]]

    def __getitem__(self, sku: str) -> dict[str, Any]:
        """Return the one row with this SKU."""
        (row,) = [row for row in self.rows if row.get("sku") == sku]
        return row

    @property
    def parents(self) -> list[dict[str, Any]]:
        named = {row.get("parent_sku") for row in self.rows}
        return [row for row in self.rows if row.get("sku") in named]

    @property
    def variants(self) -> list[dict[str, Any]]:
        return [row for row in self.rows if row.get("parent_sku")]


def recipes() -> list[Recipe]:
    columns = list(ProductResource().fields.values())
    return [StandardRecipe("standard", "", columns, "sku"), *(recipe() for recipe in RECIPES)]


def map_file(content: bytes, *, recipe: str = "", now: datetime = NOON) -> MappedFile:
    """Map a file by the recipe of this name, or by the one that recognises its header."""
    table = open_table(io.BytesIO(content))
    chosen = choose(recipes(), table, recipe)
    mapped = chosen.map(table, ignore_unknown=False, now=now)
    made = MappedFile(chosen, [], [], [], [], {}, mapped.columns)
    for chunk in mapped.chunks:
        for at, line in enumerate(chunk.lines):
            cells = {ours: side[at] for ours, side in chunk.columns.items()}
            row = {ours: cell for ours, cell in cells.items() if cell is not None}
            made.rows.append({"line": line, **row})
        for found in chunk.findings:
            where = (chunk.lines[found.place], found.column, found.code)
            (made.warnings if found.is_warning else made.faults).append(where)
            made.words.append(f"{found.message} {found.hint}".strip())
    made.notes = {note.code: note.message for note in [*table.notes, *mapped.notes]}
    assert all(isinstance(note, Note) for note in mapped.notes)
    return made


def map_rows(
    header: Sequence[str], *rows: Sequence[str], recipe: str = "", now: datetime = NOON
) -> MappedFile:
    """As `map_file`, from cells."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, *rows])
    return map_file(out.getvalue().encode(), recipe=recipe, now=now)


def emptied(row: dict[str, Any]) -> set[str]:
    return {ours for ours, cell in row.items() if cell is EMPTIES}
