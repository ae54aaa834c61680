"""One run: what it is given, how it ends, and what people may read of an error."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from backoffice import changes, jobs
from backoffice.jobs import running
from backoffice.models import AuditEvent, ChangeSet, Job
from backoffice.refused import BadValue, ServiceUnavailable
from tests.backoffice.jobs.conftest import fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def run_one(support, django_capture_on_commit_callbacks):
    """Start a job of a kind and let it run; returns it as it is afterwards."""

    def run_one(kind, **options):
        with django_capture_on_commit_callbacks(execute=True):
            job = jobs.start(kind, by=support, **options)
        return fresh(job)

    return run_one


def raising(error):
    def work(run):
        run.progress(3, 10)
        raise error

    return work


def test_a_run_knows_its_owner_and_arguments_and_keeps_its_result(toy, run_one, support):
    def work(run):
        assert run.by == support
        run.progress(2, 2, "nearly")
        return {"sum": sum(run.arguments["numbers"])}

    job = run_one(toy(work), arguments={"numbers": [1, 2]})

    assert (job.state, job.result, job.attempts) == ("done", {"sum": 3}, 1)
    assert (job.done, job.total, job.message) == (2, 2, "nearly")
    assert job.finished_at >= job.started_at


def test_a_run_writes_under_the_change_set_of_the_click(toy, support):
    kind = toy(lambda run: AuditEvent.record("toy_ran") and None)
    with changes.change(action="orders.ship", by=support, separate=True) as click:
        job = jobs.start(kind, by=support)
        row = click.row()

    jobs.execute(job.pk)

    assert AuditEvent.objects.get(kind="toy_ran").change_set == row


def test_the_clocks_job_gets_a_change_set_only_when_it_writes(toy):
    quiet = Job.objects.create(kind=toy(lambda run: None), label="quiet")
    jobs.execute(quiet.pk)
    toy(lambda run: AuditEvent.record("toy_ran") and None)
    busy = Job.objects.create(kind="toys.one", label="busy")

    jobs.execute(busy.pk)

    assert fresh(quiet).change_set is None
    made = fresh(busy).change_set
    assert (made.action, made.channel, made.actor) == (
        "toys.one", ChangeSet.Channel.JOB, None,
    )  # fmt: skip


def test_a_refusal_is_an_answer_that_people_read(toy, run_one):
    error = BadValue(field="Amount", problem="is above what is left.")

    job = run_one(toy(raising(error)))

    assert (job.state, job.error) == ("failed", "Amount: is above what is left.")
    assert (job.attempts, job.done, job.total) == (1, 3, 10)


def test_a_bug_is_logged_and_told_without_its_words(toy, run_one, caplog):
    with caplog.at_level(logging.ERROR):
        job = run_one(toy(raising(ValueError("password=hunter2")), most_attempts=1))

    assert job.state == "failed"
    assert "hunter2" not in job.error
    assert job.uuid.hex in job.error
    assert "hunter2" in caplog.text


def test_an_error_is_tried_again_later_and_later_and_then_no_more(toy, run_one):
    job = run_one(toy(raising(ValueError("boom")), most_attempts=3))

    pauses = []
    while job.state == "queued":
        pauses.append(round((job.run_after - timezone.now()).total_seconds()))
        jobs.execute(job.pk)
        assert fresh(job).attempts == job.attempts, "it ran before its time"
        Job.objects.filter(pk=job.pk).update(run_after=timezone.now() - timedelta(seconds=1))
        jobs.execute(job.pk)
        job = fresh(job)

    assert pauses == [pytest.approx(s, abs=2) for s in running.BACKOFF_SECONDS[:2]]
    assert (job.state, job.attempts) == ("failed", 3)


def test_a_service_that_is_away_is_tried_again_though_it_is_a_refusal(toy, run_one):
    job = run_one(toy(raising(ServiceUnavailable(service="The bank"))))

    assert job.state == "queued"
    assert job.error.startswith("The bank did not answer.")


def test_what_fails_once_and_then_works_is_done(toy, run_one):
    tries = []

    def work(run):
        tries.append(1)
        if len(tries) == 1:
            raise ConnectionError

    job = run_one(toy(work))
    Job.objects.filter(pk=job.pk).update(run_after=None)
    jobs.execute(job.pk)

    assert (fresh(job).state, fresh(job).error) == ("done", "")


def test_a_result_that_is_no_json_fails_the_job_and_does_not_hang_it(toy, run_one):
    job = run_one(toy(lambda run: {"it": object()}, most_attempts=1))

    assert job.state == "failed"


def test_a_kind_that_the_code_forgot_fails_with_a_sentence(toy, support):
    job = jobs.start(toy(lambda run: None), by=support)
    Job.objects.filter(pk=job.pk).update(kind="toys.gone")

    jobs.execute(job.pk)

    assert fresh(job).state == "failed"
    assert "toys.gone" in fresh(job).error


def test_an_ended_job_and_one_that_is_no_more_are_left_alone(toy, run_one):
    job = run_one(toy(lambda run: None))

    jobs.execute(job.pk)
    jobs.execute(10**12)

    assert fresh(job).attempts == 1


def test_a_process_that_shall_end_puts_its_job_back(toy, run_one, monkeypatch):
    def work(run):
        run.progress(3, 10)
        running.end_soon()
        run.check()

    job = run_one(toy(work))
    running._ending[0] = 0

    assert (job.state, job.attempts, job.done) == ("queued", 0, 3)


def test_a_process_that_is_cut_off_puts_its_job_back_and_ends(toy, support):
    def work(run):
        raise SystemExit(1)

    job = jobs.start(toy(work), by=support)

    with pytest.raises(SystemExit):
        jobs.execute(job.pk)

    assert (fresh(job).state, fresh(job).attempts) == ("queued", 0)


def test_a_message_with_a_nul_is_stored_without_it(toy, run_one):
    job = run_one(toy(lambda run: run.progress(1, 1, "a\x00b")))

    assert job.message == "a\N{REPLACEMENT CHARACTER}b"
