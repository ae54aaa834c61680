"""Registering, confirming, resetting: each the act of its owner, none telling who is here."""

import re

import pytest
from allauth.account.models import EmailAddress

from backoffice.models import AuditEvent, ChangeSet, User
from tests.backoffice.signin.conftest import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.row("G3")]

NEW = {
    "email": "New@Gmail.example",
    "first_name": "Nell",
    "last_name": "Ward",
    "password1": "harbour-lights-9",
    "password2": "harbour-lights-9",
}


def link_in(letter) -> str:
    return re.search(r"http://testserver(/\S+)", letter.body).group(1)


def test_a_customer_registers_confirms_and_comes_in(client, mailoutbox):
    answer = client.post("/accounts/signup/", NEW)
    user = User.objects.get(email="new@gmail.example")
    early = client.post("/accounts/login/", {"login": user.email, "password": NEW["password1"]})
    confirm = link_in(mailoutbox[0])
    page = client.get(confirm)
    client.post(confirm)
    late = client.post("/accounts/login/", {"login": user.email, "password": NEW["password1"]})

    assert answer["Location"] == early["Location"] == "/accounts/confirm-email/"
    assert page.status_code == 200
    assert late["Location"] == "/"
    assert (user.first_name, user.last_name, user.is_staff) == ("Nell", "Ward", False)
    made = ChangeSet.objects.get(action="account.sign_up")
    assert (made.actor, made.actor_kind) == (user, "customer")
    kinds = set(AuditEvent.objects.filter(subject_key=str(user.pk)).values_list("kind", flat=True))
    assert {"sign_up", "email_confirmed", "sign_in"} <= kinds
    details = str(list(AuditEvent.objects.values_list("detail", flat=True)))
    assert "gmail" not in details
    assert "Nell" not in details


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"password1": "abc", "password2": "abc"}, "too short"),
        ({"password1": "12345678901", "password2": "12345678901"}, "entirely numeric"),
        ({"password1": "new@gmail.example", "password2": "new@gmail.example"}, "too similar"),
        ({"password2": "something-else-9"}, "same password"),
        ({"email": "no address"}, "valid email"),
        ({"email": ""}, "required"),
        ({"first_name": "x" * 151}, "150"),
        ({"email": "a\x00b@example.com"}, "Null characters"),
    ],
)
def test_a_bad_registration_says_what_is_wrong(client, sent, words):
    page = client.post("/accounts/signup/", {**NEW, **sent})

    assert page.status_code == 200
    assert words in page.content.decode()
    assert not User.objects.filter(is_superuser=False).exists()


def test_nobody_registers_as_staff(client):
    client.post("/accounts/signup/", {**NEW, "is_staff": "on", "is_superuser": "1", "groups": "1"})

    user = User.objects.get(email="new@gmail.example")
    assert not user.is_staff
    assert not user.is_superuser
    assert not user.groups.exists()


def test_registering_a_taken_address_tells_only_its_owner(client, customer, mailoutbox):
    answer = client.post("/accounts/signup/", {**NEW, "email": customer.email})

    customer.refresh_from_db()
    assert answer["Location"] == "/accounts/confirm-email/"
    assert User.objects.filter(email=customer.email).count() == 1
    assert customer.check_password(PASSWORD)
    assert mailoutbox[0].to == [customer.email]


def test_names_are_shown_as_text(client, customer):
    customer.first_name = "<script>alert(1)</script>"
    customer.save()
    client.force_login(customer)

    for path in ("/accounts/profile/", "/accounts/email/", "/accounts/2fa/", "/"):
        assert "<script>alert" not in client.get(path).content.decode()


def test_a_forgotten_password_is_reset_by_letter_and_ends_every_session(
    client, support, mailoutbox
):
    elsewhere = type(client)()
    elsewhere.post("/accounts/login/", {"login": support.email, "password": PASSWORD})
    client.post("/accounts/password/reset/", {"email": support.email})
    page = client.get(link_in(mailoutbox[0]), follow=True)
    sent = {"password1": "harbour-lights-9", "password2": "harbour-lights-9"}
    done = client.post(page.redirect_chain[-1][0], sent)
    again = client.get(link_in(mailoutbox[0]), follow=True)

    support.refresh_from_db()
    assert done.status_code == 302
    assert support.check_password("harbour-lights-9")
    assert elsewhere.get("/admin/").status_code == 302
    assert "invalid" in again.content.decode()
    event = AuditEvent.objects.get(kind="password_reset")
    assert event.change_set.actor == support
    assert event.subject_key == str(support.pk)


def test_asking_for_a_reset_tells_nobody_who_is_here(client, support, mailoutbox):
    known = client.post("/accounts/password/reset/", {"email": support.email})
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@example.com"})

    assert known["Location"] == unknown["Location"]


def test_a_new_address_holds_once_it_is_confirmed(client, customer, mailoutbox):
    client.force_login(customer)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post("/accounts/email/", {"action_add": "", "email": "Ada@new.example"})
    customer.refresh_from_db()
    before = customer.email
    client.post(link_in(mailoutbox[0]))
    customer.refresh_from_db()

    assert (before, customer.email) == ("ada@gmail.example", "ada@new.example")
    assert [a.email for a in EmailAddress.objects.filter(user=customer)] == ["ada@new.example"]
    event = AuditEvent.objects.get(kind="user_details_changed")
    assert event.detail == {"fields": ["email"]}


def test_staff_need_no_letter_since_their_address_was_given_to_them(client, support):
    mine = EmailAddress.objects.get(user=support)

    assert (mine.email, mine.verified, mine.primary) == (support.email, True, True)
    support.email = "moved@example.com"
    support.save()
    assert EmailAddress.objects.get(user=support).email == "moved@example.com"


def test_a_post_office_that_is_shut_is_said_and_breaks_nothing(client, support, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    answer = client.post("/accounts/password/reset/", {"email": support.email}, follow=True)

    assert answer.status_code == 200
    assert "could not be sent" in answer.content.decode()


PAGES = (
    "login/",
    "signup/",
    "password/reset/",
    "password/reset/done/",
    "confirm-email/",
    "inactive/",
)
OWN_PAGES = (
    "profile/",
    "email/",
    "password/change/",
    "2fa/",
    "2fa/totp/activate/",
    "2fa/webauthn/",
    "2fa/webauthn/add/",
    "sessions/",
    "3rdparty/",
    "reauthenticate/",
    "logout/",
)


@pytest.mark.row("G15")
@pytest.mark.parametrize("address", [*PAGES, *(f"own:{page}" for page in OWN_PAGES)])
def test_every_page_is_ours_and_has_nothing_inline(client, customer, address):
    if address.startswith("own:"):
        client.force_login(customer)
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    answer = client.get(f"/accounts/{address.removeprefix('own:')}")
    text = answer.content.decode()

    assert answer.status_code == 200
    assert "bo-account" in text
    assert "backoffice/accounts.css" in text
    scripts = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>\s*\S", text)
    assert all("application/json" in attributes for attributes in scripts)
    assert not re.search(r"\son(click|load|change|submit|input)=", text)
    assert not re.search(r'style="', text.partition('<main id="content">')[2])
    assert "'unsafe-inline'" not in answer["Content-Security-Policy"].partition("style-src")[0]


def test_an_account_opened_by_the_api_is_confirmed_by_letter_as_well(
    client, mailoutbox, django_capture_on_commit_callbacks
):
    sent = {
        "email": "new@gmail.example",
        "password": "harbour-lights-9",
        "password_confirm": "harbour-lights-9",
    }
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/api/v1/auth/register/", sent, content_type="application/json")
    user = User.objects.get(email="new@gmail.example")
    early = client.post("/accounts/login/", {"login": user.email, "password": sent["password"]})
    client.post(link_in(mailoutbox[0]))
    late = client.post("/accounts/login/", {"login": user.email, "password": sent["password"]})

    assert answer.status_code == 201
    assert ChangeSet.objects.get(action="account.sign_up").actor == user
    assert early["Location"] == "/accounts/confirm-email/"
    assert late["Location"] == "/"


def test_staff_do_not_change_their_own_address(client, support):
    client.force_login(support)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})

    page = client.post("/accounts/email/", {"action_add": "", "email": "mine@evil.example"})

    assert "changed by an administrator" in page.content.decode()
    assert EmailAddress.objects.get(user=support).email == support.email
