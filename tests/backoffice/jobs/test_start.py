"""The one door: a job exists when its transaction does, and the same key is the same job."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import transaction
from django_tasks_db.models import DBTaskResult

from backoffice import changes, jobs
from backoffice.changes import UnauditedWrite
from backoffice.jobs import backends
from backoffice.models import Job
from tests.backoffice.jobs.conftest import fresh

ran: list[int] = []


@pytest.fixture
def noting(toy):
    ran.clear()

    def work(run):
        ran.append(run.job.pk)

    return toy(work)


@pytest.mark.django_db(transaction=True)
def test_start_runs_only_after_the_commit(noting, support):
    with transaction.atomic():
        job = jobs.start(noting, by=support)
        assert ran == []

    assert ran == [job.pk]
    assert fresh(job).state == Job.State.DONE


@pytest.mark.django_db(transaction=True)
def test_start_leaves_nothing_of_a_transaction_that_was_rolled_back(noting, support):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        jobs.start(noting, by=support)
        raise ZeroDivisionError

    assert ran == []
    assert not Job.objects.filter(kind=noting).exists()


@pytest.mark.django_db(transaction=True)
def test_start_enqueues_on_commit_and_nothing_but_the_id(noting, support, delivered_by_database):
    with transaction.atomic():
        job = jobs.start(noting, by=support, arguments={"secret": "of the customer"})
        assert not DBTaskResult.objects.exists()

    task = DBTaskResult.objects.get()
    assert task.args_kwargs == {"args": [job.pk], "kwargs": {}}
    assert fresh(job).delivery == str(task.pk)
    assert ran == []


@pytest.mark.django_db(transaction=True)
def test_start_succeeds_while_the_queue_is_down(noting, support, monkeypatch):
    def broken(job_id, run_after):
        raise ConnectionError("the broker is away")

    down = backends.Backend(deliver=broken, waiting=lambda ids: set(), worker=("w",))
    monkeypatch.setitem(backends.BACKENDS, "immediate", down)

    job = jobs.start(noting, by=support)

    assert fresh(job).state == Job.State.QUEUED


@pytest.mark.django_db
def test_start_with_the_same_key_gives_the_same_job(noting, support):
    first = jobs.start(noting, by=support, key="letter-7")

    assert jobs.start(noting, by=support, key="letter-7") == first
    assert jobs.start(noting, by=support, key="letter-8") != first


@pytest.mark.django_db
def test_start_without_a_key_gives_a_new_job_each_time(noting, support):
    assert jobs.start(noting, by=support) != jobs.start(noting, by=support)


@pytest.mark.django_db
def test_a_key_belongs_to_its_kind(noting, support):
    jobs.kind("toys.two", label="Another")(lambda run: None)

    assert jobs.start(noting, by=support, key="7") != jobs.start("toys.two", by=support, key="7")


@pytest.mark.django_db
def test_start_keeps_arguments_that_json_has_no_word_for(
    toy, support, django_capture_on_commit_callbacks
):
    got = {}
    kind = toy(lambda run: got.update(run.arguments))

    with django_capture_on_commit_callbacks(execute=True):
        jobs.start(
            kind,
            by=support,
            arguments={"amount": Decimal("9.90"), "at": datetime(2026, 1, 2, tzinfo=UTC)},
        )

    assert got == {"amount": "9.90", "at": "2026-01-02T00:00:00Z"}


@pytest.mark.django_db
def test_start_belongs_to_the_click_that_asked(noting, support):
    with changes.change(action="orders.ship", by=support, separate=True) as click:
        job = jobs.start(noting, by=support)

        assert job.change_set == click.row()


@pytest.mark.django_db
def test_start_outside_of_every_door_is_refused(noting, support):
    token = changes._open.set(None)
    try:
        with pytest.raises(UnauditedWrite):
            jobs.start(noting, by=support)
    finally:
        changes._open.reset(token)


@pytest.mark.django_db
def test_start_of_an_unknown_kind_is_a_bug_and_loud(support):
    with pytest.raises(LookupError, match=r"toys\.nobody"):
        jobs.start("toys.nobody", by=support)
