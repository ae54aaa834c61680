"""Programs that call the API: nobody, a customer, and one of each role."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from backoffice import rates
from backoffice.models import User

PASSWORD = "a-good-password"


@pytest.fixture
def api_client() -> Callable[..., APIClient]:
    """Return a client; signed in as the person, if one is given."""

    def make(user: User | None = None, **headers: str) -> APIClient:
        client = APIClient(headers=headers or None)
        if user is not None:
            client.force_login(user)
        return client

    return make


@pytest.fixture
def customer(db) -> User:
    return User.objects.create_user("ada@example.com", PASSWORD, first_name="Ada")


@pytest.fixture
def low_rates(settings):
    """Let calls be counted as in real life, and by nobody else's leases."""

    def low(**given: str) -> None:
        settings.API_RATES = {**settings.API_RATES, **given}
        rates.forget_leases()

    yield low
    rates.forget_leases()
