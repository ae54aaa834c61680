"""Real workers, killed in the middle: the next one finishes, and everything happened once."""

from __future__ import annotations

import signal
from collections import Counter

import pytest
from django.utils import timezone

from backoffice import changes, jobs
from backoffice.jobs import alive, clock, kinds, workers
from backoffice.models import AuditEvent, Job
from tests.backoffice.jobs.conftest import fresh, wait_until
from tests.backoffice.jobs.toys.jobs import stamp

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 40


def stamps():
    return Counter(AuditEvent.objects.filter(kind="stamped").values_list("subject_key", flat=True))


@pytest.fixture
def stamping(support, start_worker):
    """A job of forty rows that a worker has begun; returns job and worker."""
    jobs.kind("toys.stamp", label="Stamp rows")(stamp)
    worker = start_worker("--no-clock")
    with changes.change(action="toys", by=support, separate=True):
        job = jobs.start("toys.stamp", by=support, arguments={"rows": ROWS, "pause": 0.05})
    wait_until(lambda: len(stamps()) >= 5, "the first rows")
    return job, worker


def kill(worker):
    worker.send_signal(signal.SIGKILL)
    worker.wait()


def test_a_killed_workers_job_is_finished_by_another_and_done_once(stamping, start_worker):
    job, worker = stamping

    kill(worker)
    at_the_kill = fresh(job)
    done_then = len(stamps())
    wait_until(lambda: not alive.is_alive(job), "the lock's end")
    start_worker()
    wait_until(lambda: fresh(job).is_ended, "the job's end")

    assert at_the_kill.state == "running"
    assert done_then < ROWS
    assert (fresh(job).state, fresh(job).attempts) == ("done", 2)
    assert stamps() == {str(row): 1 for row in range(ROWS)}
    assert fresh(job).result == {"rows": ROWS}


def test_a_killed_workers_job_tells_how_far_it_came(stamping):
    job, worker = stamping
    wait_until(lambda: jobs.progress_of(fresh(job)).done >= 5, "progress")

    kill(worker)
    wait_until(lambda: not alive.is_alive(job), "the lock's end")
    clock.sweep(now=timezone.now())

    assert fresh(job).state == "queued"
    assert fresh(job).done >= 5
    assert fresh(job).total == ROWS


def test_a_job_whose_workers_die_again_and_again_fails_with_a_sentence(stamping):
    job, worker = stamping
    kill(worker)
    wait_until(lambda: not alive.is_alive(job), "the lock's end")
    Job.objects.filter(pk=job.pk).update(attempts=kinds.MOST_ATTEMPTS)

    clock.sweep(now=timezone.now())

    assert fresh(job).state == "failed"
    assert "ended 3 times" in fresh(job).error


def test_a_job_that_was_to_be_cancelled_is_so_when_its_worker_dies(stamping, support):
    job, worker = stamping
    kill(worker)
    wait_until(lambda: not alive.is_alive(job), "the lock's end")

    jobs.cancel_job(job_id=job.pk, by=support, reason="")
    clock.sweep(now=timezone.now())

    assert fresh(job).state == "cancelled"


def test_the_sweeper_leaves_a_living_job_alone(stamping):
    job, _worker = stamping

    found = clock.sweep(now=timezone.now())

    assert found == []
    wait_until(lambda: fresh(job).is_ended, "the job's end")
    assert (fresh(job).state, fresh(job).attempts) == ("done", 1)


def test_a_worker_told_to_end_hands_its_job_on(stamping, start_worker):
    job, worker = stamping

    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0
    between = fresh(job)
    done_then = len(stamps())
    start_worker()
    wait_until(lambda: fresh(job).is_ended, "the job's end")

    assert (between.state, between.attempts) == ("queued", 0)
    assert done_then < ROWS
    assert (fresh(job).state, fresh(job).attempts) == ("done", 1)
    assert stamps() == {str(row): 1 for row in range(ROWS)}


def test_a_worker_is_known_to_be_there_until_it_dies(start_worker):
    assert not workers.is_one_here()

    worker = start_worker()
    wait_until(workers.is_one_here, "the worker")
    kill(worker)
    wait_until(lambda: not workers.is_one_here(), "its end")


def test_a_worker_starts_what_the_clock_says(start_worker):
    start_worker()

    wait_until(
        lambda: Job.objects.filter(kind="backoffice.tidy", state="done").exists(), "the clock"
    )
