"""Few rows are many here, so that a dialog's limit, a job and a plan's page are all in reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from backoffice.models import User
from tests.backoffice.jobs.conftest import delivered_by_database, start_worker  # noqa: F401


@pytest.fixture(autouse=True)
def small_limits(settings: Any) -> None:
    settings.BULK_AT_ONCE_ROWS = 2
    settings.BULK_TYPED_ABOVE_ROWS = 6


@pytest.fixture
def clerk(sign_in: Callable[[User], Client], support: User) -> Client:
    """A browser of customer support, who may cancel, hold and process orders."""
    return sign_in(support)


@pytest.fixture
def commits(django_capture_on_commit_callbacks: Any) -> Any:
    """Run what waits for the commit: jobs begin there."""
    return lambda: django_capture_on_commit_callbacks(execute=True)
