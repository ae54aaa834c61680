"""Coming in by Google: customers, staff made beforehand, and nobody else."""

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount

from backoffice.models import AuditEvent, ChangeSet, User
from tests.backoffice.signin.conftest import PASSWORD
from tests.backoffice.signin.openid import walk

pytestmark = [pytest.mark.django_db, pytest.mark.row("I1")]

FAILED = "/accounts/login/?error=auth_failed"
COMPANY = {"email": "support@harbour.example", "hd": "harbour.example"}


@pytest.fixture
def colleague(make_user):
    return make_user("support", email="support@harbour.example")


def is_signed_in(client, user) -> bool:
    return client.session.get("_auth_user_id") == str(user.pk)


def refusals() -> list[str]:
    found = AuditEvent.objects.filter(kind="sign_in_refused").order_by("pk")
    return [event.detail["code"] for event in found]


def test_a_stranger_becomes_a_customer_by_their_own_act(client, provider):
    answer = walk(client, provider)

    user = User.objects.get(email="ada@gmail.example")
    account = SocialAccount.objects.get(user=user)
    assert answer["Location"] == "/"
    assert is_signed_in(client, user)
    assert (user.first_name, user.last_name, user.is_staff) == ("Ada", "Lovelace", False)
    assert not user.has_usable_password()
    assert EmailAddress.objects.get(user=user).verified
    assert (account.uid, account.extra_data) == ("1001", {"email": "ada@gmail.example"})
    made = ChangeSet.objects.get(action="account.sign_up")
    assert (made.actor, made.actor_kind) == (user, "customer")
    assert {event.kind for event in made.events.all()} >= {"sign_up", "sign_in"}
    assert "ada" not in str(list(made.events.values_list("detail", flat=True))).lower()


def test_the_same_person_comes_back_to_the_same_account(client, provider):
    walk(client, provider)
    client.post("/accounts/logout/")

    walk(client, provider)

    assert User.objects.filter(email="ada@gmail.example").count() == 1
    assert is_signed_in(client, User.objects.get(email="ada@gmail.example"))


def test_where_somebody_wanted_to_go_travels_along_and_never_away(client, provider):
    safe = walk(client, provider, start="/accounts/google/login/?next=/cart/")
    client.post("/accounts/logout/")
    evil = walk(client, provider, start="/accounts/google/login/?next=https://evil.example/")

    assert safe["Location"] == "/cart/"
    assert evil["Location"] == "/"


def test_staff_come_in_with_the_account_that_was_made_for_them(client, provider, colleague):
    provider.person |= COMPANY

    answer = walk(client, provider)

    assert answer["Location"] == "/admin/"
    assert is_signed_in(client, colleague)
    kinds = set(
        AuditEvent.objects.filter(subject_key=str(colleague.pk)).values_list("kind", flat=1)
    )
    assert {"social_connected", "sign_in"} <= kinds


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({**COMPANY, "email_verified": False}, "address_not_verified"),
        ({"email": COMPANY["email"]}, "domain_not_allowed"),
        ({**COMPANY, "hd": "elsewhere.example"}, "domain_not_allowed"),
    ],
)
def test_staff_are_refused_without_verified_address_and_company_account(
    client, provider, colleague, claims, code
):
    provider.person |= claims

    answer = walk(client, provider)
    page = client.get(answer["Location"])

    assert answer["Location"] == FAILED
    assert 'role="alert"' in page.content.decode() or "Google" in page.content.decode()
    assert refusals() == [code]
    assert not is_signed_in(client, colleague)
    assert not SocialAccount.objects.exists()


def test_staff_of_no_allowed_domain_use_their_password(client, provider, make_user):
    person = make_user("support", email="ada@gmail.example")

    assert walk(client, provider)["Location"] == FAILED
    assert refusals() == ["domain_not_allowed"]
    assert not is_signed_in(client, person)


def test_a_colleague_without_an_account_does_not_become_a_customer(client, provider):
    provider.person |= {"email": "new@harbour.example", "hd": "harbour.example"}

    assert walk(client, provider)["Location"] == FAILED
    assert refusals() == ["not_provisioned"]
    assert not User.objects.filter(email="new@harbour.example").exists()


def test_a_closed_account_stays_closed(client, provider, customer):
    customer.is_active = False
    customer.save()

    assert walk(client, provider)["Location"] == FAILED
    assert refusals() == ["account_closed"]


def test_a_confirmed_customer_is_connected(client, provider, customer):
    walk(client, provider)

    assert is_signed_in(client, customer)
    assert customer.check_password(PASSWORD)
    assert SocialAccount.objects.get().user == customer


def test_an_address_that_nobody_confirmed_is_not_connected(client, provider, customer):
    """Somebody may have registered it and wait for its owner to come by Google."""
    EmailAddress.objects.filter(user=customer).update(verified=False)

    answer = walk(client, provider)

    assert answer["Location"] == FAILED
    assert "nobody confirmed yet" in client.get(FAILED).content.decode()
    assert refusals() == ["ownership_not_proven"]
    assert not SocialAccount.objects.exists()


def test_connecting_anothers_google_account_is_refused(client, provider, make_user):
    me = make_user("support", email="support@harbour.example")
    client.force_login(me)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})

    answer = walk(client, provider, start="/accounts/google/login/?process=connect")

    assert answer["Location"] == "/accounts/3rdparty/"
    assert refusals()[0] in {"domain_not_allowed", "not_your_address"}
    assert not SocialAccount.objects.exists()
    assert is_signed_in(client, me)


def test_a_customer_connects_and_disconnects(client, provider, customer):
    client.force_login(customer)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})

    walk(client, provider, start="/accounts/google/login/?process=connect")
    account = SocialAccount.objects.get(user=customer)
    client.post("/accounts/3rdparty/", {"account": account.pk})

    assert not SocialAccount.objects.exists()
    kinds = list(AuditEvent.objects.values_list("kind", flat=True))
    assert "social_connected" in kinds
    assert "social_disconnected" in kinds


def test_a_state_that_this_browser_never_asked_for_is_refused(client, provider):
    client.post("/accounts/google/login/")

    forged = client.get("/accounts/google/login/callback/?code=code-0&state=forged")
    none = client.get("/accounts/google/login/callback/?code=code-0")

    assert forged["Location"] == none["Location"] == FAILED
    assert "did not work" in client.get(FAILED).content.decode()
    assert all(path != "/token" for _method, path, *_rest in provider.asked)


def test_a_state_is_good_for_one_time(client, provider):
    walk(client, provider)
    used = client.session.get("socialaccount_states")
    client.post("/accounts/logout/")

    again = client.get("/accounts/google/login/callback/?code=code-0&state=used")

    assert not used
    assert again["Location"] == FAILED


def test_cancelling_and_failing_return_to_the_form_with_a_sentence(client, provider):
    provider.cancels = True
    cancelled = walk(client, provider)
    provider.cancels, provider.breaks = False, True
    failed = walk(client, provider)

    assert cancelled["Location"] == failed["Location"] == FAILED
    assert "use your password" in client.get(FAILED).content.decode()


@pytest.mark.parametrize("info", [{"sub": "2002"}, {"email": "eve@evil.example"}, {"sub": None}])
def test_what_the_user_information_service_contradicts_is_refused(client, provider, info):
    provider.info = {**provider.person, **info}

    assert walk(client, provider)["Location"] == FAILED
    assert not User.objects.filter(email="ada@gmail.example").exists()


def test_nothing_inline_and_a_way_to_google_only_where_its_button_is(client, provider):
    sign_in = client.get("/accounts/login/")
    reset = client.get("/accounts/password/reset/")

    assert f"form-action 'self' {provider.url}" in sign_in["Content-Security-Policy"]
    assert "form-action 'self';" in reset["Content-Security-Policy"] + ";"
    assert "Continue with Google" in sign_in.content.decode()


def test_without_a_client_id_there_is_no_button_and_no_way(client):
    page = client.get("/accounts/login/")

    assert "Google" not in page.content.decode()
    assert "accounts.google.com" not in page["Content-Security-Policy"]


def test_the_one_tap_door_is_closed(client, provider):
    assert client.post("/accounts/google/login/token/", {"credential": "x"}).status_code == 404
