"""The clock: starts periodic kinds once per period, and picks up what was lost on the way.

Anything may call `tick`, as often as it likes and several at once: `run_due_jobs`, each worker.
The sweep is no job itself: a sweep that waits in a lost queue would save nobody.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

from django.db import close_old_connections, connection
from django.db.models import Q
from django.utils import timezone

from backoffice.jobs import alive, backends, kinds
from backoffice.jobs.asking import insert
from backoffice.jobs.running import bury
from backoffice.jobs.workers import Presence
from backoffice.models import Job

logger = logging.getLogger(__name__)

TICK_SECONDS = 15
# A delivery younger than this is on its way by itself.
GRACE_SECONDS = 30
SWEEP_AT_MOST = 500


def tick(*, now: datetime) -> list[Job]:
    """Sweep, and start what is due. Returns the jobs that were started or picked up."""
    return [*sweep(now=now), *start_due(now=now)]


def start_due(*, now: datetime) -> list[Job]:
    """Start each periodic kind whose period has no job yet.

    One whose last job has not ended waits: a day without a worker leaves one job, not a thousand.
    """
    started = []
    for kind in kinds.periodic_kinds():
        key = kind.period(now).isoformat()
        mine = Job.objects.filter(kind=kind.name)
        if mine.filter(key=key).exists() or mine.open().exists():
            continue
        started.append(insert(Job(kind=kind.name, label=str(kind.label)[:200], key=key)))
    return started


def sweep(*, now: datetime) -> list[Job]:
    """Deliver again what was lost: running without a living process, queued without a delivery."""
    found = [job for job in Job.objects.running()[:SWEEP_AT_MOST] if _was_left(job)]
    late = Q(delivered_at=None) | Q(delivered_at__lt=now - timedelta(seconds=GRACE_SECONDS))
    queued = list(Job.objects.due(now).filter(late).order_by("pk")[:SWEEP_AT_MOST])
    waiting = backends.chosen().waiting([job.delivery for job in queued])
    fetched = {job.pk for job in found}
    found += [job for job in queued if job.delivery not in waiting and job.pk not in fetched]
    for job in found:
        logger.info("job %s (%s) is delivered again", job.pk, job.kind)
        backends.enqueue(job.pk)
    return found


def _was_left(job: Job) -> bool:
    """Take a running job out of a dead process' hands: True when it is queued again."""
    if alive.is_alive(job):
        return False
    with alive.hold(job) as hold:
        if hold is None:
            return False
        job.refresh_from_db()
        return job.state == Job.State.RUNNING and bury(job)


class Clock(threading.Thread):
    """Ticks beside a worker, and holds the worker's presence, however long its task takes."""

    def __init__(self) -> None:
        super().__init__(name="clock", daemon=True)
        self._is_over = threading.Event()

    def run(self) -> None:
        presence = Presence()
        try:
            while True:
                self._tick(presence)
                if self._is_over.wait(TICK_SECONDS):
                    return
        finally:
            presence.release()
            connection.close()

    def _tick(self, presence: Presence) -> None:
        close_old_connections()
        try:
            presence.ensure()
            tick(now=timezone.now())
        except Exception:
            # A database that is away or busy for a moment: the next tick sees to it.
            logger.exception("the clock of this worker missed a tick")

    def stop(self) -> None:
        self._is_over.set()
        self.join(timeout=5)
