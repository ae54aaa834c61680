"""Judging rows: parse, find duplicates, hold against the table, ask the parts. Writes nothing.

`weigh` is what the preview shows and what an application runs again under lock: one code path.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.imports import parse
from backoffice.imports.columns import Column
from backoffice.imports.parse import Fault
from backoffice.imports.rows import Row
from backoffice.imports.sheets import Plan, Sheet
from backoffice.models import ImportRun, User

# How many other lines a sentence names.
LINES_NAMED = 5


def judge(
    sheet: Sheet, rows: Sequence[Row], *, width: int, by: User, mode: str, now: datetime
) -> Plan:
    """Return all rows with their verdicts: every fault of every row, none hides another.

    width: how many columns the header has.
    """
    columns = sheet.columns()
    for row in rows:
        parse_row(row, columns, width)
        row.key = row.texts.get(sheet.key) or row.raw_text(sheet.key)
    plan = Plan(sheet, list(rows), by, mode, now)
    refuse_twins(plan)
    weigh(plan, columns)
    return plan


def parse_row(row: Row, columns: dict[str, Column], width: int) -> None:
    """Fill values and texts from the cells; note a fault for each cell that cannot be read."""
    if len(row.source) > width:
        row.refuse(
            "",
            Fault(
                "too_many_cells",
                _("The row has {count} cells, the header {width} columns."),
                _("A delimiter inside a cell needs quotation marks around the cell."),
                count=len(row.source),
                width=width,
            ),
        )
    for name, cell in row.cells.items():
        try:
            value = columns[name].read(None if cell.empties else cell.value)
        except Fault as fault:
            row.refuse(name, fault, is_form=True)
            continue
        text = columns[name].write(value)
        if text or cell.empties:
            row.values[name], row.texts[name] = value, text


def refuse_twins(plan: Plan) -> None:
    """Refuse every row whose key, or other unique value, stands in the file twice."""
    for name in (plan.sheet.key, *plan.sheet.unique):
        lines: dict[str, list[Row]] = defaultdict(list)
        for row in plan.rows:
            if row.texts.get(name):
                lines[row.texts[name]].append(row)
        for text, twins in lines.items():
            if len(twins) < 2:  # noqa: PLR2004
                continue
            first = twins[: LINES_NAMED + 1]  # a file may say the same twenty thousand times
            more = "…" if len(twins) > LINES_NAMED + 1 else ""
            for row in twins:
                others = [str(twin.line) for twin in first if twin is not row]
                row.refuse(
                    name,
                    Fault(
                        f"duplicate_{name}",
                        _("{value} stands in this file more than once: also on line {lines}."),
                        _("Keep one of the rows."),
                        value=parse.shown(text),
                        lines=", ".join(others[:LINES_NAMED]) + more,
                    ),
                )


def weigh(plan: Plan, columns: dict[str, Column]) -> None:
    """Hold parsed rows against the table as it is now."""
    sheet = plan.sheet
    found = sheet.find({row.key for row in plan.rows if row.key})
    for row in plan.rows:
        row.current = found.get(row.key)
    for part in sheet.parts:
        part.prepare(plan)
    for row in plan.rows:
        _compare(row, columns)
        _judge_key(row, plan)
        _judge_required(row, columns)
        _judge_permissions(row, plan, columns)
    for part in sheet.parts:
        part.judge(plan)
    _refuse_orphans(plan)
    for row in plan.rows:
        if row.faults:
            row.notes.clear()  # nothing of it will be written


def _compare(row: Row, columns: dict[str, Column]) -> None:
    row.changes = {}
    if row.current is None:
        row.changes = {name: ("", text) for name, text in row.texts.items() if text}
        return
    present = {name: columns[name].export(row.current) for name in row.cells}
    # What is in the table is never refused, or written anew, for its form: an export can always
    # be read again.
    kept = {name for name in row.cells if row.raw_text(name) == present[name] != ""}
    named = {row.source_of(name) for name in kept}
    row.faults = [fault for fault in row.faults if not (fault.is_form and fault.column in named)]
    row.changes = {
        name: (present[name], text)
        for name, text in row.texts.items()
        if text != present[name] and name not in kept
    }


def _judge_key(row: Row, plan: Plan) -> None:
    sheet = plan.sheet
    named = row.source_of(sheet.key)
    if not row.key:
        if not any(fault.column == named for fault in row.faults):
            row.refuse(
                sheet.key,
                Fault(
                    "key_missing",
                    _("The row has no {column}, so it belongs to no {noun}."),
                    _("Fill it in, or remove the row."),
                    column=named,
                    noun=sheet.noun,
                ),
            )
    elif row.current is None and plan.mode == ImportRun.Mode.UPDATE:
        row.refuse(
            sheet.key,
            Fault(
                "key_unknown",
                _("There is no {noun} {value}, and this import only updates."),
                _("Correct it, or import with “create and update”."),
                noun=sheet.noun,
                value=parse.shown(row.key),
            ),
        )
    elif row.current is not None and plan.mode == ImportRun.Mode.CREATE:
        row.refuse(
            sheet.key,
            Fault(
                "key_known",
                _("The {noun} {value} is there already, and this import only creates."),
                _("Remove the row, or import with “create and update”."),
                noun=sheet.noun,
                value=parse.shown(row.key),
            ),
        )


def _judge_required(row: Row, columns: dict[str, Column]) -> None:
    if row.current is not None or not row.key:
        return
    faulty = {fault.column for fault in row.faults}
    for name, column in columns.items():
        if column.is_required and not row.texts.get(name) and row.source_of(name) not in faulty:
            row.refuse(
                name,
                Fault(
                    "required",
                    _("A new row needs the column {column}; here it is blank."),
                    _("Fill it in."),
                    column=row.source_of(name),
                ),
            )


def _judge_permissions(row: Row, plan: Plan, columns: dict[str, Column]) -> None:
    if not row.changes:
        return
    sheet = plan.sheet
    whole = sheet.add_permission if row.is_new else sheet.change_permission
    if not plan.allows(whole):
        what = _("create a") if row.is_new else _("change a")
        row.refuse("", not_allowed(what=what, noun=sheet.noun))
        return
    for name in row.changes:
        column = columns[name]
        permission = column.creation_permission if row.is_new else column.permission
        if permission and not plan.allows(permission):
            row.refuse(
                name,
                not_allowed(
                    what=_("set the {label} of a"), noun=sheet.noun, label=str(column.label).lower()
                ),
            )


def not_allowed(*, what: Any, noun: Any, label: str = "") -> Fault:
    """Return the fault of a row that the person may not write."""
    return Fault(
        "not_allowed",
        _("Your role does not allow you to {what} {noun}."),
        _("Leave the column out, or ask a colleague who may."),
        what=str(what).format(label=label),
        noun=noun,
    )


def _refuse_orphans(plan: Plan) -> None:
    """Refuse rows that need another row of the file which is refused itself."""
    waiting = True
    while waiting:
        waiting = False
        for row in plan.rows:
            if row.needs is not None and row.needs.faults and not row.faults:
                row.refuse(
                    "",
                    Fault(
                        "needs_refused_row",
                        _("It needs line {line} ({key}), which is refused."),
                        _("Correct that line first."),
                        line=row.needs.line,
                        key=parse.shown(row.needs.key),
                    ),
                )
                waiting = True
