"""A second person for large imports: how many rows are written, and how far prices fall."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from backoffice import approvals
from backoffice.imports.sheets import sheet
from backoffice.models import ImportRun, User

ROWS = "backoffice.import_rows"


def gate(run: ImportRun, *, by: User, reason: str, policy: str) -> None:
    """Return when nobody else has to agree to a waiting run, or somebody has.

    The first of the sheet's measures that a rule is about decides. Called outside of transactions.
    Refuses: ApprovalAsked: the run waits for a second person then; MoreThanApproved.
    """
    measures = {ROWS: Decimal(run.to_write), **sheet(run.sheet).measures(run)}
    for action, measure in measures.items():
        if approvals.rule_for(action=action, measure=measure) is not None:
            _ask(run, action, measure, by=by, reason=reason, policy=policy)
            return


def _ask(
    run: ImportRun, action: str, measure: Decimal, *, by: User, reason: str, policy: str
) -> None:
    drops = run.findings.filter(is_warning=True, code="price_drop").count()
    try:
        approvals.gate(
            action=action,
            measure=measure,
            arguments={"run": str(run.uuid), "policy": policy},
            subject=run,
            by=by,
            reason=reason,
            plan=[
                (_("Sheet"), sheet(run.sheet).label),
                (_("New"), run.new),
                (_("Changed"), run.changed),
                (_("Refused"), run.refused),
                (_("Prices that fall"), drops),
            ],
        )
    except approvals.ApprovalAsked:
        ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.VALIDATED).update(
            state=ImportRun.State.ASKED, reason=reason, policy=policy or run.policy
        )
        raise
