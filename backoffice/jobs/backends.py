"""How a job's id reaches a process that runs it. Nothing but the id ever travels."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.module_loading import import_string

from backoffice.ids import uuid7
from backoffice.models import Job


@dataclass(frozen=True)
class Backend:
    """One way of delivering.

    deliver: takes the job's id and its earliest moment, returns the delivery's own id.
    waiting: returns those of these deliveries that nobody has taken yet.
    holds: True when it holds back what is for later; else the clock delivers that in time.
    worker: what `python` runs as a worker beside a server; empty: who asks does the work.
    """

    deliver: Callable[[int, datetime | None], str]
    waiting: Callable[[Collection[str]], set[str]]
    holds: bool = False
    worker: tuple[str, ...] = ()

    @property
    def needs_worker(self) -> bool:
        """True when another process than the one that asks has to be running."""
        return bool(self.worker)


def _run_here(job_id: int, run_after: datetime | None) -> str:
    from backoffice.jobs.running import execute

    execute(job_id)
    return ""


def _store_task(job_id: int, run_after: datetime | None) -> str:
    from backoffice.jobs.tasks import run_job

    return str(run_job.using(run_after=run_after).enqueue(job_id).id)


def _waiting_tasks(deliveries: Collection[str]) -> set[str]:
    from django_tasks_db.models import DBTaskResult

    waiting = DBTaskResult.objects.filter(pk__in=[one for one in deliveries if one])
    return {str(pk) for pk in waiting.filter(status="READY").values_list("pk", flat=True)}


def _send_message(job_id: int, run_after: datetime | None) -> str:
    """Hand the id to the broker; it holds nothing for later, one worker's memory would."""
    app = import_string(settings.CELERY_APP)
    return str(app.send_task("backoffice.run_job", args=[job_id], task_id=str(uuid7())).id)


def _young_messages(deliveries: Collection[str]) -> set[str]:
    """Return the messages that may well be waiting still: nobody can ask a broker for one.

    Its id tells when a message was sent. One too many is no harm, one each tick for each job of a
    long queue would be.
    """
    oldest = timezone.now() - timedelta(seconds=settings.CELERY_SEND_AGAIN_SECONDS)
    return {one for one in deliveries if one and sent_at(UUID(one)) > oldest}


def sent_at(uuid: UUID) -> datetime:
    """Return the moment that stands in a uuid7."""
    return datetime.fromtimestamp((uuid.int >> 80) / 1000, tz=UTC)


BACKENDS = {
    "immediate": Backend(deliver=_run_here, waiting=lambda deliveries: set()),
    "django_tasks_db": Backend(
        deliver=_store_task,
        waiting=_waiting_tasks,
        holds=True,
        worker=("manage.py", "db_worker", "--no-reload", "--with-parent", "--verbosity=0"),
    ),
    "celery": Backend(
        deliver=_send_message,
        waiting=_young_messages,
        worker=("manage.py", "celery_worker", "--with-beat", "--with-parent"),
    ),
}


def chosen() -> Backend:
    """Return the backend that settings.JOBS_BACKEND names."""
    try:
        return BACKENDS[settings.JOBS_BACKEND]
    except KeyError:
        raise ImproperlyConfigured(
            f"JOBS_BACKEND is {settings.JOBS_BACKEND!r}; known: {', '.join(BACKENDS)}."
        ) from None


def enqueue(job_id: int) -> None:
    """Deliver a queued job once more; a delivery too many does no harm."""
    job = Job.objects.filter(pk=job_id, state=Job.State.QUEUED).first()
    if job is None:
        return
    is_later = job.run_after is not None and job.run_after > timezone.now()
    if is_later and not chosen().holds:
        Job.objects.filter(pk=job_id).update(delivered_at=None, delivery="")
        return
    # Before the delivery: a worker may take it, and end it, before the next line is reached.
    Job.objects.filter(pk=job_id).update(delivered_at=timezone.now())
    if delivery := chosen().deliver(job_id, job.run_after):
        Job.objects.filter(pk=job_id, state=Job.State.QUEUED).update(delivery=delivery)
