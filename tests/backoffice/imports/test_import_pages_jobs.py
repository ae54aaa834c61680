"""The page of an import while a job reads or writes it, and when a second person is asked."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice import approvals
from backoffice.imports import four_eyes as four_eyes_of_imports
from backoffice.jobs import running
from backoffice.models import ImportRun, Job
from catalog.models import Product
from tests.backoffice.imports.pages import confirm, page_of, press, send
from tests.sheets import csv_of

HEADER = ["sku", "name", "price"]
SHEET = csv_of(HEADER, ["A", "A", "1.00"], ["B", "B", "1.00"])


@pytest.fixture
def desk(sign_in, merchandiser):
    return sign_in(merchandiser)


@pytest.fixture
def worker(settings):
    """Let jobs wait for a worker; calling it does what waits."""
    settings.JOBS_BACKEND = "django_tasks_db"

    def work():
        for job in Job.objects.filter(state=Job.State.QUEUED):
            running.execute(job.pk)

    return work


@pytest.fixture
def written(desk, worker, settings) -> ImportRun:
    """Return a run that waits for a worker to write it."""
    settings.IMPORT_AT_ONCE_ROWS = 0
    send(desk, SHEET)
    run = ImportRun.objects.get()
    confirm(desk, run)
    run.refresh_from_db()
    return run


def test_a_large_file_is_read_by_a_job_and_its_page_waits(desk, worker, settings):
    settings.IMPORT_AT_ONCE_BYTES = 10

    page = send(desk, SHEET)

    run = ImportRun.objects.get()
    assert "The file is being read and checked" in page.text
    assert f'hx-get="{page_of("progress", run)}"' in page.text
    worker()
    assert "Apply 2 rows" in desk.get(page_of("run", run)).text


def test_a_file_that_a_job_cannot_read_says_why(desk, worker, settings):
    settings.IMPORT_AT_ONCE_BYTES = 10
    send(desk, b"\x89PNG\r\n\x1a\n" + b"\x00" * 50)

    worker()

    page = desk.get(page_of("run", ImportRun.objects.get()))
    assert "not a sheet" in page.text
    assert "Import another file" in page.text


def test_many_rows_are_written_by_a_job_and_the_page_becomes_the_receipt(desk, worker, written):
    page = desk.get(page_of("run", written))
    assert "2 rows are being written" in page.text
    assert "<progress" in page.text

    poll = desk.get(page_of("progress", written), headers={"HX-Request": "true"})
    worker()
    last = desk.get(page_of("progress", written), headers={"HX-Request": "true"})

    assert "HX-Refresh" not in poll
    assert last["HX-Refresh"] == "true"
    assert "2 created" in desk.get(page_of("run", written)).text


def test_a_waiting_job_can_be_stopped(desk, worker, written):
    press(desk, "stop", written)
    worker()

    assert written.job is not None
    written.job.refresh_from_db()
    assert written.job.state == Job.State.CANCELLED
    assert not Product.objects.exists()
    assert desk.get(page_of("run", written)).status_code == 200


def test_what_runs_cannot_be_confirmed_discarded_or_corrected(desk, written):
    for name, answers in (
        ("confirm", {"sha256": written.sha256, "plan_number": written.plan_number}),
        ("discard", {}),
        ("fix", {"cell-1-price": "2.00"}),
        ("leave_out", {"shown": ["1"]}),
        ("again", {}),
    ):
        assert press(desk, name, written, **answers).status_code == 409, name


def test_only_what_runs_can_be_stopped(desk):
    send(desk, SHEET)

    page = press(desk, "stop", ImportRun.objects.get())

    assert page.status_code == 409
    assert "Apply 2 rows" in page.text


def test_a_poll_without_a_session_reloads_the_page(client, written):
    answer = client.get(page_of("progress", written), headers={"HX-Request": "true"})

    assert answer.status_code == 401
    assert answer["HX-Refresh"] == "true"


@pytest.fixture
def four_eyes(admin) -> None:
    approvals.make_rule(action=four_eyes_of_imports.ROWS, above=Decimal(1), by=admin, reason="law")


def test_an_import_that_needs_a_second_person_is_news_and_no_error(desk, four_eyes):
    send(desk, SHEET)
    run = ImportRun.objects.get()

    page = confirm(desk, run, reason="Spring range")

    run.refresh_from_db()
    assert page.status_code == 200
    assert run.state == "asked"
    assert "A second person decides about this import." in page.text
    assert "Apply 2 rows" not in page.text
    assert not Product.objects.exists()


def test_whoever_asked_may_think_better_of_it(desk, four_eyes):
    send(desk, SHEET)
    run = ImportRun.objects.get()
    confirm(desk, run)

    press(desk, "discard", run)

    run.refresh_from_db()
    assert run.state == "discarded"
