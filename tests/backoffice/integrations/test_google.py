"""The user-information client: a bearer token in, a person out, or a refusal in words."""

import pytest

from backoffice.integrations.google import GoogleUserInfo
from backoffice.integrations.refusals import AccessRefused, ServiceRefused, UnreadableAnswer
from backoffice.refused import ServiceUnavailable
from tests.backoffice.integrations.standin import StandIn, dead_url

pytestmark = pytest.mark.row("I1")

ADA = {
    "sub": "1001",
    "email": "Ada@Gmail.example",
    "email_verified": True,
    "given_name": "Ada\x00\n ",
    "family_name": 7,
    "hd": "Harbour.example",
}


def ask(settings, *script):
    with StandIn(*script) as service:
        settings.GOOGLE_API_URL = service.url
        with GoogleUserInfo.of("bearer-1") as google:
            return service, google.person()


def test_a_person_is_read_with_their_own_token(settings):
    service, person = ask(settings, (200, ADA))

    method, path, headers, _body = service.asked[0]
    assert (method, path, headers["Authorization"]) == ("GET", "/v1/userinfo", "Bearer bearer-1")
    assert (person.subject, person.email, person.is_email_verified) == (
        "1001",
        "ada@gmail.example",
        True,
    )
    assert (person.first_name, person.last_name) == ("Ada", "")
    assert person.hosted_domain == "harbour.example"


@pytest.mark.parametrize("said", [False, "false", None, 1, "yes"])
def test_verified_is_what_is_said_in_so_many_words(settings, said):
    _service, person = ask(settings, (200, {**ADA, "email_verified": said}))

    assert person.is_email_verified is False


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        ((401, {"error": "invalid_token"}), AccessRefused),
        ((404, {}), ServiceRefused),
        ((500, {}), ServiceUnavailable),
        ((200, {"email": "x@example.com"}), UnreadableAnswer),
        ((200, ["no", "object"]), UnreadableAnswer),
        ((200, b"<html>"), UnreadableAnswer),
    ],
)
def test_anything_else_is_a_refusal(settings, answer, refusal):
    with pytest.raises(refusal) as refused:
        ask(settings, answer)

    assert "Google" in str(refused.value)
    assert "bearer-1" not in str(refused.value)


def test_a_service_that_is_not_there_is_said(settings):
    settings.GOOGLE_API_URL = dead_url()

    with pytest.raises(ServiceUnavailable), GoogleUserInfo.of("bearer-1") as google:
        google.person()
