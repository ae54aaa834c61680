"""The same table of steps, for behave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from behave import step

from tests.features.library import STEPS


def _on_the_world(action: Callable[..., None]) -> Callable[..., None]:
    def run(context: Any, **words: Any) -> None:
        action(context.world, **words)

    return run


for _sentence, _action in STEPS:
    step(_sentence)(_on_the_world(_action))
