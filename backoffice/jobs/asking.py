"""What people and verbs ask of jobs: start, stop, run again, and how far one is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice import changes
from backoffice.jobs import alive, backends, kinds
from backoffice.models import AuditEvent, Job, User
from backoffice.refused import Refused, UnknownRow
from backoffice.steps import Outcome, require_permission


class JobHasEnded(Refused):
    sentence = _("“{job}” has ended already: {state}.")
    http_status = 409


class JobIsOpen(Refused):
    sentence = _("“{job}” has not ended: {state}.")
    hint = _("Cancel it first, or wait.")
    http_status = 409


class JobIsDone(Refused):
    sentence = _("“{job}” is done; there is nothing left to run.")
    http_status = 409


def start(
    kind: str,
    *,
    by: User | None,
    arguments: Mapping[str, Any] | None = None,
    key: str = "",
    label: str = "",
) -> Job:
    """Start a job when the open transaction commits, and never if it does not.

    kind: a registered one. by: whose job it is; None: the clock's. arguments: what JSON can hold.
    key: the same kind and non-blank key again gives the same job. label: in place of the kind's.
    Whether `by` may have the work done is the work's own question: its verbs ask.
    Atomic: writes one row; the delivery follows the commit.
    """
    known = kinds.find(kind)
    if known is None:
        raise LookupError(f"No job kind {kind!r} is registered.")
    job = Job(
        kind=kind,
        label=(label or str(known.label))[:200],
        key=key,
        arguments=dict(arguments or {}),
        owner=by,
        change_set=changes.require(),
    )
    return insert(job)


def start_unasked(kind: str, *, arguments: Mapping[str, Any] | None = None) -> Job:
    """Start a job that nobody asked for and that belongs to no click: upkeep, like the clock's.

    kind, arguments: as for `start`.
    Atomic: writes one row; the delivery follows the commit.
    """
    known = kinds.find(kind)
    if known is None:
        raise LookupError(f"No job kind {kind!r} is registered.")
    return insert(Job(kind=kind, label=str(known.label)[:200], arguments=dict(arguments or {})))


def insert(job: Job) -> Job:
    """Insert a job and deliver it on commit; one with its key already there is that one."""
    if job.key and (earlier := _earlier(job)):
        return earlier
    try:
        with transaction.atomic():
            job.save(force_insert=True)
    except IntegrityError:
        earlier = _earlier(job)
        if earlier is None:
            raise
        return earlier
    _deliver_on_commit(job)
    return job


def _deliver_on_commit(job: Job) -> None:
    # robust: the row is there; a delivery that fails now is the sweeper's to repeat. (Django names
    # a robust hook when it fails, and a partial has no name.)
    transaction.on_commit(lambda: backends.enqueue(job.pk), robust=True)


def _earlier(job: Job) -> Job | None:
    return Job.objects.filter(kind=job.kind, key=job.key).exclude(key="").first()


def cancel_job(*, job_id: int, by: User, reason: str) -> Job:
    """Stop a job: at once while it waits, at its next check while it runs.

    What it has done until then stays done. reason: why, for the record.
    Refuses: UnknownRow, whoever else's it is; NotAllowed; JobHasEnded.
    Atomic: one conditional update and one event.
    """
    require_permission(by, "backoffice.cancel_job", _("cancel jobs"))
    job = _seen(job_id, by)
    if job.is_ended:
        raise JobHasEnded(job=job, state=job.get_state_display().lower())
    if job.state == Job.State.RUNNING:
        # Before we write: on SQLite the run's transaction would make us wait for its end.
        alive.ask_to_stop(job)
    now = timezone.now()
    with transaction.atomic():
        changes.say(action="backoffice.cancel_job", by=by, reason=reason)
        stopped = Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(
            state=Job.State.CANCELLED, cancel_asked_at=now, finished_at=now
        )
        asked = stopped or Job.objects.running().filter(pk=job.pk).update(cancel_asked_at=now)
        job.refresh_from_db()
        if not asked and job.state != Job.State.CANCELLED:
            raise JobHasEnded(job=job, state=job.get_state_display().lower())
        AuditEvent.record("job_cancelled", subject=job, job_kind=job.kind, label=job.label)
    return job


def retry_job(*, job_id: int, by: User, reason: str) -> Job:
    """Run a failed or cancelled job again, for the one who started it.

    It goes on where it ended: what was done is found and left alone. reason: why, for the record.
    Refuses: UnknownRow, whoever else's it is; NotAllowed; JobIsOpen; JobIsDone.
    Atomic: one conditional update and one event; the delivery follows the commit.
    """
    require_permission(by, "backoffice.retry_job", _("run jobs again"))
    job = _seen(job_id, by)
    with transaction.atomic():
        changes.say(action="backoffice.retry_job", by=by, reason=reason)
        moved = Job.objects.filter(
            pk=job.pk, state__in=[Job.State.FAILED, Job.State.CANCELLED]
        ).update(
            state=Job.State.QUEUED,
            attempts=0,
            error="",
            run_after=None,
            finished_at=None,
            cancel_asked_at=None,
            delivery="",
        )
        job.refresh_from_db()
        if not moved:
            raise refusal_to_retry(job) or JobIsOpen(job=job, state=job.get_state_display().lower())
        alive.forget_stop(job)
        AuditEvent.record("job_retried", subject=job, job_kind=job.kind, label=job.label)
        _deliver_on_commit(job)
    return job


def cancel_jobs(*, job_ids: Sequence[int], by: User, reason: str) -> Outcome[Any]:
    """Stop several jobs, each by itself. Refuses per job what `cancel_job` refuses."""
    return _each(cancel_job, job_ids, by, reason)


def retry_jobs(*, job_ids: Sequence[int], by: User, reason: str) -> Outcome[Any]:
    """Run several jobs again, each by itself. Refuses per job what `retry_job` refuses."""
    return _each(retry_job, job_ids, by, reason)


def _each(verb: Callable[..., Job], ids: Sequence[int], by: User, reason: str) -> Outcome[Any]:
    outcome: Outcome[Any] = Outcome()
    rows = Job.objects.in_bulk(ids)
    for pk in ids:
        try:
            outcome.done.append(verb(job_id=pk, by=by, reason=reason))
        except Refused as refused:
            outcome.refused.append((rows.get(pk, pk), refused))
    return outcome


def refusal_to_cancel(job: Job) -> Refused | None:
    """Return why a job cannot be cancelled, or None."""
    if job.is_ended:
        return JobHasEnded(job=job, state=job.get_state_display().lower())
    return None


def refusal_to_retry(job: Job) -> Refused | None:
    """Return why a job cannot be run again, or None."""
    if job.state == Job.State.DONE:
        return JobIsDone(job=job)
    if not job.is_ended:
        return JobIsOpen(job=job, state=job.get_state_display().lower())
    return None


def _seen(job_id: int, by: User) -> Job:
    job = Job.objects.seen_by(by).filter(pk=job_id).first()
    if job is None:
        raise UnknownRow(what=_("job"), key=job_id)
    return job


@dataclass(frozen=True)
class Progress:
    """How far a job is, as of now."""

    done: int
    total: int
    message: str
    seconds: float
    done_here: int

    @property
    def percent(self) -> int | None:
        """Whole percents, rounded down: 100 is said when it is true. None: nobody knows."""
        return min(100, self.done * 100 // self.total) if self.total else None

    @property
    def per_second(self) -> float | None:
        """Rows a second in this attempt."""
        return self.done_here / self.seconds if self.done_here and self.seconds > 0 else None

    @property
    def left(self) -> timedelta | None:
        """How long it still takes at this pace."""
        pace = self.per_second
        if pace is None or self.total <= self.done:
            return None
        return timedelta(seconds=round((self.total - self.done) / pace))


def progress_of(job: Job, *, now: datetime | None = None) -> Progress:
    """Return how far a job is, past whatever transaction its run has open. now: the clock."""
    live = alive.live_progress(job) if job.state == Job.State.RUNNING else None
    done, total, message = live or (job.done, job.total, job.message)
    until = job.finished_at or now or timezone.now()
    seconds = max((until - job.started_at).total_seconds(), 0) if job.started_at else 0.0
    # An attempt that counts from the beginning again did all of it itself.
    here = done - job.began_done if done >= job.began_done else done
    return Progress(done, total, message, seconds, here)


def progress_path(job: Job) -> str:
    """Return where the progress of a job is served as a fragment, to its owner and overseers."""
    return reverse("admin:backoffice_job_progress", args=[job.pk])
