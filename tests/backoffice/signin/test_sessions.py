"""Sessions end: by themselves, by their owner, by an administrator."""

import pytest
from allauth.usersessions.models import UserSession

from backoffice import people
from backoffice.jobs.housekeeping import tidy_sign_in
from backoffice.models import AuditEvent
from backoffice.refused import UnknownRow
from backoffice.signin import sessions
from tests.backoffice.signin.conftest import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.row("I1")]


@pytest.fixture
def come_in(client):
    def come_in(user, browser=None, **more):
        browser = browser or client
        browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD}, **more)
        return browser

    return come_in


def age(client, **minutes: int) -> None:
    """Move the marks of a session into the past."""
    session = client.session
    for mark, back in minutes.items():
        session[mark] -= back * 60
    session.save()


def test_an_idle_session_of_staff_ends_with_a_sentence(come_in, support):
    client = come_in(support)
    age(client, seen_at=4 * 60 + 1)

    answer = client.get("/admin/")
    page = client.get(answer["Location"], follow=True)

    assert answer["Location"].startswith("/admin/login/")
    assert "your session was over" in page.content.decode()
    event = AuditEvent.objects.get(kind="session_expired")
    assert (event.subject_key, event.change_set.actor) == (str(support.pk), support)
    assert not UserSession.objects.exists()


def test_a_busy_session_ends_after_half_a_day_all_the_same(come_in, support):
    client = come_in(support)
    age(client, signed_in_at=12 * 60 + 1)

    assert client.get("/admin/").status_code == 302


def test_a_sign_of_life_keeps_a_session_and_a_poll_is_none(come_in, support):
    client = come_in(support)
    age(client, seen_at=3 * 60)

    client.get("/admin/", headers={"X-Poll": "1"})
    polled = client.session["seen_at"]
    client.get("/admin/")
    seen = client.session["seen_at"]

    assert seen - polled >= 3 * 60 * 60
    assert client.get("/admin/").status_code == 200


def test_customers_stay_for_weeks(come_in, customer):
    client = come_in(customer)
    age(client, signed_in_at=13 * 24 * 60, seen_at=13 * 24 * 60)

    client.get("/cart/")

    assert client.session.get("_auth_user_id") == str(customer.pk)


def test_a_closed_account_is_out_at_once(come_in, support, admin):
    client = come_in(support)
    people.deactivate_user(user_id=support.pk, by=admin, reason="Left us")

    assert client.get("/admin/").status_code == 302
    assert client.get("/api/v1/auth/me/").status_code == 401


def test_a_new_password_ends_all_other_sessions(come_in, support):
    here, elsewhere = come_in(support), come_in(support, browser=_browser())

    answer = here.post(
        "/accounts/password/change/",
        {
            "oldpassword": PASSWORD,
            "password1": "harbour-lights-9",
            "password2": "harbour-lights-9",
        },
    )

    support.refresh_from_db()
    assert answer.status_code == 302
    assert support.check_password("harbour-lights-9")
    assert here.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").status_code == 302
    change = AuditEvent.objects.get(kind="password_changed").change_set
    assert (change.actor, change.action) == (support, "account.change_password")


def test_one_sees_ones_sessions_and_ends_one(come_in, support):
    here = come_in(support, headers={"User-Agent": "<b>Here</b>"})
    elsewhere = come_in(support, browser=_browser(), headers={"User-Agent": "Elsewhere"})
    page = here.get("/accounts/sessions/").content.decode()
    other = UserSession.objects.get(user_agent="Elsewhere")

    answer = here.post(f"/accounts/sessions/{other.pk}/end/")

    assert "Elsewhere" in page
    assert "&lt;b&gt;Here" in page
    assert answer.status_code == 302
    assert elsewhere.get("/admin/").status_code == 302
    assert here.get("/admin/").status_code == 200
    assert AuditEvent.objects.get(kind="session_ended").change_set.actor == support


def test_nobody_ends_anothers_session(come_in, support, finance, sign_in):
    come_in(support)
    theirs = UserSession.objects.get()

    answer = sign_in(finance).post(f"/accounts/sessions/{theirs.pk}/end/", follow=True)

    assert "no session" in answer.content.decode()
    assert UserSession.objects.filter(pk=theirs.pk).exists()
    with pytest.raises(UnknownRow):
        sessions.end_session(session_id=theirs.pk, by=finance, reason="")


def test_ending_is_no_link(come_in, support):
    client = come_in(support)

    assert client.get("/accounts/sessions/1/end/").status_code == 405


def test_what_is_over_is_put_away(come_in, support):
    client = come_in(support)
    client.session.flush()

    assert tidy_sign_in(None)["listed"] == 1
    assert not UserSession.objects.exists()


def _browser():
    from django.test import Client

    return Client()
