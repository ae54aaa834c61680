"""The clock: each period once, nothing piled up, and lost deliveries found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from backoffice import jobs
from backoffice.jobs import clock, housekeeping, kinds
from backoffice.models import IdempotencyKey, Job
from tests.backoffice.jobs.conftest import fresh
from tests.catalog.threads import in_threads

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def minutes(count):
    return timedelta(minutes=count)


@pytest.fixture
def every_five(monkeypatch):
    """The only periodic kind; returns the list of its runs."""
    runs = []
    monkeypatch.setattr(kinds, "_kinds", {})

    @jobs.periodic("toys.tick", every_minutes=5, label="Tick")
    def tick(run):
        runs.append(run.job.key)

    return runs


@pytest.mark.django_db(transaction=True)
def test_a_period_is_started_once_however_often_the_clock_ticks(every_five):
    for seconds in (0, 1, 150, 299):
        clock.tick(now=NOON + timedelta(seconds=seconds))
    assert len(every_five) == 1

    clock.tick(now=NOON + minutes(5))

    assert len(every_five) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_eight_clocks_at_once_start_a_period_once(every_five):
    said = in_threads(lambda _n: clock.start_due(now=NOON), 8)

    assert [error for error in said if isinstance(error, Exception)] == []
    assert len(every_five) == 1
    assert Job.objects.filter(kind="toys.tick").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_day_without_a_worker_leaves_one_job(every_five, delivered_by_database):
    for period in range(100):
        clock.start_due(now=NOON + minutes(5 * period))

    assert Job.objects.filter(kind="toys.tick").count() == 1


@pytest.mark.django_db(transaction=True)
def test_run_due_jobs_says_what_it_started(every_five, capsys):
    call_command("run_due_jobs")

    assert "toys.tick: Tick" in capsys.readouterr().out
    assert len(every_five) == 1


def test_periods_count_from_midnight():
    kind = kinds.Kind(name="k", label="k", work=lambda run: None, every_minutes=45)

    assert kind.period(datetime(2026, 3, 1, 1, 29, tzinfo=UTC)) == datetime(
        2026, 3, 1, 0, 45, tzinfo=UTC
    )


@pytest.fixture
def queued(toy, support, delivered_by_database, django_capture_on_commit_callbacks):
    """A job whose delivery waits in the queue."""
    with django_capture_on_commit_callbacks(execute=True):
        job = jobs.start(toy(lambda run: None), by=support)
    return fresh(job)


LATER = timedelta(seconds=clock.GRACE_SECONDS + 1)


@pytest.mark.django_db
def test_a_delivery_that_waits_its_turn_is_not_repeated(queued):
    assert clock.sweep(now=timezone.now() + LATER) == []
    assert DBTaskResult.objects.count() == 1


@pytest.mark.django_db
def test_a_lost_delivery_is_repeated(queued):
    DBTaskResult.objects.all().delete()

    found = clock.sweep(now=timezone.now() + LATER)

    assert found == [queued]
    assert fresh(queued).delivery == str(DBTaskResult.objects.get().pk)


@pytest.mark.django_db
def test_a_delivery_that_never_left_is_made(toy, support, delivered_by_database):
    job = jobs.start(toy(lambda run: None), by=support)  # the process dies before its commit hooks

    assert clock.sweep(now=timezone.now()) == [job]
    assert DBTaskResult.objects.count() == 1


@pytest.mark.django_db
def test_a_delivery_taken_by_a_worker_that_died_before_it_began_is_repeated(queued):
    DBTaskResult.objects.update(status="RUNNING")

    assert clock.sweep(now=timezone.now() + LATER) == [queued]


@pytest.mark.django_db
def test_a_job_that_waits_for_its_next_attempt_is_left_to_wait(queued):
    DBTaskResult.objects.all().delete()
    now = timezone.now()
    Job.objects.filter(pk=queued.pk).update(run_after=now + minutes(5))

    assert clock.sweep(now=now + LATER) == []
    assert clock.sweep(now=now + minutes(5) + LATER) == [queued]


@pytest.mark.django_db
def test_a_deferred_attempt_is_delivered_for_its_time(toy, support, delivered_by_database):
    def work(run):
        raise ConnectionError

    job = jobs.start(toy(work), by=support)
    jobs.execute(job.pk)

    task = DBTaskResult.objects.get()
    assert task.run_after == fresh(job).run_after


@pytest.mark.django_db
def test_tidying_puts_away_the_clocks_old_jobs_and_keeps_peoples(support):
    now = timezone.now()
    old, older = now - timedelta(hours=25), now - timedelta(days=31)

    def ended(state, at, owner=None):
        return Job.objects.create(
            kind="toys.tick", label=state, state=state, finished_at=at, owner=owner
        )

    away = [ended("done", old), ended("failed", older)]
    kept = [ended("done", now), ended("failed", old), ended("done", older, owner=support)]
    IdempotencyKey.objects.create(user=support, key="old", claimed_at=now - timedelta(hours=49))
    IdempotencyKey.objects.create(user=support, key="new")
    run_tidy = Job.objects.create(kind="backoffice.tidy", label="tidy")

    jobs.execute(run_tidy.pk)

    assert fresh(run_tidy).result == {"keys": 1, "jobs": len(away), "deliveries": 0}
    assert set(Job.objects.filter(kind="toys.tick")) == set(kept)
    assert IdempotencyKey.objects.get().key == "new"


@pytest.mark.django_db
def test_tidying_puts_away_old_deliveries_but_none_in_use(queued):
    old = timezone.now() - timedelta(hours=housekeeping.KEEP_DELIVERIES_HOURS + 1)
    in_use = DBTaskResult.objects.get()
    for status in ("SUCCESSFUL", "RUNNING", "READY"):
        DBTaskResult.objects.create(
            status=status, task_path="x", args_kwargs={}, backend_name="default",
            exception_class_path="", traceback="",
        )  # fmt: skip
    DBTaskResult.objects.update(enqueued_at=old)
    DBTaskResult.objects.filter(pk=in_use.pk).update(status="RUNNING")
    Job.objects.filter(pk=queued.pk).update(state="running")
    tidy = Job.objects.create(kind="backoffice.tidy", label="tidy")

    jobs.execute(tidy.pk)

    assert fresh(tidy).result["deliveries"] == 2
    assert DBTaskResult.objects.filter(pk=in_use.pk).exists()
    assert DBTaskResult.objects.filter(status="READY").count() == 1
