"""Registration and signing in by session, token and access pair."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken

from backoffice.models import ApiToken, AuditEvent, ChangeSet, User
from tests.api.conftest import PASSWORD

NEW = {
    "email": "Grace@Example.com",
    "first_name": "Grace",
    "password": "correct-horse-battery",
    "password_confirm": "correct-horse-battery",
}
REGISTER = "/api/v1/auth/register/"
ME = "/api/v1/auth/me/"


def bearer(api_client, access):
    return api_client(Authorization=f"Bearer {access}")


@pytest.fixture
def pair(customer, api_client):
    sent = {"email": customer.email, "password": PASSWORD}
    return api_client().post("/api/v1/auth/jwt/", sent).json()


@pytest.mark.row("I2")
def test_registration_makes_a_customer_and_never_answers_the_password(db, api_client):
    response = api_client().post(REGISTER, NEW)

    user = User.objects.get(email="grace@example.com")
    assert response.status_code == 201
    assert not user.is_staff
    assert not user.is_superuser
    assert user.check_password(NEW["password"])
    assert "password" not in response.json()
    assert NEW["password"] not in response.content.decode()
    change_set = user.history.get().change_set
    assert (change_set.channel, change_set.actor) == ("api", user)


@pytest.mark.row("I2")
def test_who_registered_confirms_the_address_before_anything_else(
    db, api_client, mailoutbox, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        api_client().post(REGISTER, NEW)
    sent = {"email": NEW["email"], "password": NEW["password"]}

    early = api_client().post("/api/v1/auth/jwt/", sent)
    key = re.search(r"confirm-email/([^/\s]+)/", mailoutbox[0].body)[1]
    wrong = api_client().post("/api/v1/auth/confirm/", {"key": key[:-1] + "x"})
    confirmed = api_client().post("/api/v1/auth/confirm/", {"key": key})
    twice = api_client().post("/api/v1/auth/confirm/", {"key": key})

    assert (early.status_code, early.json()["code"]) == (403, "address_not_confirmed")
    assert mailoutbox[0].to == ["grace@example.com"]
    assert confirmed.status_code == 204
    assert wrong.json()["code"] == twice.json()["code"] == "confirmation_over"
    assert api_client().post("/api/v1/auth/jwt/", sent).status_code == 200


@pytest.mark.row("I2")
def test_a_password_that_differs_is_an_error_of_its_confirmation(db, api_client):
    response = api_client().post(REGISTER, {**NEW, "password_confirm": "another-password"})

    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["password_confirm"]
    assert not User.objects.filter(email="grace@example.com").exists()


@pytest.mark.row("I2")
@pytest.mark.parametrize(
    "password", ["abc", "password", "83749283749", "grace@example.com"], ids=lambda p: p[:8]
)
def test_a_weak_password_is_refused_by_every_validator(db, api_client, password):
    sent = {**NEW, "password": password, "password_confirm": password}

    response = api_client().post(REGISTER, sent)

    assert response.status_code == 400
    assert response.json()["errors"]["password"]


def test_an_address_that_is_here_already_is_told_so(customer, api_client):
    response = api_client().post(REGISTER, {**NEW, "email": customer.email.upper()})

    assert response.status_code == 409
    assert "email" in response.json()["errors"]


@pytest.mark.parametrize("name", ["is_staff", "is_superuser", "groups", "uuid", "shoe_size"])
def test_nobody_registers_as_more_than_a_customer(db, api_client, name):
    response = api_client().post(REGISTER, {**NEW, name: True})

    assert response.status_code == 400
    assert list(response.json()["errors"]) == [name]


@pytest.mark.row("I2")
def test_a_session_signs_in_and_out(customer, api_client):
    client = api_client()
    signed_in = client.post(
        "/api/v1/auth/session/", {"email": "ADA@example.com", "password": PASSWORD}
    )
    me = client.get(ME)
    signed_out = client.delete("/api/v1/auth/session/")

    assert signed_in.json()["email"] == me.json()["email"] == customer.email
    assert signed_out.status_code == 204
    assert client.get(ME).status_code == 401


def test_a_wrong_password_an_unknown_address_and_a_closed_account_are_answered_alike(
    customer, make_user, api_client
):
    make_user(email="gone@example.com", is_active=False)
    tries = [
        {"email": customer.email, "password": "wrong-password"},
        {"email": "nobody@example.com", "password": PASSWORD},
        {"email": "gone@example.com", "password": PASSWORD},
    ]

    answers = [api_client().post("/api/v1/auth/jwt/", sent) for sent in tries]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["detail"] for answer in answers}) == 1


@pytest.mark.row("I2")
def test_a_refresh_token_works_once_and_its_reuse_ends_all(pair, api_client):
    refresh = "/api/v1/auth/jwt/refresh/"
    second = api_client().post(refresh, {"refresh": pair["refresh"]})

    assert second.status_code == 200
    assert bearer(api_client, second.json()["access"]).get(ME).status_code == 200
    again = api_client().post(refresh, {"refresh": pair["refresh"]})
    assert again.status_code == 401
    assert again.json()["code"] == "token_ended"
    # The thief or the owner came second: nobody's refresh token is good any more.
    assert api_client().post(refresh, {"refresh": second.json()["refresh"]}).status_code == 401


@pytest.mark.row("I2")
def test_a_blacklisted_refresh_token_is_over(pair, api_client):
    ended = api_client().post("/api/v1/auth/jwt/blacklist/", {"refresh": pair["refresh"]})

    assert ended.status_code == 204
    answer = api_client().post("/api/v1/auth/jwt/refresh/", {"refresh": pair["refresh"]})
    assert answer.status_code == 401


def test_the_table_of_refresh_tokens_holds_none(pair):
    assert set(OutstandingToken.objects.values_list("token", flat=True)) == {""}


@pytest.mark.parametrize("kind", ["refresh", "expired", "forged", "none_algorithm", "nonsense"])
def test_what_is_no_good_access_token_signs_nobody_in(pair, customer, api_client, kind):
    expired = AccessToken.for_user(customer)
    expired.set_exp(lifetime=-timedelta(minutes=1))
    head, middle, _sign = pair["access"].split(".")
    token = {
        "refresh": pair["refresh"],
        "expired": str(expired),
        "forged": f"{head}.{middle}.{'A' * 43}",
        "none_algorithm": f"eyJhbGciOiJub25lIn0.{middle}.",
        "nonsense": "a.b.c",
    }[kind]

    response = bearer(api_client, token).get(ME)

    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("door", ["session", "access", "token"])
def test_a_closed_account_is_out_with_its_next_call(customer, pair, api_client, door):
    key = api_client(customer).post("/api/v1/auth/tokens/", {"name": "till"}).json()["key"]
    client = {
        "session": api_client(customer),
        "access": bearer(api_client, pair["access"]),
        "token": api_client(Authorization=f"Token {key}"),
    }[door]
    assert client.get(ME).status_code == 200

    customer.is_active = False
    customer.save()

    assert client.get(ME).status_code == 401
    refreshed = api_client().post("/api/v1/auth/jwt/refresh/", {"refresh": pair["refresh"]})
    assert refreshed.status_code == 401


def test_a_new_password_ends_what_the_old_one_gave(customer, pair, api_client):
    customer.set_password("another-good-password")
    customer.save()

    assert bearer(api_client, pair["access"]).get(ME).status_code == 401
    refreshed = api_client().post("/api/v1/auth/jwt/refresh/", {"refresh": pair["refresh"]})
    assert refreshed.status_code == 401


@pytest.mark.row("I2")
def test_a_token_is_shown_once_kept_as_a_digest_and_revoked(customer, api_client):
    sent = {"email": customer.email, "password": PASSWORD, "name": "till"}
    made = api_client().post("/api/v1/auth/token/", sent)
    key = made.json()["key"]
    till = api_client(Authorization=f"Token {key}")

    assert made.status_code == 201
    assert key not in str(list(ApiToken.objects.values()))
    listed = till.get("/api/v1/auth/tokens/").json()["results"]
    assert [token["name"] for token in listed] == ["till"]
    assert "key" not in listed[0]
    assert till.delete(f"/api/v1/auth/tokens/{listed[0]['uuid']}/").status_code == 204
    assert till.get(ME).status_code == 401
    kinds = set(AuditEvent.objects.values_list("kind", flat=True))
    assert {"token_issued", "token_revoked"} <= kinds


def test_what_a_program_does_is_marked_as_the_doing_of_a_token(customer, api_client):
    key = api_client(customer).post("/api/v1/auth/tokens/", {"name": "till"}).json()["key"]

    api_client(Authorization=f"Token {key}").post("/api/v1/auth/tokens/", {"name": "second"})

    last = ChangeSet.objects.order_by("-pk").first()
    assert (last.actor, last.actor_kind, last.channel) == (customer, "token", "api")


def test_a_read_only_token_writes_nothing(customer, api_client):
    sent = {"name": "report", "is_read_only": True}
    key = api_client(customer).post("/api/v1/auth/tokens/", sent).json()["key"]
    report = api_client(Authorization=f"Token {key}")

    assert report.get(ME).status_code == 200
    assert report.post("/api/v1/auth/tokens/", {"name": "more"}).status_code == 403


def test_an_expired_token_and_another_person_s_are_none(customer, merchandiser, api_client):
    key = api_client(customer).post("/api/v1/auth/tokens/", {"name": "till"}).json()["key"]
    token = ApiToken.objects.get()

    foreign = api_client(merchandiser).delete(f"/api/v1/auth/tokens/{token.uuid}/")
    ApiToken.objects.update(expires_at=timezone.now())

    assert foreign.status_code == 404
    assert api_client(Authorization=f"Token {key}").get(ME).status_code == 401


def test_a_role_that_needs_a_second_factor_gets_no_token_for_a_password(
    finance, api_client, settings
):
    made = api_client(finance).post("/api/v1/auth/tokens/", {"name": "from before"})
    settings.MFA_REQUIRED_ROLES = ["finance"]
    sent = {"email": finance.email, "password": PASSWORD}

    by_password = api_client().post("/api/v1/auth/jwt/", sent)
    from_before = api_client(Authorization=f"Token {made.json()['key']}").get(ME)

    assert by_password.json()["code"] == "second_factor_needed"
    assert (from_before.status_code, from_before.json()["code"]) == (403, "second_factor_missing")


@pytest.mark.row("I4")
def test_other_sites_may_call_only_when_a_setting_names_them(db, api_client, settings):
    foreign = {"HTTP_ORIGIN": "https://shop.example.com"}
    closed = api_client().get("/api/v1/schema/", **foreign)
    settings.CORS_ALLOWED_ORIGINS = ["https://shop.example.com"]
    opened = api_client().get("/api/v1/schema/", **foreign)
    other = api_client().get("/api/v1/schema/", HTTP_ORIGIN="https://evil.example.com")

    assert "Access-Control-Allow-Origin" not in closed
    assert opened["Access-Control-Allow-Origin"] == "https://shop.example.com"
    assert opened["Access-Control-Allow-Credentials"] == "true"
    assert "Access-Control-Allow-Origin" not in other
