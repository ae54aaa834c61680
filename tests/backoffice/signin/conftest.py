"""A stand-in for Google, and people as they come in."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.providers.google import views as google

from backoffice.models import User
from tests.backoffice.signin.openid import CLIENT, SECRET, Provider

PASSWORD = "a-good-password"


@pytest.fixture
def provider(settings, monkeypatch):
    with Provider() as provider:
        settings.GOOGLE_CLIENT_ID = CLIENT
        settings.GOOGLE_CLIENT_SECRET = SECRET
        settings.GOOGLE_ACCOUNTS_URL = settings.GOOGLE_API_URL = provider.url
        settings.GOOGLE_STAFF_DOMAINS = ["harbour.example"]
        ours = settings.SOCIALACCOUNT_PROVIDERS["google"]
        settings.SOCIALACCOUNT_PROVIDERS = {
            "google": {**ours, "APPS": [{"client_id": CLIENT, "secret": SECRET, "key": ""}]}
        }
        adapter = google.GoogleOAuth2Adapter
        monkeypatch.setattr(adapter, "authorize_url", f"{provider.url}/o/oauth2/v2/auth")
        monkeypatch.setattr(adapter, "access_token_url", f"{provider.url}/token")
        monkeypatch.setattr(google, "ID_TOKEN_ISSUER", provider.url)
        yield provider


@pytest.fixture
def customer(db) -> User:
    """A customer who registered and confirmed the address."""
    user = User.objects.create_user("ada@gmail.example", PASSWORD, first_name="Ada")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user
