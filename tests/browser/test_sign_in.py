"""Signing in as a person does it: an app's code, a security key, at a desk and on a phone."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from backoffice.models import AuditEvent, User
from tests.backoffice.signin.codes import code_of, secret_on
from tests.browser.conftest import NARROW, PASSWORD
from tests.browser.desk import sticks_out

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("I1")]


@pytest.fixture
def key(page: Page):
    """Plug a virtual security key into the browser."""
    wire = page.context.new_cdp_session(page)
    wire.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    return wire.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def house(server) -> str:
    """Return the server by its name: a security key answers to names, not to addresses."""
    return server.url.replace("127.0.0.1", "localhost")


def sign_in(page: Page, server, user: User) -> None:
    page.goto(f"{house(server)}/admin/")
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")


def sign_out(page: Page) -> None:
    page.goto(re.sub(r"(https?://[^/]+).*", r"\1/accounts/logout/", page.url))
    page.get_by_role("button", name="Sign Out").click()
    expect(page.get_by_label("Password")).to_be_visible()


def test_an_app_is_set_up_before_anything_else_and_asked_for_afterwards(
    page: Page, live_server, finance, settings
):
    settings.MFA_REQUIRED_ROLES = ["finance"]
    page.set_viewport_size(NARROW)
    sign_in(page, live_server, finance)
    expect(page.get_by_text("Your role needs a second factor.")).to_be_visible()
    assert sticks_out(page) == []

    page.get_by_role("link", name="Set up the app").click()
    expect(page.locator("img[src^='data:image/svg']")).to_be_visible()
    assert sticks_out(page) == []
    secret = secret_on(page.content())
    page.get_by_label("Authenticator code").fill(code_of(secret))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Recovery Codes")).to_be_visible()
    assert sticks_out(page) == []
    sign_out(page)

    sign_in(page, live_server, finance)
    page.get_by_label("Code").fill(code_of(secret, later=1))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{house(live_server)}/admin/")
    kinds = AuditEvent.objects.filter(subject_key=str(finance.pk)).values_list("kind", flat=True)
    assert {"second_factor_added", "sign_in", "sign_out"} <= set(kinds)


def test_a_security_key_is_added_and_lets_in(page: Page, live_server, support, key):
    sign_in(page, live_server, support)
    page.wait_for_url(f"{house(live_server)}/admin/")
    page.goto(f"{house(live_server)}/accounts/2fa/")
    page.get_by_role("link", name="Add a key").click()
    # A key is asked for by the page's script.
    page.wait_for_url("**/webauthn/add/**")
    page.get_by_label("Name").fill("The blue one")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name="Recovery Codes")).to_be_visible()
    assert Authenticator.objects.filter(user=support, type="webauthn").count() == 1
    sign_out(page)

    sign_in(page, live_server, support)
    page.wait_for_url("**/2fa/authenticate/**")
    page.get_by_role("button", name="Use a security key").click()

    page.wait_for_url(f"{house(live_server)}/admin/")
    assert "sign_in" in AuditEvent.objects.values_list("kind", flat=True)
