"""Stopping and repeating: who may, which jobs, and what the record says."""

from __future__ import annotations

import pytest

from backoffice import changes, jobs
from backoffice.models import AuditEvent, Job
from backoffice.refused import NotAllowed, UnknownRow
from tests.backoffice.jobs.conftest import fresh

pytestmark = pytest.mark.django_db
STATES = [state.value for state in Job.State]


@pytest.fixture
def job_in(toy, support):
    def job_in(state, owner=support, **fields):
        kind = toy(lambda run: {"ran": True})
        return Job.objects.create(
            kind=kind, label="Cancel 40 orders", owner=owner, state=state, **fields
        )

    return job_in


def test_cancel_stops_a_waiting_job_at_once(job_in, support):
    job = job_in("queued")

    with changes.change(separate=True, by=support):
        jobs.cancel_job(job_id=job.pk, by=support, reason="wrong selection")
    jobs.execute(job.pk)

    assert (fresh(job).state, fresh(job).attempts) == ("cancelled", 0)
    event = AuditEvent.objects.get(kind="job_cancelled")
    assert (event.change_set.action, event.change_set.note) == (
        "backoffice.cancel_job", "wrong selection",
    )  # fmt: skip


def test_cancel_asks_a_running_job(job_in, support):
    job = job_in("running")

    jobs.cancel_job(job_id=job.pk, by=support, reason="")

    assert fresh(job).state == "running"
    assert fresh(job).cancel_asked_at is not None


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_cancel_refuses_a_job_that_has_ended(job_in, support, state):
    with pytest.raises(jobs.JobHasEnded, match="has ended already"):
        jobs.cancel_job(job_id=job_in(state).pk, by=support, reason="")


def test_cancel_refuses_a_job_that_ends_just_now(job_in, support, monkeypatch):
    job = job_in("running")
    from backoffice.jobs import alive

    monkeypatch.setattr(
        alive, "ask_to_stop", lambda job: Job.objects.filter(pk=job.pk).update(state="done")
    )

    with pytest.raises(jobs.JobHasEnded):
        jobs.cancel_job(job_id=job.pk, by=support, reason="")


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_retry_runs_the_job_again_with_all_its_attempts(
    job_in, support, state, django_capture_on_commit_callbacks
):
    job = job_in(state, attempts=3, error="The bank did not answer.", finished_at="2026-01-01T00Z")

    with django_capture_on_commit_callbacks(execute=True):
        jobs.retry_job(job_id=job.pk, by=support, reason="the bank is back")

    again = fresh(job)
    assert (again.state, again.attempts, again.error) == ("done", 1, "")
    assert AuditEvent.objects.filter(kind="job_retried", subject_key=str(job.pk)).count() == 1


def test_retry_of_a_cancelled_job_is_not_cancelled_again(
    job_in, support, django_capture_on_commit_callbacks
):
    job = job_in("running")
    jobs.cancel_job(job_id=job.pk, by=support, reason="")
    Job.objects.filter(pk=job.pk).update(state="cancelled")

    with django_capture_on_commit_callbacks(execute=True):
        jobs.retry_job(job_id=job.pk, by=support, reason="")

    assert fresh(job).state == "done"


@pytest.mark.parametrize(
    ("state", "refusal"),
    [("queued", jobs.JobIsOpen), ("running", jobs.JobIsOpen), ("done", jobs.JobIsDone)],
)
def test_retry_refuses_what_is_open_or_done(job_in, support, state, refusal):
    with pytest.raises(refusal):
        jobs.retry_job(job_id=job_in(state).pk, by=support, reason="")


def test_a_managers_retry_still_runs_for_the_one_who_started_it(
    toy, support, manager, django_capture_on_commit_callbacks
):
    ran_for = []
    kind = toy(lambda run: ran_for.append(run.by))
    job = Job.objects.create(kind=kind, label="x", owner=support, state="failed")

    with django_capture_on_commit_callbacks(execute=True):
        jobs.retry_job(job_id=job.pk, by=manager, reason="")

    assert ran_for == [support]


VERBS = [(jobs.cancel_job, "queued"), (jobs.retry_job, "failed")]


@pytest.mark.parametrize(("verb", "state"), VERBS)
@pytest.mark.parametrize(
    "role", ["support", "fulfilment", "merchandiser", "finance", "manager", "admin"]
)
def test_everybody_stops_and_repeats_their_own(job_in, request, verb, state, role):
    person = request.getfixturevalue(role)

    verb(job_id=job_in(state, owner=person).pk, by=person, reason="")


@pytest.mark.parametrize(("verb", "state"), VERBS)
@pytest.mark.parametrize(
    ("role", "outcome"),
    [
        ("manager", None),
        ("admin", None),
        ("auditor", NotAllowed),
        ("fulfilment", UnknownRow),
        ("merchandiser", UnknownRow),
        ("finance", UnknownRow),
    ],
)
def test_only_overseers_touch_another_persons_job(job_in, request, verb, state, role, outcome):
    person = request.getfixturevalue(role)
    job = job_in(state)

    if outcome is None:
        verb(job_id=job.pk, by=person, reason="")
        return
    with pytest.raises(outcome):
        verb(job_id=job.pk, by=person, reason="")
    assert fresh(job).state == state


def test_a_person_who_left_stops_nothing(job_in, support):
    support.is_active = False
    support.save()

    with pytest.raises(NotAllowed):
        jobs.cancel_job(job_id=job_in("queued").pk, by=support, reason="")


def test_the_plural_verbs_answer_per_job(job_in, support, fulfilment):
    mine, ended, theirs = job_in("failed"), job_in("done"), job_in("failed", owner=fulfilment)

    outcome = jobs.retry_jobs(job_ids=[mine.pk, ended.pk, theirs.pk, 0], by=support, reason="")

    assert outcome.done == [mine]
    assert [error.code for _row, error in outcome.refused] == [
        "job_is_done", "unknown_row", "unknown_row",
    ]  # fmt: skip


def test_cancel_jobs_stops_each(job_in, support):
    first, second = job_in("queued"), job_in("running")

    outcome = jobs.cancel_jobs(job_ids=[first.pk, second.pk], by=support, reason="")

    assert outcome.done == [first, second]
