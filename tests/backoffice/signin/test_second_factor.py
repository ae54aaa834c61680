"""Second factors: who needs one, what a code is worth, how one is set up and taken away."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

from backoffice.models import AuditEvent, ChangeSet, User
from backoffice.signin import second_factor
from tests.backoffice.signin.codes import SECRET, code_of, give_app, secret_on
from tests.backoffice.signin.conftest import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.row("I1")]


def password(client, user):
    return client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})


def code(client, text):
    return client.post("/accounts/2fa/authenticate/", {"code": text})


def kinds(user) -> list[str]:
    found = AuditEvent.objects.filter(subject_key=str(user.pk)).order_by("pk")
    return list(found.values_list("kind", flat=True))


# --- Signing in -------------------------------------------------------------------------------


def test_the_password_alone_leads_to_the_second_question(client, finance):
    give_app(finance)

    answer = password(client, finance)

    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in client.session
    assert "sign_in" not in kinds(finance)
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/")


def test_the_code_of_the_app_lets_in_once(client, finance):
    give_app(finance)
    now = code_of()
    password(client, finance)
    first = code(client, f" {now[:3]} {now[3:]} ")
    client.post("/accounts/logout/")

    password(client, finance)
    again = code(client, now)
    next_one = code(client, code_of(later=1))

    assert first["Location"] == next_one["Location"] == "/admin/"
    assert "used before" in again.content.decode()


def test_a_wrong_code_is_an_event_and_guessing_is_slowed_down(client, finance):
    give_app(finance)
    password(client, finance)
    for _ in range(5):
        assert "not right" in code(client, "000000").content.decode()

    answer = code(client, code_of())

    assert "Too many failed attempts" in answer.content.decode()
    assert kinds(finance).count("second_factor_failed") == 5
    assert ChangeSet.objects.filter(action="auth.second_factor_failed", actor=None).exists()


def test_a_recovery_code_lets_in_once_and_the_record_says_so(client, finance):
    give_app(finance)
    one = RecoveryCodes.activate(finance).generate_codes()[0]
    password(client, finance)
    answer = code(client, one)
    client.post("/accounts/logout/")
    password(client, finance)

    used = AuditEvent.objects.get(kind="recovery_code_used")
    assert answer["Location"] == "/admin/"
    assert used.change_set.actor == finance
    assert used.detail == {"left": 9}
    assert "not right" in code(client, one).content.decode()


def test_secrets_cannot_be_read_in_the_database(finance):
    authenticator = give_app(finance)

    authenticator.refresh_from_db()
    assert SECRET not in str(authenticator.data)
    assert authenticator.wrap().validate_code(code_of())


def test_a_closed_account_does_not_get_past_the_second_question(client, finance):
    give_app(finance)
    password(client, finance)
    finance.is_active = False
    finance.save()

    code(client, code_of())

    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("door", ["session", "jwt", "token"])
def test_doors_that_ask_for_a_password_only_refuse_whoever_has_more(client, finance, door):
    give_app(finance)

    answer = client.post(
        f"/api/v1/auth/{door}/",
        {
            "email": finance.email,
            "password": PASSWORD,
            **({"name": "x"} if door == "token" else {}),
        },
        content_type="application/json",
    )

    assert answer.status_code == 403
    assert answer.json()["code"] == "second_factor_needed"
    assert "_auth_user_id" not in client.session


# --- Roles that need one ----------------------------------------------------------------------


@pytest.fixture
def required(settings):
    settings.MFA_REQUIRED_ROLES = ["finance", "admin"]


def test_a_role_that_needs_one_sets_it_up_before_anything_else(client, finance, required):
    password(client, finance)

    console = client.get("/admin/orders/order/?q=x")
    posted = client.post("/admin/me/", {})
    fragment = client.get("/admin/", headers={"HX-Request": "true"})
    page = client.get("/accounts/2fa/")

    assert console["Location"].startswith("/accounts/2fa/?next=%2Fadmin%2Forders")
    assert posted["Location"] == "/accounts/2fa/"
    assert fragment["HX-Redirect"].startswith("/accounts/2fa/")
    assert "Your role needs a second factor" in page.content.decode()
    assert client.get("/cart/").status_code == 302


def test_a_session_of_the_api_hears_a_problem(client, finance, required):
    client.force_login(finance)

    answer = client.get("/api/v1/auth/me/")

    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "second_factor_missing"


def test_setting_up_the_app_opens_the_house(
    client, finance, required, django_capture_on_commit_callbacks
):
    password(client, finance)
    page = client.get("/accounts/2fa/totp/activate/")
    wrong = client.post("/accounts/2fa/totp/activate/", {"code": "000000"})

    secret = secret_on(page.content.decode())
    with django_capture_on_commit_callbacks(execute=True):
        right = client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})

    assert page.status_code == wrong.status_code == 200
    assert right.status_code == 302
    assert client.get("/admin/").status_code == 200
    assert {"second_factor_added"} <= set(kinds(finance))
    codes = client.get("/accounts/2fa/recovery-codes/")
    assert codes.status_code == 200


def test_other_roles_and_superusers(client, support, required, make_user):
    root = User.objects.create_superuser("root@example.com", PASSWORD)
    customer = User.objects.create_user("ada@gmail.example", PASSWORD)

    assert not second_factor.is_required(support)
    assert not second_factor.is_required(customer)
    assert second_factor.is_missing(root)
    client.force_login(support)
    assert client.get("/admin/").status_code == 200


def test_the_last_one_of_such_a_role_stays(client, finance, required):
    give_app(finance)
    password(client, finance)
    code(client, code_of())
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})

    answer = client.post("/accounts/2fa/totp/deactivate/")

    assert "add another one before" in answer.content.decode()
    assert second_factor.has_one(finance)


def test_production_asks_it_of_those_who_move_money_and_people():
    import os
    import subprocess
    import sys

    from django.conf import settings

    shown = subprocess.run(
        [
            sys.executable,
            "-c",
            "from config.settings.production import *; print(MFA_REQUIRED_ROLES)",
        ],
        cwd=settings.BASE_DIR,
        env={**os.environ, "SECRET_KEY": "x" * 60, "ALLOWED_HOSTS": "x.example"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert "['finance', 'manager', 'admin', 'auditor']" in shown


# --- Taking it away ---------------------------------------------------------------------------


def test_removing_it_asks_who_one_is_and_ends_the_other_sessions(client, support):
    give_app(support)
    elsewhere = type(client)()
    for browser, later in ((elsewhere, 0), (client, 1)):
        password(browser, support)
        code(browser, code_of(later=later))
    session = client.session
    session["signed_in_at"] -= 10 * 60
    session.save()
    asked = client.post("/accounts/2fa/totp/deactivate/")

    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post("/accounts/2fa/totp/deactivate/")

    assert "/accounts/reauthenticate/" in asked["Location"]
    assert not Authenticator.objects.filter(user=support).exists()
    assert "second_factor_removed" in kinds(support)
    assert client.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").status_code == 302
