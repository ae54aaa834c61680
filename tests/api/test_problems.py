"""Whatever goes wrong is answered as problem+json, and says nothing of our inside."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.api.permissions import ANYONE
from backoffice.refused import StepNotOpen
from tests.api.conftest import PASSWORD

KEYS = {"type", "title", "status", "code", "detail", "hint", "errors", "request_id"}


class Failing(APIView):
    access = {"get": ANYONE}

    def get(self, request):
        raise ZeroDivisionError("the secret inside")


class Refusing(APIView):
    access = {"get": ANYONE}

    def get(self, request):
        raise StepNotOpen(what="Order 7", state="completed", step="Cancel", sources="pending")


class Nameless(APIView):
    def get(self, request):
        return Response({"never": "seen"})


urlpatterns = [
    path("api/fails/", Failing.as_view()),
    path("api/refuses/", Refusing.as_view()),
    path("api/nameless/", Nameless.as_view()),
]


def problem_of(response, status):
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert set(body) >= KEYS
    assert body["status"] == status
    assert body["detail"]
    return body


@pytest.mark.row("G9")
@pytest.mark.urls(__name__)
def test_a_refusal_of_a_verb_keeps_its_code_its_sentence_and_its_status(db):
    body = problem_of(Client().get("/api/refuses/"), 409)

    assert body["code"] == "step_not_open"
    assert body["detail"].startswith("Order 7 is completed")


@pytest.mark.row("G9")
@pytest.mark.urls(__name__)
def test_a_bug_is_loud_for_us_and_silent_for_the_caller(db):
    response = Client(raise_request_exception=False).get("/api/fails/")

    body = problem_of(response, 500)
    assert "secret" not in response.content.decode()
    assert body["request_id"] == response["X-Request-ID"]
    with pytest.raises(ZeroDivisionError):
        Client().get("/api/fails/")


@pytest.mark.urls(__name__)
def test_a_view_that_names_nobody_is_open_to_nobody(admin, sign_in):
    assert problem_of(sign_in(admin).get("/api/nameless/"), 403)["code"] == "not_allowed"
    assert problem_of(Client().get("/api/nameless/"), 401)["code"] == "not_signed_in"


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/nothing/", "/api/v2/products/", "/api/v1/\x00/"]
)
def test_an_address_that_does_not_exist(db, client, path):
    assert problem_of(client.get(path), 404)["code"] == "not_found"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "not_readable"),
        (b"\xff\xfe", "not_readable"),
        (b"[" * 100_000, "not_readable"),
        (b'{"email": NaN}', "not_readable"),
        (b"9" * 10_000, "not_readable"),
        (b"[]", "invalid"),
        (b"null", "invalid"),
        (b'"text"', "invalid"),
        (b'{"email": {"a": 1}, "password": ["b"]}', "invalid"),
        (b'{"email": "a@example.com\\u0000", "password": "x"}', "invalid"),
        (b'{"email": "a@example.com", "password": "\\ud800"}', "invalid"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_with_a_sentence(db, client, body, code):
    response = client.post("/api/v1/auth/jwt/", body, content_type="application/json")

    assert problem_of(response, 400)["code"] == code


def test_a_body_that_is_too_large_is_refused(db, client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    response = client.post("/api/v1/auth/jwt/", b'"' + b"x" * 200, content_type="application/json")

    assert problem_of(response, 413)["code"] == "too_large"


def test_other_content_types_and_methods_are_refused_alike(db, client):
    form = client.post("/api/v1/auth/jwt/", {"email": "a@example.com"})
    method = client.put("/api/v1/auth/jwt/", b"{}", content_type="application/json")

    assert problem_of(form, 415)["code"] == "unsupported_media_type"
    assert problem_of(method, 405)["code"] == "method_not_allowed"
    assert "POST" in method["Allow"]


def test_errors_are_keyed_by_field(db, api_client):
    response = api_client().post("/api/v1/auth/jwt/", {"email": "no address"})

    body = problem_of(response, 400)
    assert set(body["errors"]) == {"email", "password"}
    assert all(isinstance(s, str) for texts in body["errors"].values() for s in texts)


@pytest.mark.row("T1")
def test_calls_above_the_rate_are_told_to_wait_and_no_cache_is_asked(
    db, api_client, low_rates, settings
):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    low_rates(anonymous="40/hour")

    answers = [api_client().post("/api/v1/auth/jwt/refresh/", {}) for _ in range(41)]

    assert {answer.status_code for answer in answers[:40]} == {400}
    body = problem_of(answers[40], 429)
    assert body["code"] == "too_many_calls"
    assert 0 < int(answers[40]["Retry-After"]) <= 3600


def test_attempts_to_sign_in_are_counted_by_account_wherever_they_come_from(
    customer, api_client, low_rates
):
    low_rates(sign_in="5/hour")
    wrong = {"email": customer.email, "password": "wrong-password"}

    answers = [
        api_client().post("/api/v1/auth/jwt/", wrong, REMOTE_ADDR=f"203.0.113.{number}").status_code
        for number in range(6)
    ]

    assert answers == [401] * 5 + [429]


def test_a_forged_forwarding_header_is_no_other_caller(db, api_client, low_rates):
    low_rates(registration="2/hour")

    answers = [
        api_client().post("/api/v1/auth/register/", {}, HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")
        for number in range(3)
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 429]


def test_a_session_that_writes_needs_its_csrf_token(customer):
    client = Client(enforce_csrf_checks=True)
    client.force_login(customer)

    response = client.post(
        "/api/v1/auth/tokens/", {"name": "till"}, content_type="application/json"
    )

    assert problem_of(response, 403)["code"] == "not_allowed"
    assert PASSWORD not in response.content.decode()
