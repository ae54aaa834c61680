"""The features by pytest-bdd: its tags become our markers, its world is a page on a live server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import _orm_beside_the_event_loop, browser_type_launch_args
from tests.features.library import World

__all__ = ["_orm_beside_the_event_loop", "browser_type_launch_args"]
HERE = Path(__file__).parent


def pytest_bdd_apply_tag(tag: str, function: Callable[..., Any]) -> bool | None:
    """`@row_T2` above a feature or a scenario is the marker of that row."""
    if not tag.startswith("row_"):
        return None
    pytest.mark.row(tag.removeprefix("row_"))(function)
    return True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def world(page: Page, live_server: Any) -> Iterator[World]:
    world = World(page=page, url=live_server.url)
    yield world
    assert world.complaints == []
