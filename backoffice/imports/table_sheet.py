"""Sheets whose rows are rows of one table: planned and written all at once, by the database.

Python reads, canonicalises and resolves dictionaries; SQL finds twins, targets and differences,
and writes. A sheet is its columns and an ordered list of parts; nothing here knows a product.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar

from backoffice.imports import sql, table_checks
from backoffice.imports.checks import Check, run_checks
from backoffice.imports.choices import Choices
from backoffice.imports.fields import Field, OwnField, bound, default_term
from backoffice.imports.relation import OPEN, Relation
from backoffice.imports.sheets import Planner, Sheet
from backoffice.imports.tables import Note
from backoffice.imports.writing import Writing
from backoffice.models import ImportFinding, ImportPlan, ImportRow, ImportRun, ImportTerm, User
from backoffice.models.imports import Verdict

Phase = ImportFinding.Phase
# Smaller runs are joined fast by any plan; and on PostgreSQL one ANALYZE waits for another.
ANALYZE_FROM_ROWS = 500


class SetPart:
    """A piece of a sheet that is judged and written together, by its service's set form.

    columns: what it is about: where no row writes any of them it is asked for nothing. Without
    them it always is.
    """

    columns: ClassVar[tuple[str, ...]] = ()

    def resolve(self, relation: Relation) -> None:
        """Look up what dictionary columns name, into terms. Writes nothing of the trade."""

    def checks(self, relation: Relation) -> Iterable[Check]:
        """Return what may refuse a row, or what a person should look at."""
        return ()

    def lock(self, relation: Relation) -> None:
        """Lock what hangs on the rows that will be changed; they are locked already."""

    def judge(self, relation: Relation) -> None:
        """Say what no single row shows: after the checks of all parts, before verdicts stand."""

    def wish(self, relation: Relation) -> str:
        """Return SQL of what a new row is made up with as long as nothing speaks against it."""
        return ""

    def settle(self, relation: Relation) -> None:
        """Make up what rows that will be written still lack, beside what they wish for."""

    def prepare(self, relation: Relation) -> None:
        """Tell fields what only this part knows, before anything is asked or written."""

    def write(self, relation: Relation, writing: Writing) -> None:
        """Write the rows' changes, inside the caller's transaction."""


class TableSheet(Sheet):
    """A sheet over one table: `fields` are its columns as SQL sees them."""

    parts: ClassVar[Sequence[SetPart]] = ()
    # Column and state that a row which an import made gets when it is taken back.
    undo_status: ClassVar[tuple[str, str] | None] = None
    # SQL of whether a row that an import made is as it was made.
    untouched: ClassVar[str] = "t.version = 1"

    @abstractmethod
    def fields(self) -> list[Field]:
        """Return fresh fields, one for each column."""

    def planner(self, run: ImportRun, by: User) -> TablePlanner:
        choices = Choices.from_json(run.choices)
        relation = Relation(run, self, bound(self.fields(), run, choices.defaults), by)
        for part in self.parts:
            part.prepare(relation)
        return TablePlanner(self, relation)


class TablePlanner(Planner):
    def __init__(self, sheet: TableSheet, relation: Relation) -> None:
        self.sheet, self.relation = sheet, relation
        self.run, self.parts = relation.run, sheet.parts

    def plan(self) -> None:
        relation = self.relation
        sql.plan_plainly()
        forget(self.run)
        is_large = relation.last_number >= ANALYZE_FROM_ROWS
        if is_large:
            sql.analyze(ImportRow, columns=("run_id", "number", "key", "is_left_out", "is_settled"))
        for field in relation.given:
            if field.default:
                relation.keep_terms(default_term(field.name), {field.default: None})
        for part in self.parts:
            part.resolve(relation)
        self._hold_against_table()
        if is_large:
            sql.analyze(ImportPlan, columns=("run_id", "number", "verdict", "target_id", "made"))
            sql.analyze(ImportTerm)
        table_checks.forgive_forms(relation)
        table_checks.refuse_nameless(relation)
        for name in dict.fromkeys((relation.key, *self.sheet.unique)):
            # What no row writes stands in the table just so, and there each once.
            if name == relation.key or relation.may_write(name):
                table_checks.refuse_twins(relation, name)
        checks = [*table_checks.checks(relation), *self._part_checks()]
        run_checks(relation, checks, phase=Phase.PLAN)
        self._finish(settles=True)
        count(self.run)
        note(self.run, relation.notes)

    def _part_checks(self) -> list[Check]:
        return [check for part in self._concerned() for check in part.checks(self.relation)]

    def _concerned(self) -> list[SetPart]:
        """Return the parts that have something to write, once there is a plan."""
        return [
            part
            for part in self.parts
            if not part.columns or any(map(self.relation.may_write, part.columns))
        ]

    def _hold_against_table(self) -> None:
        """Plan each row that is new, or says something else than the row of its key."""
        relation = self.relation
        wish = next(filter(None, (part.wish(relation) for part in self.parts)), "''")
        self._plan_rows(
            f"'new', {self._new_key()}, {sql.as_json('NULL')}, {wish} {relation.unknown()}"
        )
        differing = [(field, field.differs) for field in relation.compared]
        if not differing:
            return
        changes = sql.changes_of(
            {
                field.name: (condition, field.present_text, f"COALESCE({field.said}, '')")
                for field, condition in differing
            }
        )
        any_differs = " OR ".join(condition for _field, condition in differing)
        self._plan_rows(
            f"'changed', t.id, {changes}, '' {relation.known(relation.compared)}"
            f" AND ({any_differs})"
        )

    def _plan_rows(self, planned: str) -> None:
        """planned: verdict, target, changes and what is made up, FROM and WHERE of rows `r`."""
        sql.run(
            f"INSERT INTO {sql.table(ImportPlan)}"
            " (run_id, number, verdict, target_id, changes, made)"
            f" SELECT r.run_id, r.number, {planned}"
        )

    def _new_key(self) -> str:
        """Return SQL of a new row's key, where the database has a sequence to ask beforehand."""
        if not sql.is_postgresql():
            return "NULL"
        ((sequence,),) = sql.rows(
            "SELECT pg_get_serial_sequence(%s, 'id')", [sql.table(self.sheet.model)]
        )
        return f"nextval({sql.literal(sequence)})"

    def _finish(self, *, settles: bool) -> None:
        """Let the parts look at the whole, then give refused rows their verdict."""
        concerned = self._concerned()
        for part in concerned:
            part.judge(self.relation)
        refuse_found(self.run)
        if settles:
            for part in concerned:
                part.settle(self.relation)

    # --- Writing ---------------------------------------------------------------------------------

    def judge_again(self, *, settles: bool) -> int:
        relation = self.relation
        relation.is_planned = True
        sql.plan_plainly()
        self._lock_targets()
        for part in self._concerned():
            part.lock(relation)
            part.resolve(relation)
        before = _refused(self.run)
        checks = [*table_checks.drift(relation), *self._part_checks()]
        run_checks(
            relation,
            [check for check in checks if not check.is_warning],
            phase=Phase.APPLY,
            is_applying=True,
        )
        self._finish(settles=settles)
        return _refused(self.run) - before

    def _lock_targets(self) -> None:
        """Lock the rows that will be changed, and no others, in primary-key order."""
        if not sql.is_postgresql():
            return
        changed = f"SELECT p.target_id {self.relation.to_write([])} AND p.verdict = 'changed'"
        sql.rows(
            f"SELECT count(*) FROM (SELECT x.id FROM {sql.table(self.sheet.model)} x"
            f" WHERE x.id IN ({changed}) ORDER BY x.id FOR NO KEY UPDATE) locked"
        )

    def write(self, writing: Writing) -> None:
        give_keys(self.relation)
        for part in self._concerned():
            part.write(self.relation, writing)


class OwnRows(SetPart):
    """The table's own columns: new rows inserted, changed ones updated, a history row each."""

    def checks(self, relation: Relation) -> Iterable[Check]:
        for field in relation.given:
            if isinstance(field, OwnField) and field.is_needed and field.place is not None:
                yield table_checks.not_emptied(relation, field)

    def write(self, relation: Relation, writing: Writing) -> None:
        values = self.new_values(relation)
        for first, last in relation.batches():
            if values and relation.plans(Verdict.NEW):
                writing.insert(relation, values, first, last, step=self.step(relation))
            writing.update(relation, self.own_fields(relation), first, last, also=self.touches)
            writing.went_on(last)

    def step(self, relation: Relation) -> str:
        """Return SQL over a new row `m` of the step that its history names."""
        return "''"

    # Columns of other tables whose change moves the row's version, too.
    touches: tuple[str, ...] = ()

    def own_fields(self, relation: Relation) -> list[OwnField]:
        return [f for f in relation.compared if isinstance(f, OwnField)]

    def new_values(self, relation: Relation) -> dict[str, str]:
        """Return column → SQL for new rows, which not every sheet may make."""
        return {}


def forget(run: ImportRun) -> None:
    """Drop a plan, to make another; what reading found stays."""
    settled = (
        f" AND number NOT IN (SELECT r.number FROM {sql.table(ImportRow)} r"
        f" WHERE r.run_id = {run.pk} AND r.is_settled)"
    )
    sql.run(
        f"DELETE FROM {sql.table(ImportPlan)} WHERE run_id = {run.pk}"
        + (settled if run.applied else "")
    )
    ImportTerm.objects.filter(run=run).delete()
    ImportFinding.objects.filter(run=run).exclude(phase=Phase.READ).delete()


def refuse_found(run: ImportRun) -> None:
    """Give every row against which something is said its verdict; drop its warnings."""
    finding, plan = sql.table(ImportFinding), sql.table(ImportPlan)
    said = (
        f"SELECT 1 FROM {finding} f WHERE f.run_id = {run.pk} AND f.number = x.number"
        " AND NOT f.is_warning"
    )
    sql.run(
        f"INSERT INTO {plan} (run_id, number, verdict, target_id, changes, made)"
        f" SELECT DISTINCT {run.pk}, x.number, 'refused', CAST(NULL AS bigint),"
        f" {sql.as_json('NULL')}, '' FROM {finding} x JOIN {sql.table(ImportRow)} r"
        " ON r.run_id = x.run_id AND r.number = x.number"
        f" WHERE x.run_id = {run.pk} AND NOT x.is_warning AND {OPEN}"
        f" AND NOT EXISTS (SELECT 1 FROM {plan} p WHERE p.run_id = {run.pk}"
        " AND p.number = x.number)"
    )
    sql.run(
        f"UPDATE {plan} SET verdict = 'refused' WHERE run_id = {run.pk}"
        f" AND verdict <> 'refused' AND EXISTS ({said.replace('x.number', f'{plan}.number')})"
    )
    # Nothing of it will be written, so there is nothing to look at.
    sql.run(
        f"DELETE FROM {finding} WHERE run_id = {run.pk} AND is_warning AND number IN"
        f" (SELECT p.number FROM {plan} p WHERE p.run_id = {run.pk} AND p.verdict = 'refused')"
    )


def give_keys(relation: Relation) -> None:
    """Give new rows their keys where the database has no sequence to ask beforehand."""
    if sql.is_postgresql():
        return
    plan, model = sql.table(ImportPlan), relation.sheet.model
    (highest,) = sql.rows(
        f"SELECT max(COALESCE((SELECT max(id) FROM {sql.table(model)}), 0),"
        " COALESCE((SELECT seq FROM sqlite_sequence WHERE name = %s), 0))",
        [model._meta.db_table],
    )[0]
    sql.run(
        f"UPDATE {plan} SET target_id = {highest} + x.place FROM (SELECT number,"
        f" row_number() OVER (ORDER BY number) AS place FROM {plan}"
        f" WHERE run_id = {relation.run.pk} AND verdict = 'new' AND target_id IS NULL) x"
        f" WHERE {plan}.run_id = {relation.run.pk} AND {plan}.number = x.number"
    )


def count(run: ImportRun) -> None:
    """Set the counts of a run, which is not saved."""
    plan, rows = sql.table(ImportPlan), sql.table(ImportRow)
    verdicts = dict(
        sql.rows(f"SELECT verdict, count(*) FROM {plan} WHERE run_id = {run.pk} GROUP BY verdict")
    )
    ((total, left_out),) = sql.rows(
        f"SELECT count(*), COALESCE(sum(CASE WHEN is_left_out THEN 1 ELSE 0 END), 0)"
        f" FROM {rows} WHERE run_id = {run.pk}"
    )
    ((warned,),) = sql.rows(
        f"SELECT count(DISTINCT f.number) FROM {sql.table(ImportFinding)} f"
        f" WHERE f.run_id = {run.pk} AND f.is_warning"
    )
    run.new, run.changed = verdicts.get(Verdict.NEW, 0), verdicts.get(Verdict.CHANGED, 0)
    run.refused, run.left_out, run.warned = verdicts.get(Verdict.REFUSED, 0), left_out, warned
    run.unchanged = total - left_out - run.new - run.changed - run.refused


def note(run: ImportRun, notes: Iterable[Note]) -> None:
    """Put what planning says about the file as a whole on the run, in place of what it said."""
    reading = [said for said in run.warnings if not said.get("is_planned")]
    run.warnings = [*reading, *({**said.as_json(), "is_planned": True} for said in notes)]


def _refused(run: ImportRun) -> int:
    return ImportPlan.objects.filter(run=run, verdict=Verdict.REFUSED).count()
