"""The features by behave: one browser for all, one page and one open change for each scenario."""

from __future__ import annotations

import os
from typing import Any

from playwright.sync_api import sync_playwright

from backoffice import changes
from tests import conftest  # noqa: F401  (flushing a database whose tables are sealed)
from tests.browser.conftest import CHROMIUM, LAUNCH_ARGUMENTS
from tests.features.library import World

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def before_all(context: Any) -> None:
    context.playwright = sync_playwright().start()
    context.browser = context.playwright.chromium.launch(
        executable_path=CHROMIUM or None, args=LAUNCH_ARGUMENTS
    )


def after_all(context: Any) -> None:
    context.browser.close()
    context.playwright.stop()


def before_scenario(context: Any, scenario: Any) -> None:
    context.change = changes.change(action="test", separate=True)
    context.change.__enter__()


def django_ready(context: Any) -> None:
    context.tab = context.browser.new_context()
    context.world = World(page=context.tab.new_page(), url=context.base_url)


def after_scenario(context: Any, scenario: Any) -> None:
    complaints = context.world.complaints
    context.tab.close()
    context.change.__exit__(None, None, None)
    assert complaints == [], complaints
