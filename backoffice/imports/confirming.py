"""A person's yes: a second person where a rule wants one, then here or as a job."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice import approvals, jobs
from backoffice.imports import four_eyes, refusals
from backoffice.imports.apply import claim, work_off
from backoffice.imports.endings import expire_runs
from backoffice.imports.runs import READ_KIND, own_run, read_received
from backoffice.imports.sheets import sheet
from backoffice.models import ImportRun, User
from backoffice.steps import require_permission

State = ImportRun.State
APPLY_KIND = "backoffice.apply_import"


class PlanChanged(refusals.RunRefused):
    sentence = _("The plan has changed since this page was loaded.")
    hint = _("Look at it again, then confirm.")


class NothingToApply(refusals.RunRefused):
    sentence = _("There is nothing to apply: every row is as the file says, or refused.")


def confirm_run(
    *,
    uuid: Any,
    by: User,
    reason: str,
    policy: str = "",
    sha256: str = "",
    plan_number: int | None = None,
) -> ImportRun:
    """Apply what was previewed: few rows here, many as a job.

    sha256, plan_number: of what the person saw; the former blank, the latter None: not asked.
    Refuses: UnknownRun; NotAllowed; RunExpired; RunNotWaiting; ContentChanged; PlanChanged;
    NothingToApply; ApprovalAsked where a rule wants a second person: the run waits for them.
    Atomic: the claim; what follows is as `apply_run`.
    """
    run = own_run(uuid=uuid, by=by)
    kind = sheet(run.sheet)
    require_permission(by, kind.import_permission, kind.import_words)
    expire_runs(now=timezone.now())
    run.refresh_from_db()
    if run.state in {State.VALIDATED, State.ASKED}:
        if plan_number is not None and plan_number != run.plan_number:
            raise PlanChanged
        if not run.to_write:
            raise NothingToApply
        four_eyes.gate(run, by=by, reason=reason, policy=policy)
    return _begin(run, by=by, reason=reason, policy=policy, sha256=sha256)


def confirm_approved(*, run: str, by: User, reason: str, policy: str = "") -> ImportRun:
    """Apply a run that a second person has agreed to, for the one who asked.

    run: its uuid. Refuses: what `confirm_run` refuses.
    """
    row = own_run(uuid=run, by=by)
    kind = sheet(row.sheet)
    require_permission(by, kind.import_permission, kind.import_words)
    if row.shown_state != State.ASKED:
        raise refusals.RunNotWaiting(state=row.get_state_display().lower())
    four_eyes.gate(row, by=by, reason=reason, policy=policy)
    return _begin(row, by=by, reason=reason, policy=policy, sha256="")


def _begin(run: ImportRun, *, by: User, reason: str, policy: str, sha256: str) -> ImportRun:
    is_large = run.to_write > settings.IMPORT_AT_ONCE_ROWS
    with transaction.atomic():
        claim(
            run,
            reason=reason,
            policy=policy,
            sha256=sha256,
            now=timezone.now(),
            states=(State.VALIDATED, State.ASKED),
        )
        if is_large:
            run.job = jobs.start(
                APPLY_KIND, by=by, arguments={"run": str(run.uuid)}, label=run.file_name
            )
            run.save(update_fields=["job", "updated_at"])
    return run if is_large else work_off(run, by=by)


@jobs.kind(APPLY_KIND, label=_("Apply an import"))
def apply_import(work: jobs.Run) -> dict[str, Any]:
    """Write a claimed run; what a killed worker began is undone, and begun again."""
    run = ImportRun.objects.select_related("owner").get(uuid=work.arguments["run"])
    if run.state == State.RUNNING:
        work.progress(0, run.row_count)
        run = work_off(run, by=run.owner, work=work)
    return {"state": run.state, "new": run.new, "changed": run.changed, "refused": run.refused}


@jobs.kind(READ_KIND, label=_("Read a sheet"))
def read_import(work: jobs.Run) -> dict[str, Any]:
    """Read a large file; what a killed worker staged is undone."""
    run = ImportRun.objects.select_related("owner").get(uuid=work.arguments["run"])
    if run.state == State.RECEIVED:
        run = read_received(run)
    return {"state": run.state, "rows": run.row_count}


approvals.action(four_eyes.ROWS, label=_("Import a sheet"), unit="count", verb=confirm_approved)
