"""The corrected sheet of refused rows: which rows it is about, and what the file says with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.imports import receive, refusals
from backoffice.imports.choices import Choices
from backoffice.imports.error_sheet import cell_text
from backoffice.imports.read import open_table
from backoffice.imports.recipes import REPORT_COLUMNS, ColumnRecipe, Found, MappedChunk
from backoffice.imports.runs import recipe_of
from backoffice.imports.sheets import sheet
from backoffice.imports.stage import storable
from backoffice.imports.tables import Chunk, Note, Reading, Table, header_key
from backoffice.models import ImportRun
from backoffice.models.imports import Verdict

MOST_LINE_DIGITS = 9


class NoLines(refusals.RunRefused):
    sentence = _("The corrected file does not say which lines it corrects.")
    hint = _("Use the sheet of refused rows with its column “line”.")
    http_status = 422


class OtherLines(refusals.RunRefused):
    """facts: lines."""

    sentence = _("These lines are not among the refused ones: {lines}.")
    hint = _("Use the sheet of refused rows of this very import.")
    http_status = 422


class LinesTwice(refusals.RunRefused):
    """facts: lines."""

    sentence = _("The corrected file has these lines more than once: {lines}.")
    hint = _("Keep one row for each line.")
    http_status = 422


class Corrected(Table):
    """A run's file with corrected lines in the place of what it said."""

    def __init__(self, table: Table, corrections: Mapping[str, Sequence[Any]]) -> None:
        self.header: list[str] = table.header
        self.reading: Reading = table.reading
        self.notes: list[Note] = table.notes
        self.sheets: list[str] = table.sheets
        self._table, self._corrections = table, corrections

    def chunks(self, size: int = 5_000) -> Iterator[Chunk]:
        for chunk in self._table.chunks(size):
            yield self._corrected(chunk)

    def sample(self, count: int = 200) -> Chunk:
        return self._corrected(self._table.sample(count))

    def _corrected(self, chunk: Chunk) -> Chunk:
        said = zip(chunk.lines, chunk.rows, strict=True)
        return Chunk(
            chunk.lines, [list(self._corrections.get(str(line), row)) for line, row in said]
        )


def take_in(run: ImportRun, table: Table) -> Iterator[tuple[MappedChunk, list[int]]]:
    """Yield corrected rows beside the numbers of the rows that they replace.

    What the file says now is noted on the run, which is not saved.
    Refuses: NoLines; OtherLines; LinesTwice; ContentChanged; FileRefused.
    """
    lines = _lines(table)
    numbers = _numbers(run, set(lines.values()))
    sent = _in_file_order(run, table, lines)
    run.corrections = {**run.corrections, **sent}
    kind, choices = sheet(run.sheet), Choices.from_json(run.choices)
    recipe = recipe_of(kind, run, table, choices)
    if isinstance(recipe, ColumnRecipe):
        mapped = recipe.map(table, ignore_unknown=True, now=timezone.now())
        for chunk in mapped.chunks:
            chunk.lines = [lines[line] for line in chunk.lines]
            yield from _placed(chunk, numbers)
        return
    # It looks at several lines together: the others say what they said.
    if not receive.is_intact(run.stored_as, run.sha256):
        raise refusals.ContentChanged
    with receive.opened(run.stored_as) as file:
        whole = Corrected(open_table(file, reading=choices.reading), run.corrections)
        for chunk in recipe.map(whole, ignore_unknown=True, now=timezone.now()).chunks:
            yield from _placed(chunk, numbers)


def corrected_cells(run: ImportRun, cells: Mapping[int, Mapping[str, str]]) -> dict[str, list[Any]]:
    """Return the file's lines with cells that were corrected in place.

    cells: line → our column → text as typed. Columns that are read from several are left as is.
    """
    if run.is_undo or not receive.is_intact(run.stored_as, run.sha256):
        return {}
    places = {name: place for place, name in enumerate(run.header)}
    found: dict[str, list[Any]] = {}
    reading = Choices.from_json(run.choices).reading
    with receive.opened(run.stored_as) as file:
        for chunk in open_table(file, reading=reading).chunks():
            for line, row in zip(chunk.lines, chunk.rows, strict=True):
                if line not in cells:
                    continue
                said = [_kept(cell) for cell in run.corrections.get(str(line), row)]
                for ours, text in cells[line].items():
                    theirs = run.columns.get(ours) or []
                    if len(theirs) == 1 and theirs[0] in places:
                        said[places[theirs[0]]] = _kept(text)
                found[str(line)] = said
    return found


def _lines(table: Table) -> dict[int, int]:
    """Return the line of the first file for each line of the corrected one."""
    keys = [header_key(name) for name in table.header]
    if REPORT_COLUMNS[0] not in keys:
        raise NoLines
    place = keys.index(REPORT_COLUMNS[0])
    lines: dict[int, int] = {}
    for chunk in table.chunks():
        for line, row in zip(chunk.lines, chunk.rows, strict=True):
            text = str(row[place]).strip().removesuffix(".0")
            is_line = text.isascii() and text.isdigit() and len(text) <= MOST_LINE_DIGITS
            lines[line] = int(text) if is_line else 0
    said = list(lines.values())
    if twice := sorted({line for line in said if line and said.count(line) > 1}):
        raise LinesTwice(lines=_named(twice))
    return lines


def _numbers(run: ImportRun, lines: Collection[int]) -> dict[int, list[tuple[int, bool]]]:
    """Return by line the numbers of its rows, and whether each is refused."""
    refused = set(run.plan.filter(verdict=Verdict.REFUSED).values_list("number", flat=True))
    numbers: dict[int, list[tuple[int, bool]]] = defaultdict(list)
    rows = run.rows.filter(line__in=list(lines)).order_by("number")
    for number, line, is_settled in rows.values_list("number", "line", "is_settled"):
        numbers[line].append((number, number in refused and not is_settled))
    if other := sorted(
        line for line in lines if not any(is_refused for _number, is_refused in numbers[line])
    ):
        raise OtherLines(lines=_named(other))
    return numbers


def _in_file_order(run: ImportRun, table: Table, lines: Mapping[int, int]) -> dict[str, list[Any]]:
    """Return the corrected cells in the order of the first file's header."""
    places = {header_key(name) or name: place for place, name in enumerate(table.header)}
    order = [places.get(header_key(name) or name) for name in run.header]
    return {
        str(lines[line]): ["" if place is None else _kept(row[place]) for place in order]
        for chunk in table.chunks()
        for line, row in zip(chunk.lines, chunk.rows, strict=True)
    }


def _placed(
    chunk: MappedChunk, numbers: Mapping[int, list[tuple[int, bool]]]
) -> Iterator[tuple[MappedChunk, list[int]]]:
    """Yield the rows of a chunk that were refused: the first of a line is the first of it again."""
    seen: dict[int, int] = defaultdict(int)
    places, chosen = [], []
    for place, line in enumerate(chunk.lines):
        if line not in numbers:
            continue
        turn, seen[line] = seen[line], seen[line] + 1
        if turn >= len(numbers[line]):
            raise OtherLines(lines=str(line))
        number, is_refused = numbers[line][turn]
        if is_refused:
            places.append(place)
            chosen.append(number)
    if places:
        yield _picked(chunk, places), chosen


def _picked(chunk: MappedChunk, places: Sequence[int]) -> MappedChunk:
    names = {
        name: said if isinstance(said, str) else [said[place] for place in places]
        for name, said in chunk.names.items()
    }
    moved = {place: at for at, place in enumerate(places)}
    findings = [
        Found(
            moved[found.place], found.field, found.column, found.code, found.message, found.hint,
            found.is_warning,
        )
        for found in chunk.findings
        if found.place in moved
    ]  # fmt: skip
    columns = {name: [cells[place] for place in places] for name, cells in chunk.columns.items()}
    return MappedChunk([chunk.lines[place] for place in places], columns, names, findings)


def _kept(cell: Any) -> Any:
    """Return a cell as JSON may hold it, in both databases."""
    if cell is None or isinstance(cell, int | float):
        return cell
    return storable(cell if isinstance(cell, str) else cell_text(cell))


def _named(lines: Sequence[int]) -> str:
    return ", ".join(str(line) if line else "?" for line in lines[:5])
