"""Judging rows in Python: twins, keys, needed cells, permissions, and what the parts say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from backoffice.imports import parse
from backoffice.imports.columns import Column
from backoffice.imports.parse import Fault, shown
from backoffice.imports.rows import Row
from backoffice.imports.table_checks import LINES_NAMED, not_allowed
from backoffice.models import ImportRun

if TYPE_CHECKING:
    from backoffice.imports.row_sheet import Plan


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


def drift(row: Row, seen: Mapping[str, Any], columns: Mapping[str, Column]) -> Fault | None:
    """Return why a row is not what the preview showed any more."""
    if row.target_id is None:
        if row.current is None:
            return None
        return Fault(
            "created_since",
            _("{key} was created by somebody else since the preview."),
            _("Import the file again and read the new preview."),
            key=row.key,
        )
    if row.current is None or row.current.pk != row.target_id:
        return Fault(
            "gone_since",
            _("{key} is no longer there under this key."),
            _("Import the file again and read the new preview."),
            key=row.key,
        )
    for name, (old, _new) in seen.items():
        now = columns[name].export(row.current)
        if now != old:
            return Fault(
                "changed_since",
                _("{label} was changed since the preview: it showed {old}, now it is {now}."),
                _("Import the file again and read the new preview."),
                label=columns[name].label,
                old=shown(old) or "–",
                now=shown(now) or "–",
            )
    return None
