"""Between memory and the staged rows: what a preview, a confirmation and a report read."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import Any

from backoffice.imports.columns import Column
from backoffice.imports.rows import Cell, Row, Verdict
from backoffice.imports.sheets import Plan
from backoffice.models import ImportRow, ImportRun

BATCH_ROWS = 1_000


def store(run: ImportRun, plan: Plan) -> None:
    """Write the rows of a plan, and its counts on the run (which is not saved)."""
    title = plan.sheet.title_column
    ImportRow.objects.bulk_create(
        (
            ImportRow(
                run=run,
                line=row.line,
                key=row.key[:100],
                title=_title(row, title)[:300],
                verdict=row.verdict,
                source=[_jsonable(cell) for cell in row.source],
                cells=row.texts,
                changes=row.changes,
                errors=[fault.as_json() for fault in row.faults],
                warnings=[note.as_json() for note in row.notes],
                target_id=row.current.pk if row.current is not None else None,
                target_uuid=row.current.uuid if row.current is not None else None,
            )
            for row in plan.rows
        ),
        batch_size=BATCH_ROWS,
    )
    count(run, [row.verdict for row in plan.rows])


def count(run: ImportRun, verdicts: Iterable[str]) -> None:
    """Set the counts of a run, which is not saved."""
    counts = Counter(verdicts)
    run.new, run.changed = counts[Verdict.NEW], counts[Verdict.CHANGED]
    run.unchanged, run.refused = counts[Verdict.UNCHANGED], counts[Verdict.REFUSED]


def load(run: ImportRun, columns: dict[str, Column]) -> list[Row]:
    """Return the rows that a confirmation writes: those that were new or changed."""
    rows = []
    staged = run.rows.filter(verdict__in=[Verdict.NEW, Verdict.CHANGED])
    for stored in staged.order_by("line", "id").iterator(chunk_size=BATCH_ROWS):
        row = Row(line=stored.line, key=stored.key, staged_id=stored.pk, target_id=stored.target_id)
        for name, text in stored.cells.items():
            names = run.columns.get(name) or [name]
            row.cells[name] = Cell(text, names[0], empties=text == "")
            row.values[name] = columns[name].read(text or None)
            row.texts[name] = text
        row.changes = {name: (old, new) for name, (old, new) in stored.changes.items()}
        rows.append(row)
    return rows


def _title(row: Row, column: str) -> str:
    if row.texts.get(column):
        return row.texts[column]
    if row.current is not None:
        return str(getattr(row.current, column, ""))
    cell = row.cells.get(column)
    return str(cell.value or "").replace("\x00", "\N{REPLACEMENT CHARACTER}") if cell else ""


def _jsonable(cell: Any) -> Any:
    """Return a cell as JSON may hold it; PostgreSQL's has no NUL."""
    if isinstance(cell, str):
        return cell.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    if isinstance(cell, dt.date | dt.time | dt.timedelta):
        return str(cell)
    if isinstance(cell, float) and not (cell == cell and abs(cell) != float("inf")):  # noqa: PLR0124
        return str(cell)
    return cell
