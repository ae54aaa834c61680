"""Sheets whose rows are aggregates (orders with lines, branches of a tree): judged in Python.

A whole file's rows are held in memory, so these sheets are for thousands of rows, not for millions.
`weigh` is what the preview shows and what an application runs again under lock: one code path.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone

from backoffice.imports import row_checks
from backoffice.imports.choices import Choices
from backoffice.imports.rows import Cell, Row, RowFault
from backoffice.imports.sheets import Planner, Sheet
from backoffice.imports.stage import keep
from backoffice.imports.table_sheet import count, forget, note
from backoffice.imports.tables import Note
from backoffice.imports.writing import Writing
from backoffice.models import ImportFinding, ImportPlan, ImportRun, User
from backoffice.models.imports import Verdict
from backoffice.refused import Refused
from backoffice.steps import Outcome

Phase = ImportFinding.Phase
ROWS_A_STATEMENT = 1_000


@dataclass
class Plan:
    """All rows of a file beside what is in the table, while they are judged.

    now: the clock. facts: what parts looked up and hand on to each other. notes: what a person
    should know about the file as a whole.
    """

    sheet: RowSheet
    rows: list[Row]
    by: User
    mode: str
    now: datetime
    facts: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    @property
    def good(self) -> list[Row]:
        return [row for row in self.rows if not row.faults]

    @cached_property
    def by_key(self) -> Mapping[str, Row]:
        return {row.key: row for row in reversed(self.rows) if row.key}

    def allows(self, permission: str) -> bool:
        """Return whether the person may; each permission is asked for once."""
        asked = self.facts.setdefault("permissions", {})
        if permission not in asked:
            asked[permission] = self.by.is_active and self.by.has_perm(permission)
        return bool(asked[permission])


@dataclass
class Work:
    """The rows that are being written; a part refuses single rows, then all is undone.

    made: keys of new rows → primary keys, once they are there.
    """

    plan: Plan
    rows: list[Row]
    by: User
    reason: str
    cause: UUID
    made: dict[str, int] = field(default_factory=dict)
    refused: list[tuple[Row, Refused]] = field(default_factory=list)

    @property
    def new(self) -> list[Row]:
        """Return new rows in the order of their keys: the result never depends on the file's."""
        return sorted((row for row in self.rows if row.is_new), key=lambda row: row.key)

    @property
    def changed(self) -> list[Row]:
        return sorted((row for row in self.rows if not row.is_new), key=lambda row: row.key)

    def id_of(self, row: Row) -> int:
        return self.made[row.key] if row.is_new else row.current.pk

    def note_refused(self, outcome: Outcome[Any]) -> None:
        """Take over what a plural verb refused."""
        there = (row for row in self.rows if not row.is_new or row.key in self.made)
        by_id = {self.id_of(row): row for row in there}
        for what, refusal in outcome.refused:
            self.refused.append((by_id[getattr(what, "pk", what)], refusal))


class Part:
    """A piece of a sheet that is written together, by its service's set form."""

    def prepare(self, plan: Plan) -> None:
        """Bring texts into the form of the table, before they are compared."""

    def judge(self, plan: Plan) -> None:
        """Refuse rows with words, and note what a person should look at. Writes nothing."""

    def apply(self, work: Work) -> None:
        """Write the rows' changes."""


class RowSheet(Sheet):
    """A sheet whose rows Python judges one by one."""

    parts: ClassVar[Sequence[Part]] = ()

    def find(self, keys: Iterable[str]) -> Mapping[str, Any]:
        """Return the table's rows by key."""
        wanted = sorted(keys)
        found: dict[str, Any] = {}
        for start in range(0, len(wanted), 1_000):
            some = self.model._default_manager.filter(
                **{f"{self.key}__in": wanted[start : start + 1_000]}
            )
            found.update((getattr(row, self.key), row) for row in self.rows(some))
        return found

    def lock(self, ids: Iterable[int]) -> None:
        """Lock the rows that are going to be written, in primary-key order."""
        wanted = sorted(ids)
        for start in range(0, len(wanted), 1_000):
            rows = self.model._default_manager.select_for_update(no_key=True)
            list(rows.filter(pk__in=wanted[start : start + 1_000]).order_by("pk").only("pk"))

    def planner(self, run: ImportRun, by: User) -> RowPlanner:
        return RowPlanner(self, run, by)


class RowPlanner(Planner):
    def __init__(self, sheet: RowSheet, run: ImportRun, by: User) -> None:
        self.sheet, self.run, self.by = sheet, run, by
        self.columns = sheet.columns()
        self.choices = Choices.from_json(run.choices)
        self.judged: Plan | None = None

    # --- Planning --------------------------------------------------------------------------------

    def plan(self) -> None:
        forget(self.run)
        plan = self._loaded(self.run.rows.filter(is_left_out=False, is_settled=False))
        row_checks.refuse_twins(plan)
        known = {id(row): len(row.faults) for row in plan.rows}
        row_checks.weigh(plan, self.columns)
        ImportPlan.objects.bulk_create(
            (self._planned(row) for row in plan.rows if row.verdict != Verdict.UNCHANGED),
            batch_size=ROWS_A_STATEMENT,
        )
        forgiven = [row.number for row in plan.rows if len(row.faults) < known[id(row)]]
        self.run.findings.filter(number__in=forgiven, is_form=True).delete()
        keep(found for row in plan.rows for found in self._findings(row, Phase.PLAN))
        count(self.run)
        note(self.run, plan.notes)

    def _planned(self, row: Row) -> ImportPlan:
        return ImportPlan(
            run=self.run,
            number=row.number,
            verdict=row.verdict,
            target_id=row.current.pk if row.current is not None else None,
            changes=row.changes,
        )

    def _findings(self, row: Row, phase: str) -> Iterable[ImportFinding]:
        """Return what was said since the file was read; of refused rows no warnings."""
        for fault in row.faults:
            if fault not in row.said_before:
                yield ImportFinding(
                    run=self.run, number=row.number, phase=phase, field=fault.field,
                    column=fault.column[:200], code=fault.code, message=fault.message,
                    hint=fault.hint,
                )  # fmt: skip
        for warning in row.notes:
            yield ImportFinding(
                run=self.run, number=row.number, phase=phase, is_warning=True,
                column=warning.column[:200], code=warning.code, message=warning.message,
            )  # fmt: skip

    def _loaded(self, staged: Any) -> Plan:
        """Return a plan over rows as they were staged."""
        found: dict[int, list[ImportFinding]] = defaultdict(list)
        for finding in self.run.findings.filter(phase=Phase.READ):
            found[finding.number].append(finding)
        rows = [self._row(stored, found[stored.number]) for stored in staged.order_by("number")]
        return Plan(self.sheet, rows, self.by, self.run.mode, timezone.now())

    def _row(self, stored: Any, findings: Sequence[ImportFinding]) -> Row:
        row = Row(line=stored.line, key=stored.key, number=stored.number)
        for name, text in zip(self.run.layout, stored.cells, strict=True):
            if text is None:
                continue
            called = self.run.columns.get(name) or [name]
            row.cells[name] = Cell(text, called[0], empties=text == "")
            row.values[name] = self.columns[name].read(text or None)
            row.texts[name] = text
        for finding in findings:
            if finding.is_warning:
                continue
            if finding.is_form:
                row.cells[finding.field] = Cell(finding.raw, finding.column)
            row.faults.append(
                RowFault(
                    finding.column, finding.code, finding.message, finding.hint,
                    finding.is_form, field=finding.field,
                )
            )  # fmt: skip
        row.said_before = tuple(row.faults)
        return row

    # --- Writing ---------------------------------------------------------------------------------

    def judge_again(self, *, settles: bool) -> int:
        planned = {row.number: row for row in self.run.plan.exclude(verdict=Verdict.REFUSED)}
        self.sheet.lock(row.target_id for row in planned.values() if row.target_id is not None)
        plan = self._loaded(self.run.rows.filter(number__in=list(planned)))
        for row in plan.rows:
            row.target_id = planned[row.number].target_id
        row_checks.weigh(plan, self.columns)
        for row in plan.rows:
            seen = planned[row.number].changes or {}
            if (fault := row_checks.drift(row, seen, self.columns)) is not None:
                row.faults.clear()
                row.refuse("", fault)
            # Never more than the preview showed.
            row.changes = {name: row.changes[name] for name in seen if name in row.changes}
        self.judged = plan
        refused = [row for row in plan.rows if row.faults]
        keep(found for row in refused for found in self._findings(row, Phase.APPLY))
        self.run.plan.filter(number__in=[row.number for row in refused]).update(
            verdict=Verdict.REFUSED
        )
        return len(refused)

    def write(self, writing: Writing) -> None:
        assert self.judged is not None, "rows are judged under lock before they are written"
        work = Work(self.judged, self.judged.good, writing.by, writing.reason, writing.cause)
        for part in self.sheet.parts:
            part.apply(work)
            for row, refusal in work.refused:
                writing.refuse(row.number, refusal)
            if work.refused:
                return
        writing.went_on(len(work.rows))
        made = {row.number: work.made[row.key] for row in work.new if row.key in work.made}
        for number, pk in made.items():
            self.run.plan.filter(number=number).update(target_id=pk)
