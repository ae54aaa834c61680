"""A headless Chromium against the real server; Debian's browser, since nothing is downloaded."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import ConsoleMessage, Page

from tests.conftest import CHROMIUM

PASSWORD = "a-good-password"

WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}
LAUNCH_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session", autouse=True)
def _orm_beside_the_event_loop() -> None:
    # Playwright's loop runs in this thread; the tests' own queries are plain and synchronous.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    return {
        "executable_path": CHROMIUM,
        "args": LAUNCH_ARGUMENTS,
    }


def _complaint(line: ConsoleMessage) -> list[str]:
    """Return what a page complains of: errors of scripts, what the CSP stops, files not found.

    A dialog that is refused answers with 409 or 422, which the browser notes down as well.
    """
    if line.type != "error" or ("Failed to load" in line.text and re.search("409|422", line.text)):
        return []
    return [f"{line.text} ({line.location.get('url', '')})"]


@pytest.fixture
def enter(page: Page, live_server) -> Callable[..., Page]:
    """Sign a person in by the form and return the page, at the home page of the console."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.extend(_complaint(line)))
    page.set_viewport_size(WIDE)
    page.set_default_timeout(10_000)

    def enter(user) -> Page:
        page.context.clear_cookies()
        page.goto(f"{live_server.url}/admin/login/")
        page.get_by_label("E-mail address").fill(user.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{live_server.url}/admin/")
        return page

    yield enter
    assert errors == []


@pytest.fixture
def fixtures_folder() -> Path:
    return Path(settings.BASE_DIR) / "fixtures"
