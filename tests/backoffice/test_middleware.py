"""What surrounds every request: its id, its log lines, its person's time zone."""

import json
import logging

import pytest
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from backoffice import changes
from backoffice.logs import ContextFilter, request_id
from backoffice.middleware import PersonMiddleware, _shown_path
from backoffice.models import UserActivity
from catalog.models import Tag


@pytest.mark.row("G9")
@pytest.mark.django_db
def test_the_callers_request_id_comes_back_and_a_hostile_one_does_not(client):
    given = client.get("/accounts/login/", headers={"X-Request-ID": "trace-42"})
    hostile = client.get("/accounts/login/", headers={"X-Request-ID": "x\ty<script>"})
    none = client.get("/accounts/login/")

    assert given["X-Request-ID"] == "trace-42"
    assert len(hostile["X-Request-ID"]) == 32
    assert len(none["X-Request-ID"]) == 32


@pytest.mark.django_db
@pytest.mark.row("G12")
def test_every_log_line_carries_request_and_change_set():
    from pythonjsonlogger.json import JsonFormatter

    with changes.change(action="logged", separate=True) as change:
        Tag(name="t", slug="t").save()
        token = request_id.set("trace-42")
        record = logging.LogRecord("shop", logging.INFO, __file__, 1, "hello", (), None)
        ContextFilter().filter(record)
        request_id.reset(token)
    line = JsonFormatter("%(message)s %(request_id)s %(change_set)s").format(record)

    assert json.loads(line) == {
        "message": "hello",
        "request_id": "trace-42",
        "change_set": str(change.row().uuid),
    }


@pytest.mark.row("G9")
@pytest.mark.django_db
def test_being_here_is_noted_at_most_once_a_minute(sign_in, support):
    client = sign_in(support)
    client.get("/admin/")
    first = UserActivity.objects.get(user=support).seen_at

    client.get("/admin/")

    assert first is not None
    assert UserActivity.objects.get(user=support).seen_at == first


@pytest.mark.row("G17")
@pytest.mark.django_db
def test_a_persons_time_zone_holds_for_their_request_only(rf, support):
    support.profile.time_zone = "Asia/Tokyo"
    support.profile.save()
    seen = []
    request = rf.get("/")
    request.user = support

    PersonMiddleware(lambda _: seen.append(timezone.get_current_timezone_name()))(request)

    assert seen == ["Asia/Tokyo"]
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.django_db
def test_a_senseless_time_zone_harms_nobody(sign_in, support):
    support.profile.time_zone = "Mars/Olympus"
    support.profile.save()

    assert sign_in(support).get("/admin/").status_code == 200


@pytest.mark.row("G15")
@pytest.mark.django_db
def test_the_content_security_policy_allows_nothing_inline():
    policy = Client().get("/accounts/login/")["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))

    assert rules["script-src"] == "'self' 'unsafe-eval'"
    assert rules["default-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    assert rules["object-src"] == "'none'"


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "status"), [("/nowhere/", 404), ("/admin/nowhere/", 404)])
def test_an_error_is_a_page_for_people(sign_in, support, path, status):
    response = sign_in(support).get(path)

    assert response.status_code == status
    assert "Back to the console" in response.content.decode()


@pytest.mark.django_db
def test_a_form_without_a_token_is_refused_in_words(support):
    client = Client(enforce_csrf_checks=True)

    response = client.post("/accounts/login/", {"login": support.email, "password": "x"})

    assert response.status_code == 403
    assert "too old" in response.content.decode()


@pytest.fixture
def access(caplog):
    """The lines of the access log that a test leaves."""
    with caplog.at_level(logging.DEBUG, logger="backoffice.middleware"):
        yield lambda: [r for r in caplog.records if r.name == "backoffice.middleware"]


@pytest.mark.django_db
@pytest.mark.row("G9")
def test_a_request_leaves_one_line_and_says_how_long_it_took(client, access):
    response = client.get("/accounts/login/", {"q": "a private word"})

    (line,) = access()
    assert (line.method, line.path, line.status) == ("GET", "/accounts/login/", 200)
    assert line.levelno == logging.INFO
    assert 0 <= line.seconds < 60
    assert response["X-Request-Duration"] == f"{line.seconds:.3f}"
    assert "private" not in line.getMessage()


@pytest.mark.django_db
@pytest.mark.row("G9")
def test_a_slow_request_is_a_warning(client, access, settings):
    assert settings.SLOW_REQUEST_SECONDS == 1.0
    settings.SLOW_REQUEST_SECONDS = 0

    client.get("/accounts/login/")

    (line,) = access()
    assert line.levelno == logging.WARNING
    assert line.getMessage().startswith("slow request: GET /accounts/login/ 200")


@pytest.mark.row("G9")
def test_what_letters_carry_and_what_breaks_lines_is_not_written_down(rf):
    request = rf.get("/accounts/reset/MQ-c7-secret/forged%0Aline/")
    request.resolver_match = resolve("/accounts/login/")
    request.resolver_match.kwargs = {"uidb36_key": "MQ-c7-secret"}

    assert _shown_path(request) == "/accounts/reset/…/forged�line/"


@pytest.mark.django_db
@pytest.mark.row("G9")
def test_a_request_that_fails_is_logged_with_its_id_and_shows_no_traceback(
    support, caplog, monkeypatch
):
    seen = []

    class Ids(logging.Handler):
        def emit(self, record):
            seen.append((request_id.get(), record.getMessage(), bool(record.exc_info)))

    def broken(*args):
        raise ZeroDivisionError("secret words")

    monkeypatch.setattr("backoffice.adminkit.dashboard.dashboard", broken)
    client = Client(raise_request_exception=False)
    client.force_login(support)
    handler = Ids()
    logging.getLogger("django.request").addHandler(handler)

    response = client.get("/admin/", headers={"X-Request-ID": "trace-42"})

    logging.getLogger("django.request").removeHandler(handler)
    assert response.status_code == 500
    assert response["X-Request-ID"] == "trace-42"
    assert "secret words" not in response.content.decode()
    assert ("trace-42", "Internal Server Error: /admin/", True) in seen
