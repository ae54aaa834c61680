"""A real process that applies a large sheet, killed by the kernel at random moments: never half.

3,000 rows and 6 kills by default, 100,000 rows and 20 kills by `--hypothesis-profile=deep`.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest
from django.db import connection
from django.utils import timezone

from backoffice import jobs
from backoffice.imports import confirm_run, expire_runs
from backoffice.models import Job
from catalog.models import Category, Product, ProductTag, StockLevel, StockMovement, Tag
from tests.backoffice.jobs.conftest import ROOT, process_environment, wait_until
from tests.sheets import csv_of, preview

pytestmark = pytest.mark.django_db(transaction=True)

NORMAL, DEEP = (3_000, 6), (100_000, 20)
WRITTEN = (Product, StockLevel, StockMovement, ProductTag, Category, Tag)
HEADER = ["sku", "name", "price", "category", "tags", "stock", "status"]
WORK_OFF = """
import sys
import django
django.setup()
from backoffice.jobs.running import execute
print("ready", flush=True)
sys.stdin.readline()
execute(int(sys.argv[1]))
print("over", flush=True)
"""


@pytest.fixture
def size(request):
    """Return how many rows, and how many kills."""
    is_deep = request.config.getoption("--hypothesis-profile") == "deep"
    return DEEP if is_deep else NORMAL


@pytest.fixture(autouse=True)
def by_processes_of_our_own(settings):
    """Jobs are stored for a worker that never comes: the test starts each attempt itself."""
    settings.JOBS_BACKEND = "django_tasks_db"
    settings.IMPORT_AT_ONCE_ROWS = 10


@pytest.fixture
def start_attempt():
    """Start a process that waits for a word and then takes the job up, as a worker would."""
    started = []

    def start(job):
        process = subprocess.Popen(
            [sys.executable, "-c", WORK_OFF, str(job.pk)],
            cwd=ROOT,
            env=process_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        started.append(process)
        assert process.stdout.readline() == b"ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def go(process):
    process.stdin.write(b"\n")
    process.stdin.flush()


def sheet_of(rows, prefix):
    return csv_of(
        HEADER,
        *(
            [f"{prefix}{number}", f"Cup {prefix} {number}", "5.00", f"{prefix} > Mugs {number % 7}",
             f"{prefix}{number % 9}", "3", "published"]
            for number in range(rows)
        ),
    )  # fmt: skip


def written():
    """Return how much of everything that the sheet writes there is."""
    counts = {model: model.objects.count() for model in WRITTEN}
    return {**counts, "history": Product.history.count(), "links": ProductTag.history.count()}


def wait_until_alone():
    """Wait until a killed client's session has ended: the database notices a little later."""
    if connection.vendor != "postgresql":
        return

    def alone():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            return cursor.fetchone() == (0,)

    wait_until(alone, "the killed process's session to end")


def confirmed(by, rows, prefix):
    run = preview(sheet_of(rows, prefix), by=by)
    run = confirm_run(uuid=run.uuid, by=by, reason="")
    assert (run.state, run.applied) == ("running", 0)
    return run


def check_whole(run, rows, before):
    """Everything that the run writes is there, once."""
    run.refresh_from_db()
    assert (run.state, run.new, run.refused) == ("applied", rows, 0)
    now = written()
    grown = {name: now[name] - before[name] for name in now}
    once = dict.fromkeys([Product, StockLevel, StockMovement, ProductTag, "history", "links"], rows)
    assert grown == {**once, Category: 8, Tag: 9}
    assert Product.history.filter(change_set=run.change_set_id).count() == rows
    assert Product.history.exclude(change_set=run.change_set_id).count() == before["history"]


def test_an_apply_that_is_killed_at_random_moments_is_never_half_done(
    merchandiser, start_attempt, size
):
    rows, kills = size
    chance, longest, killed, finished = random.Random(), rows / 4_000, 0, 0
    before = written()
    run = confirmed(merchandiser, rows, "R0-")
    process = start_attempt(run.job)

    while killed < kills:
        go(process)
        time.sleep(chance.uniform(0, longest))
        process.kill()
        is_over = process.communicate()[0].endswith(b"over\n")
        wait_until_alone()
        run.refresh_from_db()
        if run.state == "applied":
            # It was quicker, or had committed already: the next ones are killed sooner.
            check_whole(run, rows, before)
            finished, longest = finished + 1, longest * 0.7
            before = written()
            run = confirmed(merchandiser, rows, f"R{finished}-")
        else:
            killed += 1
            assert not is_over
            assert (run.state, run.applied, run.change_set) == ("running", 0, None)
            assert written() == before
            # Somebody has it tried again, however often its process died.
            Job.objects.filter(pk=run.job_id).update(attempts=0)
        process = start_attempt(run.job)

    go(process)
    assert process.communicate()[0].endswith(b"over\n")
    check_whole(run, rows, before)
    assert Job.objects.get(pk=run.job_id).state == "done"


def test_a_run_whose_process_dies_too_often_has_failed_and_says_so(merchandiser, start_attempt):
    before = written()
    run = confirmed(merchandiser, 50, "R-")

    Job.objects.filter(pk=run.job_id).update(state="running", attempts=3)
    process = start_attempt(run.job)
    go(process)
    assert process.communicate()[0].endswith(b"over\n")
    assert Job.objects.get(pk=run.job_id).state == "failed"
    expire_runs(now=timezone.now())

    run.refresh_from_db()
    assert run.state == "failed"
    assert run.outcome
    assert written() == before


def test_a_file_is_read_again_when_its_reader_was_killed(merchandiser, start_attempt, settings):
    settings.IMPORT_AT_ONCE_BYTES = 10
    run = preview(sheet_of(50, "R-"), by=merchandiser, may_ask=True)
    assert run.state == "received"
    Job.objects.filter(pk=run.job_id).update(state="running", attempts=1)
    settings.JOBS_BACKEND = "immediate"

    jobs.execute(run.job_id)

    run.refresh_from_db()
    assert (run.state, run.new, run.rows.count()) == ("validated", 50, 50)
