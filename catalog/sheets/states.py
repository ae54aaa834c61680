"""Status of a sheet: new products are born in it, others get there by the steps of the flow."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence

from django.utils.translation import gettext_lazy as _

from backoffice.flows import Step
from backoffice.imports import sql
from backoffice.imports.checks import Check, Facts
from backoffice.imports.parse import Fault
from backoffice.imports.relation import Relation
from backoffice.imports.table_checks import not_allowed
from backoffice.imports.table_sheet import SetPart
from backoffice.imports.writing import Writing
from backoffice.models.imports import Verdict
from catalog.states import PRODUCT_FLOW

IDS_AT_ONCE = 1_000


class StatusPart(SetPart):
    columns = ("status",)

    def checks(self, relation: Relation) -> Iterable[Check]:
        if relation.field("status") is None:
            return
        closed = {pair for pair in self._pairs(relation) if self._problem(relation, *pair)}
        if closed:
            yield Check(
                field="status",
                of=Verdict.CHANGED,
                when=sql.has_change("status"),
                needs={"old": sql.old_text("status"), "new": relation.said("status")},
                words=lambda facts: self._words(relation, facts),
            )

    def _pairs(self, relation: Relation) -> list[tuple[str, str]]:
        return [
            (old, new)
            for old, new in sql.rows(
                f"SELECT DISTINCT {sql.old_text('status')}, {relation.said('status')}"
                f" {relation.to_write([])} AND t.id IS NOT NULL AND {sql.has_change('status')}"
            )
            if new
        ]

    def _words(self, relation: Relation, facts: Facts) -> Fault | None:
        return self._problem(relation, facts["old"], facts["new"]) if facts["new"] else None

    def _problem(self, relation: Relation, old: str, new: str) -> Fault | None:
        steps = way(old, new)
        if steps is None:
            return Fault(
                "no_step",
                _("No step leads from {old} to {new}."),
                _("Leave the cell blank."),
                old=old,
                new=new,
            )
        for step in steps:
            if not relation.allows(step.permission_name):
                what = str(step.label).lower()
                return not_allowed(what=f"{what} a", noun=relation.sheet.noun)
        return None

    def write(self, relation: Relation, writing: Writing) -> None:
        if relation.field("status") is None:
            return
        moving = {
            pk: (number, way(old, new) or [])
            for pk, number, old, new in sql.rows(
                f"SELECT t.id, r.number, {sql.old_text('status')}, {relation.said('status')}"
                f" {relation.to_write([])} AND p.verdict = 'changed'"
                f" AND {sql.has_change('status')} ORDER BY t.id"
            )
        }
        for turn in range(max((len(steps) for _number, steps in moving.values()), default=0)):
            ids: dict[str, list[int]] = defaultdict(list)
            for pk, (_number, steps) in moving.items():
                if turn < len(steps):
                    ids[steps[turn].name].append(pk)
            for name, product_ids in ids.items():
                for start in range(0, len(product_ids), IDS_AT_ONCE):
                    outcome = PRODUCT_FLOW.bulk_verbs[name](
                        product_ids=product_ids[start : start + IDS_AT_ONCE],
                        by=writing.by,
                        reason=writing.reason,
                    )
                    for what, refusal in outcome.refused:
                        writing.refuse(moving[getattr(what, "pk", what)][0], refusal)


def way(old: str, new: str) -> Sequence[Step] | None:
    """Return the shortest way through the flow from one state to another, or None."""
    ways: dict[str, list[Step]] = {old: []}
    reached = deque([old])
    while reached and new not in ways:
        state = reached.popleft()
        for step in PRODUCT_FLOW.steps.values():
            if state in step.sources and step.target and step.target not in ways:
                ways[step.target] = [*ways[state], step]
                reached.append(step.target)
    return ways.get(new)
