"""How runs end that nobody confirmed: expired, stopped or interrupted, and in time put away."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.imports import receive
from backoffice.models import (
    ImportFinding,
    ImportPlan,
    ImportRow,
    ImportRun,
    ImportTerm,
    Job,
)

State = ImportRun.State
# A worker that died leaves its run behind as "running"; its transaction is long undone.
DEAD_AFTER_HOURS = 2
# States in which a job has the run, and what is left of it when the job ended otherwise than well.
WITH_JOB = (State.RECEIVED, State.RUNNING)
ENDED = (Job.State.CANCELLED, Job.State.FAILED)
_STOPPED = _("It was stopped; nothing was applied.")
_INTERRUPTED = _("It was interrupted; nothing was applied.")
ENDINGS = {
    (State.RUNNING, Job.State.CANCELLED): (State.VALIDATED, _STOPPED),
    (State.RUNNING, Job.State.FAILED): (State.FAILED, _INTERRUPTED),
    (State.RECEIVED, Job.State.CANCELLED): (State.DISCARDED, _("Reading it was stopped.")),
    (State.RECEIVED, Job.State.FAILED): (State.FAILED, _("Reading it was interrupted.")),
}
# What came to nothing is looked at for a week at most.
KEEP_DROPPED_DAYS = 7
DROPPED = (State.REFUSED, State.FAILED, State.DISCARDED, State.EXPIRED)


def expire_runs(*, now: datetime) -> int:
    """Close what was not confirmed in time, or died on the way, and remove the files."""
    end_with_jobs(ImportRun.objects.all())
    overdue = list(ImportRun.objects.overdue(now))
    dead = ImportRun.objects.filter(
        state=State.RUNNING, job=None, started_at__lt=now - timedelta(hours=DEAD_AFTER_HOURS)
    )
    for run in [*overdue, *dead]:
        died = run.state == State.RUNNING
        closed = State.FAILED if died else State.APPLIED if run.applied else State.EXPIRED
        ImportRun.objects.filter(pk=run.pk, state=run.state).update(state=closed, finished_at=now)
        receive.forget(run.stored_as)
    # An applied run keeps its file as long as its refused rows may be corrected.
    for run in ImportRun.objects.filter(
        state__in=[State.APPLIED, State.REFUSED], expires_at__lte=now
    ).exclude(stored_as=""):
        receive.forget(run.stored_as)
        ImportRun.objects.filter(pk=run.pk).update(stored_as="")
    return len(overdue)


def end_with_jobs(runs: QuerySet[ImportRun]) -> None:
    """Give runs whose job was stopped, or has failed for good, the state that this leaves."""
    for run in runs.filter(state__in=WITH_JOB, job__state__in=ENDED).select_related("job"):
        assert run.job is not None
        state, outcome = ENDINGS[run.state, run.job.state]
        runs.filter(pk=run.pk, state=run.state).update(
            state=state,
            outcome=str(outcome),
            finished_at=None if state == State.VALIDATED else timezone.now(),
        )


def put_away_rows(*, now: datetime) -> int:
    """Remove the staged rows of runs that ended long ago; what they did stays in the record."""
    kept = now - timedelta(days=settings.IMPORT_KEEP_DAYS)
    dropped = now - timedelta(days=KEEP_DROPPED_DAYS)
    ended = ImportRun.objects.filter(
        Q(state=State.APPLIED, finished_at__lt=kept)
        | Q(state__in=DROPPED, finished_at__lt=dropped),
    ).filter(Exists(ImportRow.objects.filter(run=OuterRef("pk"))))
    for run in ended:
        for staged in (ImportFinding, ImportPlan, ImportTerm, ImportRow):
            staged.objects.filter(run=run).delete()
    return len(ended)
