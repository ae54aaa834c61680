"""Running a job: by one process at a time, outside of transactions, for the click that asked."""

from __future__ import annotations

import json
import logging
import mmap
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast

from django.core.serializers.json import DjangoJSONEncoder
from django.db import InterfaceError, OperationalError, connection
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice import changes, logs
from backoffice.jobs import alive, backends, kinds
from backoffice.models import Job, User
from backoffice.refused import Refused, ServiceUnavailable

logger = logging.getLogger(__name__)

# Between the first attempt and the second, the second and the third …
BACKOFF_SECONDS = (15, 60, 300, 900)
# More often than this nobody looks.
REPORT_EVERY_SECONDS = 0.2
WRITE_TRIES = 5
# SQLite has no queue of writers, they try again by chance: a run that begins its next transaction
# at once shuts everybody else out, until they give up after 20 seconds.
BREATH_SECONDS = 0.02
BREATH_EVERY_SECONDS = 0.1


class Cancelled(Exception):  # noqa: N818  (it is what happened, not an error)
    """Somebody asked for the job to stop, and it did."""


class Interrupted(BaseException):
    """The process shall end: the job goes back into the queue, and another one goes on with it."""


# One byte, set when this process was asked to end, and shared with the processes that it forks
# afterwards: Celery's worker is told, and its pool does the work.
_ending = mmap.mmap(-1, 1)


def end_soon() -> None:
    """Let running jobs stop at their next check, to be taken up again by another process."""
    _ending[0] = 1


class Run:
    """What a job's work holds in its hands."""

    def __init__(self, job: Job, hold: alive.Hold) -> None:
        self.job = job
        self.done, self.total, self.message = job.done, job.total, job.message
        self._hold = hold
        self._next_report_at = 0.0
        self._next_breath_at = time.monotonic() + BREATH_EVERY_SECONDS

    @property
    def arguments(self) -> Mapping[str, Any]:
        return cast("Mapping[str, Any]", self.job.arguments)

    @property
    def by(self) -> User | None:
        """Who asked for it; None: the clock."""
        return self.job.owner

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Say how far it is; everybody sees it at once, whatever transaction is open here.

        message: a word on what is being done now.
        """
        self.done, self.total = max(done, 0), max(total, 0)
        self.message = _storable(message)[:300]
        now = time.monotonic()
        if now >= self._next_report_at:
            self._next_report_at = now + REPORT_EVERY_SECONDS
            self._hold.report(self.done, self.total, self.message)
        self._breathe()

    def check(self) -> None:
        """Stop here if somebody asked for it: call it between two pieces of work.

        Raises Cancelled; Interrupted when this process shall end (no error: do not catch it).
        """
        if self._hold.is_cancel_asked():
            raise Cancelled
        if _ending[0]:
            raise Interrupted
        self._breathe()

    def _breathe(self) -> None:
        """Let others write to SQLite, now that nothing of ours is open."""
        if connection.vendor != "sqlite" or connection.in_atomic_block:
            return
        if time.monotonic() >= self._next_breath_at:
            time.sleep(BREATH_SECONDS)
            self._next_breath_at = time.monotonic() + BREATH_EVERY_SECONDS


def execute(job_id: int) -> None:
    """Run one job now, unless it is not its time, somebody else runs it, or it has ended.

    Whatever comes of it stands in the row; nothing is raised but the end of this process.
    """
    job = Job.objects.filter(pk=job_id).first()
    if job is None or job.is_ended:
        return
    with alive.hold(job) as hold:
        # A second delivery of the same job: the first one has it.
        if hold is not None and _claim(job):
            _run(job, hold)


def _claim(job: Job) -> bool:
    """Make the job ours; its lock is held, so one that says "running" lost its process."""
    job.refresh_from_db()
    if job.state == Job.State.RUNNING and not bury(job):
        return False
    now = timezone.now()
    claimed = (
        Job.objects.open()
        .filter(Q(run_after=None) | Q(run_after__lte=now), pk=job.pk)
        .update(
            state=Job.State.RUNNING,
            attempts=F("attempts") + 1,
            began_done=F("done"),
            started_at=now,
            finished_at=None,
            run_after=None,
            error="",
        )
    )
    if claimed:
        job.refresh_from_db()
    return bool(claimed)


def bury(job: Job) -> bool:
    """Put a job whose process died back into the queue; end it when that happened too often.

    Call it under the job's lock. Returns True when it is to be run again.
    """
    if (left := alive.live_progress(job)) is not None:
        job.done, job.total, job.message = left
    if job.cancel_asked_at is not None:
        _bury(job, state=Job.State.CANCELLED, finished_at=timezone.now())
        return False
    if job.attempts >= _most_attempts(job):
        logger.error("job %s (%s): its process died %s times", job.pk, job.kind, job.attempts)
        _bury(
            job,
            state=Job.State.FAILED,
            finished_at=timezone.now(),
            error=_(
                "The process that ran this ended {count} times before it was done. "
                "It is not tried again by itself."
            ).format(count=job.attempts),
        )
        return False
    logger.warning("job %s (%s): its process died; queued again", job.pk, job.kind)
    _bury(job, state=Job.State.QUEUED, run_after=None, delivery="")
    return True


def _bury(job: Job, **columns: Any) -> None:
    if columns["state"] != Job.State.QUEUED:
        alive.forget_stop(job)
    _write(job, done=job.done, total=job.total, message=job.message, **columns)


def _run(job: Job, hold: alive.Hold) -> None:
    run = Run(job, hold)
    began = time.monotonic()
    with _surroundings(job) as change:
        try:
            run.check()
            ending: dict[str, Any] = {"state": Job.State.DONE, "result": _plain(_work(run))}
        except Cancelled:
            ending = {"state": Job.State.CANCELLED}
        except Refused as refused:
            logger.info("job %s (%s) was refused: %s", job.pk, job.kind, refused)
            ending = _ending_of(job, refused)
        except Exception as error:
            logger.exception("job %s (%s) failed", job.pk, job.kind)
            ending = _ending_of(job, error)
        except BaseException as ending_process:
            # Another process goes on at once, and it was nobody's failed attempt.
            fresh = {"attempts": job.attempts - 1, "delivery": "", "delivered_at": None}
            _end(job, run, state=Job.State.QUEUED, **fresh)
            if isinstance(ending_process, Interrupted):
                return
            raise
        if job.change_set_id is None and change.is_written:
            ending["change_set"] = change.row()
        _end(job, run, **ending)
        seconds = time.monotonic() - began
        # The clock's jobs by the minute would drown what people asked for.
        level = logging.DEBUG if job.owner_id is None else logging.INFO
        logger.log(level, "job %s (%s): %s in %.1f s", job.pk, job.kind, job.state, seconds)
    if ending["state"] == Job.State.QUEUED:
        backends.enqueue(job.pk)


def _work(run: Run) -> Mapping[str, Any] | None:
    kind = kinds.find(run.job.kind)
    if kind is None:
        raise _UnknownKind(kind=run.job.kind)
    return kind.work(run)


@contextmanager
def _surroundings(job: Job) -> Iterator[changes.Change]:
    """Work on for the click that asked, logged under its request; or for the clock."""
    asked = job.change_set
    opened = (
        changes.resume(asked.pk)
        if asked is not None
        else changes.change(action=job.kind, channel="job", separate=True)
    )
    name = asked.request_id if asked is not None and asked.request_id else job.uuid.hex
    token = logs.request_id.set(name)
    try:
        with opened as change:
            yield change
    finally:
        logs.request_id.reset(token)


def _most_attempts(job: Job) -> int:
    kind = kinds.find(job.kind)
    return kind.most_attempts if kind is not None else kinds.MOST_ATTEMPTS


class _UnknownKind(Refused):
    sentence = gettext_lazy("This version of the console does not know the work “{kind}”.")


def _ending_of(job: Job, error: Exception) -> dict[str, Any]:
    """Return the state after an error: queued for another attempt, or failed."""
    is_answer = isinstance(error, Refused) and not isinstance(error, ServiceUnavailable)
    # Only a refusal's words are for people; the rest is in the log.
    if isinstance(error, Refused):
        words = str(error)
    else:
        words = _("Something went wrong on our side. The log has it under {key}.").format(
            key=logs.request_id.get()
        )
    ending: dict[str, Any] = {"state": Job.State.FAILED, "error": _storable(words)}
    # Somebody who wants it stopped does not want it tried again.
    is_unwanted = Job.objects.filter(pk=job.pk).exclude(cancel_asked_at=None).exists()
    if not (is_answer or is_unwanted or job.attempts >= _most_attempts(job)):
        pause = BACKOFF_SECONDS[min(job.attempts, len(BACKOFF_SECONDS)) - 1]
        ending["state"] = Job.State.QUEUED
        ending["run_after"] = timezone.now() + timedelta(seconds=pause)
    return ending


def _end(job: Job, run: Run, **ending: Any) -> None:
    if ending["state"] != Job.State.QUEUED:
        ending["finished_at"] = timezone.now()
        alive.forget_stop(job)
    _write(job, done=run.done, total=run.total, message=run.message, **ending)


def _write(job: Job, **columns: Any) -> None:
    """Write to the job's row, patiently: on SQLite somebody may hold the database for long.

    The attempt's number fences: who lost the lock, and with it the job, writes nothing any more.
    """
    ours = Job.objects.filter(pk=job.pk, attempts=job.attempts)
    for name, value in columns.items():
        setattr(job, name, value)
    for left in reversed(range(WRITE_TRIES)):
        try:
            ours.update(updated_at=timezone.now(), **columns)
        except (OperationalError, InterfaceError):
            if not left or connection.in_atomic_block:
                raise
            connection.close_if_unusable_or_obsolete()
            time.sleep(REPORT_EVERY_SECONDS)
        else:
            return


def _plain(result: Mapping[str, Any] | None) -> Any:
    """Return a result as JSON gives it back; one that is no JSON is the work's error, here."""
    return None if result is None else json.loads(json.dumps(dict(result), cls=DjangoJSONEncoder))


def _storable(text: Any) -> str:
    """Return a text without the NUL, which PostgreSQL cannot hold."""
    return str(text).replace("\x00", "\N{REPLACEMENT CHARACTER}")
