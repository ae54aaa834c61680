"""The pages of jobs: who sees which, what they say, and the fragment that polls."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice import jobs
from backoffice.adminkit import jobs as views
from backoffice.models import Job, User, UserActivity

pytestmark = pytest.mark.django_db
LIST = "/admin/backoffice/job/"
ALL_ROLES = ["support", "fulfilment", "merchandiser", "finance", "auditor", "manager", "admin"]
POLL = {"HX-Request": "true", "X-Poll": "1"}


@pytest.fixture
def job_of(toy):
    kind = toy(lambda run: None)

    def job_of(owner, **fields):
        return Job.objects.create(
            kind=kind, owner=owner, **{"label": "Hold 400 orders", "state": "queued", **fields}
        )

    return job_of


def page_of(job):
    return f"{LIST}{job.pk}/change/"


@pytest.mark.parametrize("role", ALL_ROLES)
def test_everybody_finds_their_own_jobs(role, request, job_of, sign_in):
    person = request.getfixturevalue(role)
    job = job_of(person, label="My own work")

    client = sign_in(person)

    assert "My own work" in client.get(LIST).text
    assert "My own work" in client.get(page_of(job)).text
    assert client.get("/admin/").text.count('href="/admin/backoffice/job/"') >= 1


@pytest.mark.parametrize("role", ["fulfilment", "merchandiser", "finance"])
def test_another_persons_job_does_not_exist_for_most(role, request, job_of, support, sign_in):
    job = job_of(support, label="Private work")
    client = sign_in(request.getfixturevalue(role))

    assert "Private work" not in client.get(LIST).text
    assert client.get(page_of(job)).status_code in {302, 404}
    assert client.get(jobs.progress_path(job)).status_code == 404
    assert client.get(f"{LIST}{job.pk}/acts/cancel/").status_code == 404


@pytest.mark.parametrize("role", ["manager", "admin", "auditor"])
def test_overseers_see_everybodys_and_the_clocks(role, request, job_of, support, sign_in):
    job, clockwork = job_of(support, label="Private work"), job_of(None, label="Tick")
    client = sign_in(request.getfixturevalue(role))

    page = client.get(LIST).text

    assert "Private work" in page
    assert "Tick" in page
    assert "the clock" in client.get(page_of(clockwork)).text
    assert client.get(jobs.progress_path(job)).status_code == 200


def test_the_fragment_is_its_owners_even_without_a_role(job_of, make_user, sign_in):
    nobody = make_user()
    job = job_of(nobody, label="Before the role was taken away")
    client = sign_in(nobody)

    assert client.get(jobs.progress_path(job)).status_code == 200
    assert client.get(LIST).status_code == 403


def test_a_stranger_is_led_to_the_sign_in_and_a_poll_by_a_reload(job_of, support, client):
    path = jobs.progress_path(job_of(support))

    asked, polled = client.get(path), client.get(path, headers=POLL)

    assert asked.status_code == 302
    assert (polled.status_code, polled.headers["HX-Refresh"]) == (401, "true")
    assert not polled.content


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_fragment_is_only_read(job_of, support, sign_in, method):
    path = jobs.progress_path(job_of(support))

    assert getattr(sign_in(support), method)(path).status_code == 405


def test_the_fragment_polls_until_the_end_and_then_loads_the_page_once(job_of, support, sign_in):
    job, client = job_of(support, done=340, total=1000), sign_in(support)
    path = jobs.progress_path(job)

    open_answer = client.get(path, headers=POLL)
    Job.objects.filter(pk=job.pk).update(state="done", done=1000)
    ended = client.get(path, headers=POLL)

    assert f'hx-get="{path}"' in open_answer.text
    assert "340 of 1,000" in open_answer.text
    assert "HX-Refresh" not in open_answer.headers
    assert "hx-get" not in ended.text
    assert ended.headers["HX-Refresh"] == "true"
    assert "no-store" in ended.headers["Cache-Control"]


def test_a_page_that_polls_is_nobody_at_work(job_of, support, sign_in):
    job, client = job_of(support), sign_in(support)
    long_ago = timezone.now() - timedelta(hours=1)
    UserActivity.objects.filter(user=support).update(seen_at=long_ago)

    client.get(jobs.progress_path(job), headers=POLL)
    assert UserActivity.objects.get(user=support).seen_at == long_ago

    client.get(LIST)
    assert UserActivity.objects.get(user=support).seen_at > long_ago


def test_the_page_offers_what_can_be_done_now(job_of, support, sign_in):
    client = sign_in(support)
    offers = {}
    for state in Job.State:
        page = client.get(page_of(job_of(support, state=state))).text
        offers[str(state)] = [act for act in ("cancel", "retry") if f"acts/{act}/" in page]

    assert offers == {
        "queued": ["cancel"],
        "running": ["cancel"],
        "done": [],
        "failed": ["retry"],
        "cancelled": ["retry"],
    }


def test_a_job_that_ends_while_its_page_is_made_still_reloads_the_page(job_of, support):
    job = job_of(support, state="running", started_at=timezone.now())
    Job.objects.filter(pk=job.pk).update(state="done")

    view = views.view_of(job)

    assert (view.is_ended, view.polls) == (True, True)


def test_an_auditor_sees_no_buttons(job_of, support, auditor, sign_in):
    client = sign_in(auditor)

    assert "acts/" not in client.get(page_of(job_of(support))).text
    assert "acts/" not in client.get(page_of(job_of(support, state="failed"))).text


def press(client, job, act, **answers):
    dialog = client.get(f"{LIST}{job.pk}/acts/{act}/")
    key = dialog.context["form"]["idempotency_key"].value()
    return client.post(f"{LIST}{job.pk}/acts/{act}/", {"idempotency_key": key, **answers})


def test_cancel_and_retry_are_buttons_with_a_dialog(job_of, support, sign_in):
    job, client = job_of(support), sign_in(support)

    assert press(client, job, "cancel", reason="wrong one").status_code == 302
    job.refresh_from_db()
    assert job.state == "cancelled"

    assert press(client, job, "retry").status_code == 302
    job.refresh_from_db()
    assert job.state == "queued"


def test_a_failed_job_shows_its_sentence_and_nothing_of_the_machine(job_of, support, sign_in):
    job = job_of(support, state="failed", error="Amount: is above what is left.", attempts=1)

    page = sign_in(support).get(page_of(job)).text

    assert "Amount: is above what is left." in page
    assert "1 of 3" in page


def test_the_outcome_leads_to_the_kinds_own_page(toy, support, sign_in):
    kind = toy(
        lambda run: None, page=lambda job: f"/admin/orders/order/?tag={job.arguments['tag']}"
    )
    job = Job.objects.create(
        kind=kind, label="Tag", owner=support, state="done",
        arguments={"tag": "vip"}, result={"rows_done": 12431, "is_whole": True},
    )  # fmt: skip

    page = sign_in(support).get(page_of(job)).text

    assert "/admin/orders/order/?tag=vip" in page
    assert "12,431" in page


def test_a_queue_without_a_worker_says_so(job_of, support, manager, sign_in, settings):
    settings.JOBS_BACKEND = "django_tasks_db"
    job = job_of(support)

    assert "No worker is running" in sign_in(support).get(page_of(job)).text
    assert "No worker is running" in sign_in(manager).get("/admin/").text


def test_a_running_job_whose_process_died_says_so(job_of, support, sign_in):
    job = job_of(support, state="running", started_at=timezone.now())

    assert "Its process has ended" in sign_in(support).get(page_of(job)).text


def test_the_home_page_names_what_failed(job_of, support, manager, sign_in):
    job_of(support, label="Refund 3 orders", state="failed", finished_at=timezone.now())

    assert "Refund 3 orders" in sign_in(manager).get("/admin/").text


@pytest.mark.parametrize(
    "query", ["state=nonsense", "kind=%00", "q=%00", "queue=x", "o=99", "p=99"]
)
def test_rubbish_in_the_lists_address_is_answered_with_a_page(manager, sign_in, query):
    assert sign_in(manager).get(f"{LIST}?{query}").status_code < 500


@pytest.mark.parametrize("key", ["0", "99999999999999999999", "x", "1x"])
def test_a_job_that_is_not_there_is_not_found(manager, sign_in, key):
    client = sign_in(manager)

    assert client.get(f"{LIST}{key}/change/").status_code in {302, 404}
    assert client.get(f"{LIST}{key}/progress/").status_code in {302, 404}


def test_the_list_pays_once_for_all_its_rows(job_of, support, manager, sign_in):
    client = sign_in(manager)
    client.get(LIST)
    job_of(support)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    for number in range(20):
        job_of(User.objects.create_user(f"p{number}@example.com", "x", is_staff=True))

    with CaptureQueriesContext(connection) as many:
        client.get(LIST)

    assert len(many) == len(few)


def test_pace_and_what_is_left_count_this_attempt_only():
    now = timezone.now()
    job = Job(
        state="running", done=600, total=1000, began_done=500,
        started_at=now - timedelta(seconds=10),
    )  # fmt: skip

    progress = jobs.progress_of(job, now=now)

    assert progress.per_second == 10
    assert progress.left == timedelta(seconds=40)
    assert progress.percent == 60


def test_nothing_is_promised_before_anything_is_known():
    job = Job(state="running", started_at=timezone.now())

    progress = jobs.progress_of(job)

    assert (progress.percent, progress.per_second, progress.left) == (None, None, None)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0, "0 s"),
        (0.2, "<1 s"),
        (48.4, "48 s"),
        (200, "3 min 20 s"),
        (180, "3 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_a_length_of_time_is_said_in_two_units(seconds, words):
    assert views.span(seconds) == words
