"""However often a job is delivered, one process runs it; and all can see how far it is."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from backoffice import changes, jobs
from backoffice.jobs import alive, backends
from backoffice.jobs import running as running_module
from backoffice.models import AuditEvent, Job
from tests.backoffice.jobs.conftest import fresh, wait_until
from tests.catalog.threads import in_threads

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 8


@pytest.fixture
def slow_job(toy, support):
    """A queued job that notes each of its runs, and takes a moment."""
    runs = []

    def work(run):
        runs.append(1)
        threading.Event().wait(0.3)

    job = Job.objects.create(kind=toy(work), label="slow", owner=support)
    job.runs = runs
    return job


def deliver_to_many(job):
    return [said for said in in_threads(lambda _n: jobs.execute(job.pk), TIMES) if said is not None]


def test_a_job_delivered_eight_times_at_once_runs_once(slow_job):
    errors = deliver_to_many(slow_job)

    assert errors == []
    assert len(slow_job.runs) == 1
    assert (fresh(slow_job).state, fresh(slow_job).attempts) == ("done", 1)


def test_without_the_lock_it_would_run_more_than_once(slow_job, monkeypatch):
    """The control: the same deliveries, and nobody excluded."""

    class Open:
        def report(self, done, total, message):
            pass

        def is_cancel_asked(self):
            return False

    @contextmanager
    def nothing_held(job):
        yield Open()

    monkeypatch.setattr(alive, "hold", nothing_held)

    deliver_to_many(slow_job)

    assert len(slow_job.runs) > 1


@contextmanager
def running(job):
    """Run the job in a thread of its own; whatever it waits for is set before this ends."""
    thread = threading.Thread(target=lambda: (jobs.execute(job.pk), connection.close()))
    thread.start()
    try:
        yield
    finally:
        thread.join(timeout=30)
    assert not thread.is_alive()


def test_progress_is_seen_while_the_runs_transaction_is_open(toy, support):
    is_in, go_on = threading.Event(), threading.Event()

    def work(run):
        with transaction.atomic():
            AuditEvent.record("half_done")
            run.progress(340, 1000, "orders")
            is_in.set()
            go_on.wait(30)

    with changes.change(action="toys", by=support, separate=True):
        job = Job.objects.create(
            kind=toy(work), label="long", owner=support, change_set=changes.require()
        )
    with running(job):
        try:
            assert is_in.wait(20)
            seen = jobs.progress_of(fresh(job))
            is_alive = alive.is_alive(job)
            events = AuditEvent.objects.filter(kind="half_done").count()
        finally:
            go_on.set()

    assert (seen.done, seen.total, seen.message) == (340, 1000, "orders")
    assert is_alive
    assert events == 0, "the transaction was not open"
    assert fresh(job).done == 340
    assert not alive.is_alive(job)


def test_a_running_job_hears_that_it_shall_stop(toy, support):
    is_in, asked = threading.Event(), threading.Event()

    def work(run):
        run.progress(5, 10)
        is_in.set()
        asked.wait(30)
        run.check()
        raise AssertionError("it went on")

    job = Job.objects.create(kind=toy(work), label="long", owner=support)
    with running(job):
        try:
            assert is_in.wait(20)
            with changes.change(separate=True, by=support):
                stopped = jobs.cancel_job(job_id=job.pk, by=support, reason="wrong selection")
        finally:
            asked.set()

    assert stopped.state == "running"
    assert (fresh(job).state, fresh(job).done) == ("cancelled", 5)
    event = AuditEvent.objects.get(kind="job_cancelled")
    assert event.change_set.note == "wrong selection"


def test_an_error_after_a_cancellation_is_not_tried_again(toy, support):
    is_in, asked = threading.Event(), threading.Event()

    def work(run):
        is_in.set()
        asked.wait(30)
        raise ConnectionError

    job = Job.objects.create(kind=toy(work), label="long", owner=support)
    with running(job):
        try:
            assert is_in.wait(20)
            jobs.cancel_job(job_id=job.pk, by=support, reason="")
        finally:
            asked.set()

    assert fresh(job).state == "failed"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has a queue of writers")
def test_a_run_breathes_between_its_transactions_and_never_inside(toy, support, monkeypatch):
    """Without it the others' writes to SQLite give up after 20 seconds: "database is locked"."""
    breaths = []
    monkeypatch.setattr(running_module, "BREATH_EVERY_SECONDS", 0)
    monkeypatch.setattr(
        running_module.time, "sleep", lambda seconds: breaths.append((seconds, inside[-1]))
    )
    inside = [False]

    def work(run):
        for row in range(3):
            with transaction.atomic():
                inside.append(True)
                run.progress(row, 3)
            inside.append(False)
            run.progress(row + 1, 3)
            run.check()

    job = Job.objects.create(kind=toy(work), label="busy", owner=support)

    jobs.execute(job.pk)

    assert fresh(job).state == "done"
    assert [seconds for seconds, _ in breaths] == [running_module.BREATH_SECONDS] * 7
    assert not any(was_inside for _, was_inside in breaths)


def test_two_workers_with_two_deliveries_of_one_job_run_it_once(start_worker, support):
    with changes.change(action="toys", by=support, separate=True):
        job = Job.objects.create(
            kind="toys.stamp",
            label="twice",
            owner=support,
            change_set=changes.require(),
            arguments={"rows": 20, "pause": 0.05},
        )
    backends.enqueue(job.pk)
    backends.enqueue(job.pk)

    start_worker("--no-clock")
    start_worker("--no-clock")
    wait_until(lambda: fresh(job).is_ended, "the job's end")

    assert (fresh(job).state, fresh(job).attempts) == ("done", 1)
    assert AuditEvent.objects.filter(kind="stamped").count() == 20
