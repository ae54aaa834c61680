"""Status of a sheet: new products are born in it, others get there by the steps of the flow."""

from __future__ import annotations

from collections import defaultdict, deque

from django.utils.translation import gettext_lazy as _

from backoffice.flows import Step
from backoffice.imports.parse import Fault
from backoffice.imports.plan import not_allowed
from backoffice.imports.rows import Row
from backoffice.imports.sheets import Part, Plan, Work
from catalog.states import PRODUCT_FLOW


class StatusPart(Part):
    def judge(self, plan: Plan) -> None:
        for row in plan.rows:
            if row.current is None or "status" not in row.changes:
                continue
            steps = self._steps(row)
            if steps is None:
                row.refuse(
                    "status",
                    Fault(
                        "no_step",
                        _("No step leads from {old} to {new}."),
                        _("Leave the cell blank."),
                        old=row.changes["status"][0],
                        new=row.changes["status"][1],
                    ),
                )
                continue
            for step in steps:
                if not plan.allows(step.permission_name):
                    what = str(step.label).lower()
                    row.refuse("status", not_allowed(what=f"{what} a", noun=plan.sheet.noun))
                    break

    def _steps(self, row: Row) -> list[Step] | None:
        """Return the shortest way through the flow to the status that the row names."""
        old, new = row.changes["status"]
        ways: dict[str, list[Step]] = {old: []}
        reached = deque([old])
        while reached and new not in ways:
            state = reached.popleft()
            for step in PRODUCT_FLOW.steps.values():
                if state in step.sources and step.target and step.target not in ways:
                    ways[step.target] = [*ways[state], step]
                    reached.append(step.target)
        return ways.get(new)

    def apply(self, work: Work) -> None:
        moving = {
            row.current.pk: self._steps(row) or []
            for row in work.changed
            if "status" in row.changes
        }
        for turn in range(max((len(steps) for steps in moving.values()), default=0)):
            ids: dict[str, list[int]] = defaultdict(list)
            for pk, steps in moving.items():
                if turn < len(steps):
                    ids[steps[turn].name].append(pk)
            for name, product_ids in ids.items():
                work.note_refused(
                    PRODUCT_FLOW.bulk_verbs[name](
                        product_ids=product_ids, by=work.by, reason=work.reason
                    )
                )
