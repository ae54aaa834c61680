"""Writing a previewed run: claimed once, judged again under lock, then each part by its service."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice import changes, jobs
from backoffice.imports import four_eyes, receive, refusals
from backoffice.imports.endings import expire_runs
from backoffice.imports.runs import own_run
from backoffice.imports.sheets import Sheet, sheet
from backoffice.imports.stage import keep
from backoffice.imports.table_sheet import count, refuse_found
from backoffice.imports.writing import Writing
from backoffice.models import ChangeSet, ImportFinding, ImportRun, User
from backoffice.models.imports import Verdict
from backoffice.refused import Refused
from backoffice.steps import require_permission

State, Policy = ImportRun.State, ImportRun.Policy
Phase = ImportFinding.Phase
# Of rivals who want the same name at the same moment one wins in each round.
ROUNDS = 5


class _Undone(Exception):  # noqa: N818  (never leaves this module)
    """The transaction must not stand: some rows turned out to be refused."""


def apply_run(
    *,
    uuid: Any,
    by: User,
    reason: str,
    policy: str = "",
    sha256: str = "",
    is_final: bool = False,
    now: datetime | None = None,
) -> ImportRun:
    """Write what the preview showed, once.

    reason: why, for the record; blank: "Import of <file>". policy: another one than was chosen at
    the upload. sha256: of the file that the person saw; blank: not asked. is_final: nobody comes
    back to this run, so one that is refused is closed. now: the clock.
    Refuses: UnknownRun; NotAllowed; RunExpired; RunNotWaiting; ContentChanged; ApprovalAsked.
    When rows are refused under all-or-nothing the run is returned with state and counts that say
    so: it waits again, or is closed.
    Atomic: one transaction for everything that the accepted rows write; a row whose fields are no
    longer what the preview showed is refused.
    """
    run = own_run(uuid=uuid, by=by)
    kind = sheet(run.sheet)
    require_permission(by, kind.import_permission, kind.import_words)
    moment = now or timezone.now()
    expire_runs(now=moment)
    run.refresh_from_db()
    if run.state == State.VALIDATED and not (sha256 and sha256 != run.sha256):
        four_eyes.gate(run, by=by, reason=reason, policy=policy)
    claim(run, reason=reason, policy=policy, sha256=sha256, now=moment)
    return work_off(run, by=by, is_final=is_final)


def claim(
    run: ImportRun,
    *,
    reason: str,
    policy: str,
    sha256: str,
    now: datetime,
    states: tuple[str, ...] = (State.VALIDATED,),
) -> None:
    """Take a waiting run for ourselves: of two confirmations at once, one gets it."""
    if sha256 and sha256 != run.sha256:
        raise refusals.ContentChanged
    if run.state == State.EXPIRED:
        raise refusals.RunExpired(hours=settings.IMPORT_EXPIRES_HOURS)
    if run.state in states and not run.is_undo and not receive.is_intact(run.stored_as, run.sha256):
        raise refusals.ContentChanged
    claimed = ImportRun.objects.filter(pk=run.pk, state__in=states, expires_at__gt=now).update(
        state=State.RUNNING,
        started_at=now,
        finished_at=None,
        policy=policy or run.policy,
        reason=reason.strip() or run.reason or _("Import of {file}").format(file=run.file_name),
    )
    run.refresh_from_db()
    if not claimed:
        raise refusals.RunNotWaiting(state=run.get_state_display().lower())


def work_off(
    run: ImportRun, *, by: User, is_final: bool = False, work: jobs.Run | None = None
) -> ImportRun:
    """Write a claimed run. work: the job that does it, for progress and a way to stop."""
    kind = sheet(run.sheet)
    try:
        _Application(run, kind, by=by, is_final=is_final, work=work).work_off()
    except jobs.Cancelled:
        _close(run, State.VALIDATED, _("It was stopped; nothing was applied."))
        raise
    except Refused as refused:
        _close(run, State.REFUSED if is_final else State.VALIDATED, str(refused))
        raise
    except Exception:
        # A job is tried again; without one, the database may be what is gone: the sweep closes it.
        if work is None:
            with suppress(DatabaseError):
                _close(run, State.FAILED, _("It was interrupted; nothing was applied."))
        raise
    finally:
        # Refused rows may still be corrected; of everything else the file is not needed any more.
        if run.state not in {State.VALIDATED, State.RUNNING} and (is_final or not run.refused):
            receive.forget(run.stored_as)
    return run


def _close(run: ImportRun, state: str, outcome: str) -> None:
    run.state, run.outcome = state, outcome
    run.finished_at = None if state == State.VALIDATED else timezone.now()
    run.save()


class _Application:
    """One attempt to write a run, repeated without the rows that turn out to be refused."""

    def __init__(
        self, run: ImportRun, kind: Sheet, *, by: User, is_final: bool, work: jobs.Run | None
    ) -> None:
        self.run, self.kind, self.by = run, kind, by
        self.is_final, self.job = is_final, work
        self.found: list[ImportFinding] = []
        # How often rivals were met: the first time what was made up for the preview is trusted.
        self.rounds = 0

    def work_off(self) -> None:
        if self.run.refused and self.run.policy == Policy.ALL_OR_NOTHING:
            self._refuse_all()
            return
        while True:
            try:
                with transaction.atomic(), self._change() as change:
                    self._write(change)
            except _Undone:
                if not self._keep_refusals() or self.run.policy == Policy.ALL_OR_NOTHING:
                    break
            except (IntegrityError, Refused):
                # A rival wrote between our look and our write; now it can be seen, row by row.
                self.rounds += 1
                if self.rounds == ROUNDS:
                    raise
            else:
                return
        self._refuse_all()

    def _change(self) -> Any:
        """Open this run's own change set, whatever the door; corrections continue it."""
        if self.run.change_set_id is not None:
            return changes.resume(self.run.change_set_id)
        outer = changes.current()
        return changes.change(
            separate=True,
            action=self.kind.action,
            channel="import",
            by=self.by,
            note=self.run.reason,
            at=outer.at if outer else None,
            caller=outer.caller if outer else None,
        )

    def _write(self, change: changes.Change) -> None:
        run, planner = self.run, self.kind.planner(self.run, self.by)
        writing = Writing(by=self.by, reason=run.reason, cause=run.uuid, progress=self._went_on)
        to_write = run.plan.exclude(verdict=Verdict.REFUSED)
        if to_write.exists():
            refused = planner.judge_again(settles=self.rounds > 0)
            if refused and run.policy == Policy.ALL_OR_NOTHING:
                self._undo([])
            if to_write.exists():
                planner.write(writing)
        if writing.refused:
            self._undo(
                [
                    ImportFinding(
                        run=run, number=number, phase=Phase.APPLY,
                        code=refused.code, message=refused.message, hint=refused.way_out,
                    )
                    for number, refused in writing.refused.items()
                ]
            )  # fmt: skip
        count(run)
        if change.is_written:
            run.change_set = ChangeSet.objects.get(pk=change.row().pk)
        run.applied = run.new + run.changed
        run.state, run.finished_at, run.outcome = State.APPLIED, timezone.now(), ""
        run.save()

    def _undo(self, more: list[ImportFinding]) -> None:
        """Leave the transaction with what was found in it, to be kept outside of it."""
        found = self.run.findings.filter(phase=Phase.APPLY)
        self.found = [*found, *more]
        for finding in self.found:
            finding.pk = None
        raise _Undone

    def _went_on(self, number: int) -> None:
        if self.job is not None:
            self.job.progress(number, self.run.row_count)
            self.job.check()

    def _keep_refusals(self) -> bool:
        """Write what was found on the rows and the counts; return whether there was anything."""
        run = self.run
        run.refresh_from_db()
        with transaction.atomic():
            keep(self.found)
            refuse_found(run)
            count(run)
            run.save()
        return bool(self.found)

    def _refuse_all(self) -> None:
        refusal = refusals.RowsRefused(refused=self.run.refused, rows=self.run.row_count)
        _close(self.run, State.REFUSED if self.is_final else State.VALIDATED, str(refusal))
