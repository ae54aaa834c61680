"""What Celery knows of this console: two tasks, and how a worker of its shows that it is there."""

from __future__ import annotations

from typing import Any

from celery import shared_task, signals
from django.utils import timezone

from backoffice.jobs import clock
from backoffice.jobs.running import end_soon, execute
from backoffice.jobs.workers import Watch

_watch: list[Watch] = []


@shared_task(name="backoffice.run_job")
def run_job(job_id: int) -> None:
    """Run the job with this id, unless somebody else does or it has ended."""
    execute(int(job_id))


@shared_task(name="backoffice.tick")
def tick() -> None:
    """Start what is due, and deliver again what was lost."""
    clock.tick(now=timezone.now())


@signals.worker_ready.connect
def be_seen(**_: Any) -> None:
    _watch.append(Watch())
    _watch[-1].start()


@signals.worker_shutting_down.connect
def hand_on(**_: Any) -> None:
    """Long jobs stop at their next check, in each process of the pool; the next worker goes on."""
    end_soon()


@signals.worker_shutdown.connect
def be_gone(**_: Any) -> None:
    while _watch:
        _watch.pop().stop()
