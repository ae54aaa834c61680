"""How a job's id reaches a process that runs it. Nothing but the id ever travels."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from backoffice.models import Job


@dataclass(frozen=True)
class Backend:
    """One way of delivering.

    deliver: takes the job's id and its earliest moment, returns the delivery's own id.
    waiting: returns those of these deliveries that nobody has taken yet.
    needs_worker: True when another process than the one that asks has to be running.
    """

    deliver: Callable[[int, datetime | None], str]
    waiting: Callable[[Collection[str]], set[str]]
    needs_worker: bool


def _run_here(job_id: int, run_after: datetime | None) -> str:
    from backoffice.jobs.running import execute

    if run_after is None or run_after <= timezone.now():
        execute(job_id)
    return ""


def _store_task(job_id: int, run_after: datetime | None) -> str:
    from backoffice.jobs.tasks import run_job

    return str(run_job.using(run_after=run_after).enqueue(job_id).id)


def _waiting_tasks(deliveries: Collection[str]) -> set[str]:
    from django_tasks_db.models import DBTaskResult

    waiting = DBTaskResult.objects.filter(pk__in=[one for one in deliveries if one])
    return {str(pk) for pk in waiting.filter(status="READY").values_list("pk", flat=True)}


BACKENDS = {
    "immediate": Backend(deliver=_run_here, waiting=lambda deliveries: set(), needs_worker=False),
    "django_tasks_db": Backend(deliver=_store_task, waiting=_waiting_tasks, needs_worker=True),
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
    # Before the delivery: a worker may take it, and end it, before the next line is reached.
    Job.objects.filter(pk=job_id).update(delivered_at=timezone.now())
    if delivery := chosen().deliver(job_id, job.run_after):
        Job.objects.filter(pk=job_id, state=Job.State.QUEUED).update(delivery=delivery)
