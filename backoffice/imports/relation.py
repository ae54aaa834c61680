"""A run's staged rows as a relation: what parts of a sheet judge and write, all rows at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from backoffice.imports import sql
from backoffice.imports.choices import Choices
from backoffice.imports.fields import Field
from backoffice.imports.loading import insert_many
from backoffice.imports.tables import Note
from backoffice.models import ImportFinding, ImportPlan, ImportRow, ImportRun, ImportTerm, User
from backoffice.models.imports import Verdict

if TYPE_CHECKING:
    from backoffice.imports.table_sheet import TableSheet

ROWS_A_BATCH = 20_000
# Of a staged row `r`: it is still to be looked at.
OPEN = "NOT r.is_left_out AND NOT r.is_settled"


class Relation:
    """Staged rows, their plan and their targets, under the aliases r, p and t.

    by: whose import it is; permissions are asked once each.
    """

    def __init__(
        self, run: ImportRun, sheet: TableSheet, fields: Mapping[str, Field], by: User
    ) -> None:
        self.run, self.sheet, self.fields, self.by = run, sheet, fields, by
        self.choices = Choices.from_json(run.choices)
        self.key = self.choices.key or sheet.key
        self._permissions: dict[str, bool] = {}
        # What parts looked up and hand on, and what they say about the file as a whole.
        self.facts: dict[str, Any] = {}
        # Planning looked up every text of the rows already: its terms are all that there are.
        self.is_planned = False
        self.notes: list[Note] = []

    @property
    def given(self) -> list[Field]:
        """The columns that the file has, or that have a default for new rows."""
        return [field for field in self.fields.values() if field.is_given]

    @property
    def compared(self) -> list[Field]:
        """The columns that can differ from what is stored."""
        return [f for f in self.fields.values() if f.place is not None and f.name != self.key]

    def field(self, name: str) -> Field | None:
        """Return a column that the file has, or None."""
        found = self.fields.get(name)
        return found if found is not None and found.place is not None else None

    def allows(self, permission: str) -> bool:
        if permission not in self._permissions:
            self._permissions[permission] = self.by.is_active and self.by.has_perm(permission)
        return self._permissions[permission]

    # --- FROM ----------------------------------------------------------------------------------

    def joins(self, fields: Iterable[Field] | None = None) -> str:
        chosen = self.given if fields is None else fields
        return "".join(dict.fromkeys(field.joins for field in chosen))

    def named_in(self, *texts: str) -> list[Field]:
        """Return the fields whose joins these pieces of SQL need; the others would only cost."""
        return [
            field
            for field in self.given
            if any(f"{alias}." in text for alias in field.aliases for text in texts)
        ]

    def known(self, fields: Iterable[Field] | None = None) -> str:
        """Return FROM and WHERE of the rows whose key the trade has, beside what bears it."""
        return (
            f"FROM {sql.table(ImportRow)} r JOIN {sql.table(self.sheet.model)} t"
            f" ON {self.key_text} = r.key{self.joins(fields)}"
            f" WHERE r.run_id = {self.run.pk} AND {OPEN} AND r.key <> ''"
        )

    def unknown(self) -> str:
        """Return FROM and WHERE of the rows whose key the trade has not."""
        return (
            f"FROM {sql.table(ImportRow)} r WHERE r.run_id = {self.run.pk} AND {OPEN}"
            f" AND r.key <> '' AND NOT EXISTS (SELECT 1 FROM {sql.table(self.sheet.model)} t"
            f" WHERE {self.key_text} = r.key)"
        )

    def planned(self, fields: Iterable[Field] | None = None, *, joins: str = "") -> str:
        """Return FROM and WHERE of rows with a plan, beside what the plan is about."""
        model = self.sheet.model
        return (
            f"FROM {sql.table(ImportPlan)} p JOIN {sql.table(ImportRow)} r"
            " ON r.run_id = p.run_id AND r.number = p.number"
            f" LEFT JOIN {sql.table(model)} t ON t.id = p.target_id{self.joins(fields)}{joins}"
            f" WHERE p.run_id = {self.run.pk} AND NOT r.is_settled"
        )

    def to_write(self, fields: Iterable[Field] | None = None, *, joins: str = "") -> str:
        """As `planned`, without the refused rows."""
        return f"{self.planned(fields, joins=joins)} AND p.verdict <> 'refused'"

    @property
    def key_text(self) -> str:
        """The stored key of the target, as text."""
        return f"t.{sql.name(str(self.sheet.model._meta.get_field(self.key).column))}"

    def said(self, name: str) -> str:
        """Return the text that a row says about a column; NULL when the file has none."""
        field = self.fields.get(name)
        return "NULL" if field is None or field.place is None else field.said

    def said_when_new(self, name: str) -> str:
        field = self.fields.get(name)
        return "''" if field is None else field.said_when_new

    def changes(self, name: str) -> str:
        """Return whether a row writes a column: a new one that says something, or a change."""
        if self.field(name) is None:
            return f"(p.verdict = 'new' AND {self.said_when_new(name)} <> '')"
        return (
            f"(CASE WHEN p.verdict = 'new' THEN {self.said_when_new(name)} <> ''"
            f" ELSE {sql.has_change(name)} END)"
        )

    # --- Looking at single values ----------------------------------------------------------------

    @cached_property
    def changing(self) -> frozenset[str]:
        """The columns that the plan changes on any row that is there already."""
        asked = ", ".join(sql.any_of(sql.has_change(field.name)) for field in self.compared)
        if not asked or not self.plans(Verdict.CHANGED):
            return frozenset()
        (answers,) = sql.rows(f"SELECT {asked} {self.to_write([])} AND p.verdict = 'changed'")
        named = zip(self.compared, answers, strict=True)
        return frozenset(field.name for field, holds in named if holds)

    @cached_property
    def _verdicts(self) -> frozenset[str]:
        plan = ImportPlan.objects.filter(run=self.run)
        return frozenset(
            verdict
            for verdict in (Verdict.NEW, Verdict.CHANGED)
            if plan.filter(verdict=verdict).exists()
        )

    def plans(self, verdict: str) -> bool:
        """Return whether the plan makes (NEW), or changes (CHANGED), any row."""
        return verdict in self._verdicts

    def may_write(self, name: str) -> bool:
        """Return whether any row of the plan writes a column."""
        field = self.fields.get(name)
        is_made = field is not None and field.is_given and self.plans(Verdict.NEW)
        return is_made or name in self.changing

    def distinct(self, name: str) -> list[str]:
        """Return the different texts of a column, "" left out."""
        field = self.fields.get(name)
        if field is None or not field.is_given:
            return []
        if self.is_planned:
            terms = ImportTerm.objects.filter(run=self.run, field=name)
            return sorted(terms.values_list("text", flat=True))
        found: set[str] = {field.default} if field.default else set()
        if field.place is not None:
            statement = (
                f"SELECT DISTINCT {field.said} FROM {sql.table(ImportRow)} r"
                f" WHERE r.run_id = {self.run.pk} AND {OPEN}"
            )
            found.update(text for (text,) in sql.rows(statement) if text)
        return sorted(found)

    def keep_terms(self, name: str, terms: Mapping[str, Any]) -> None:
        """Remember what texts stand for: a key, a text of keys, or None for what is missing."""
        ImportTerm.objects.filter(run=self.run, field=name).delete()
        found = terms.values()
        insert_many(
            ImportTerm,
            ("text", "target_id", "target_ids"),
            [
                (
                    list(terms),
                    [one if isinstance(one, int) else None for one in found],
                    [one if isinstance(one, str) else None for one in found],
                )
            ],
            same={"run_id": self.run.pk, "field": name},
        )

    def unsaid(self, name: str) -> str:
        """Return a condition: nothing is said yet against the row's cell of this column."""
        return (
            f"NOT EXISTS (SELECT 1 FROM {sql.table(ImportFinding)} f WHERE f.run_id = r.run_id"
            f" AND f.number = r.number AND f.field = {sql.literal(name)} AND NOT f.is_warning)"
        )

    @cached_property
    def keys_meet(self) -> bool:
        """Return whether two rows bear one key, or keys that differ in capitals only."""
        return bool(
            sql.rows(
                f"SELECT 1 FROM {sql.table(ImportRow)} r WHERE r.run_id = {self.run.pk}"
                " AND NOT r.is_left_out AND r.key <> ''"
                " GROUP BY lower(r.key) HAVING count(*) > 1 LIMIT 1"
            )
        )

    @cached_property
    def last_number(self) -> int:
        ((last,),) = sql.rows(
            f"SELECT COALESCE(max(number), 0) FROM {sql.table(ImportRow)}"
            f" WHERE run_id = {self.run.pk}"
        )
        return int(last)

    def batches(self) -> list[tuple[int, int]]:
        """Return ranges of row numbers, first and last, with so many rows to write in each."""
        ends = sql.rows(
            "SELECT number FROM (SELECT number, row_number() OVER (ORDER BY number) AS place,"
            f" count(*) OVER () AS total FROM {sql.table(ImportPlan)} WHERE run_id = {self.run.pk}"
            f" AND verdict <> 'refused') x WHERE place %% {ROWS_A_BATCH} = 0 OR place = total"
            " ORDER BY number"
        )
        return [(before + 1, last) for before, last in pairwise([0, *(end for (end,) in ends)])]

    def to_write_within(self, fields: Iterable[Field] | None, first: int, last: int) -> str:
        """As `to_write`, of a batch. Both tables are told, to be read by their own keys."""
        return (
            f"{self.to_write(fields)} AND r.number BETWEEN {first} AND {last}"
            f" AND p.number BETWEEN {first} AND {last}"
        )
