"""One suite for all three backends, with real workers and real brokers."""

from __future__ import annotations

import base64
import json
import os
import signal
import time
from collections import Counter

import pytest
import redis
from celery import Celery
from django.db import connection, transaction

from backoffice import changes, jobs
from backoffice.jobs import alive, kinds, workers
from backoffice.jobs import running as running_module
from backoffice.models import AuditEvent, Job
from tests.backoffice.jobs import brokers, engines
from tests.backoffice.jobs.conftest import fresh, wait_until
from tests.backoffice.jobs.toys.jobs import stamp, stumble

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("G10")]
ROWS = 20
ENGINES = ("immediate", "django_tasks_db", "celery-redis", "celery-rabbitmq")


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory):
    with brokers.rabbitmq_node(tmp_path_factory.mktemp("rabbitmq")) as address:
        yield address


@pytest.fixture
def engine(request, settings, monkeypatch, transactional_db):
    """One backend; its workers end with the test."""
    name, _dash, broker = request.param.partition("-")
    if broker and connection.vendor == "sqlite":
        pytest.skip("brokers are for many machines, and those for PostgreSQL")
    engine = engines.Engine(name)
    if broker:
        url = brokers.redis_url() if broker == "redis" else request.getfixturevalue("rabbitmq")
        # A queue of this test's own: others may use the same broker.
        queue = f"tests-{os.getpid()}-{time.time_ns()}"
        engine.environment = {"CELERY_BROKER_URL": url, "CELERY_QUEUE": queue}
    monkeypatch.setattr(running_module, "BACKOFF_SECONDS", (0,))
    engines.use(engine, settings)
    jobs.kind("toys.stamp", label="Stamp rows")(stamp)
    jobs.kind("toys.stumble", label="Stumble once")(stumble)
    yield engine
    for worker in engine.started:
        engine.kill(worker)
    if broker == "redis":
        redis.Redis.from_url(url).delete(queue, "unacked", "unacked_index")
    if engine.is_celery:
        engines.app.close()


def every(*names):
    return pytest.mark.parametrize("engine", names, indirect=True)


def stamps():
    return Counter(AuditEvent.objects.filter(kind="stamped").values_list("subject_key", flat=True))


ALL_OF_THEM = {str(row): 1 for row in range(ROWS)}


def stamping(by, pause=0.05):
    with changes.change(action="toys", by=by, separate=True):
        return jobs.start("toys.stamp", by=by, arguments={"rows": ROWS, "pause": pause})


def ended(job):
    wait_until(lambda: fresh(job).is_ended, "the job's end")
    return fresh(job)


@every(*ENGINES)
def test_what_was_committed_is_done_and_nothing_else(engine, support):
    if engine.has_workers:
        assert not workers.is_one_here()
        engine.start_worker()

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        stamping(support)
        raise ZeroDivisionError
    job = stamping(support, pause=0)
    stumbling = jobs.start("toys.stumble", by=support)
    if not engine.has_workers:
        jobs.execute(stumbling.pk)

    assert (ended(job).state, ended(job).result) == ("done", {"rows": ROWS})
    assert stamps() == ALL_OF_THEM
    assert (ended(stumbling).state, ended(stumbling).result) == ("done", {"attempts": 2})
    assert workers.is_one_here() == engine.has_workers
    periodic = {kind.name for kind in kinds.periodic_kinds()}
    if engine.has_workers:
        wait_until(lambda: Job.objects.filter(kind__in=periodic, state="done").exists(), "a tick")


@every("celery-redis", "celery-rabbitmq")
def test_workers_die_and_are_told_to_end_and_everything_happens_once(engine, support):
    first = engine.start_worker()
    job = stamping(support, pause=0.07)
    wait_until(lambda: len(stamps()) >= 3, "the first rows")

    engine.kill(first)
    wait_until(lambda: not alive.is_alive(job) and not workers.is_one_here(), "its end")
    left_by_the_first = fresh(job), len(stamps())
    second = engine.start_worker()
    wait_until(lambda: len(stamps()) >= left_by_the_first[1] + 3, "the second worker's rows")
    second.send_signal(signal.SIGTERM)
    assert second.wait(timeout=20) == 0
    left_by_the_second = fresh(job), len(stamps())
    engine.start_worker()

    assert (ended(job).state, ended(job).attempts) == ("done", 2)
    assert left_by_the_first[0].state == "running"
    assert left_by_the_second[0].state == "queued"
    assert left_by_the_second[1] < ROWS
    assert stamps() == ALL_OF_THEM


@every("celery-redis", "celery-rabbitmq")
def test_a_process_of_the_pool_dies_and_its_worker_goes_on(engine, support):
    worker = engine.start_worker()
    job = stamping(support)
    wait_until(lambda: jobs.progress_of(fresh(job)).done >= 2, "the first rows")

    # The one that does the work: neither the worker that was started, nor its clock.
    os.kill(int(jobs.progress_of(fresh(job)).message.split()[-1]), signal.SIGKILL)

    assert (ended(job).state, ended(job).attempts) == ("done", 2)
    assert worker.poll() is None
    assert stamps() == ALL_OF_THEM


@every("celery-redis")
def test_messages_are_an_id_in_json_and_nothing_else_is_taken(engine, support, tmp_path):
    proof = tmp_path / "code-was-run"
    hostile = Celery(
        "hostile", broker=engine.environment["CELERY_BROKER_URL"], set_as_current=False
    )
    hostile.conf.update(
        task_serializer="pickle", task_default_queue=engine.environment["CELERY_QUEUE"]
    )
    hostile.send_task("backoffice.run_job", args=[Touch(str(proof))])
    job = stamping(support, pause=0)

    store = redis.Redis.from_url(engine.environment["CELERY_BROKER_URL"])
    newest = json.loads(store.lindex(engine.environment["CELERY_QUEUE"], 0))
    args, kwargs, _more = json.loads(base64.b64decode(newest["body"]))
    engine.start_worker()

    assert (args, kwargs) == ([job.pk], {})
    assert newest["content-type"] == "application/json"
    assert ended(job).state == "done"
    assert not proof.exists()
    hostile.close()


class Touch:
    """Something that makes a file of whoever unpickles it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mknod, (self.path,))


@pytest.mark.parametrize("scheme", ["redis://127.0.0.1:1/0", "amqp://127.0.0.1:1//"])
def test_a_broker_that_is_away_keeps_nobody_waiting_and_loses_nothing(scheme, settings, support):
    engine = engines.Engine("celery", {"CELERY_BROKER_URL": scheme, "CELERY_QUEUE": "nowhere"})
    engines.use(engine, settings)
    jobs.kind("toys.stamp", label="Stamp rows")(stamp)

    began = time.monotonic()
    job = stamping(support)
    took = time.monotonic() - began

    assert took < 5
    assert (fresh(job).state, fresh(job).delivery) == ("queued", "")
    settings.JOBS_BACKEND = "immediate"
    jobs.execute(job.pk)
    assert fresh(job).state == "done"
    engines.app.close()
