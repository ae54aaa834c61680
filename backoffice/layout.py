"""The layout outside the console: what the apps put into its header and footer.

`site/base.html` knows no product and no cart; whoever does registers a part, the way `cards.py`
does for the console.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.http import HttpRequest

Slot = Literal["search", "menu", "actions", "footer"]
Context = Callable[[HttpRequest], Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A template in a slot of the layout.

    context: what it needs, asked once per page. vary: what it depends on beside the person who
    looks and the catalogue, for pages that are kept.
    """

    name: str
    slot: Slot
    template: str
    context: Context = lambda _request: {}
    vary: Callable[[HttpRequest], str] = lambda _request: ""
    order: int = 100


_parts: dict[str, Part] = {}


def register(*parts: Part) -> None:
    for part in parts:
        _parts[part.name] = part


def parts_of(slot: str) -> list[Part]:
    return sorted((p for p in _parts.values() if p.slot == slot), key=lambda p: (p.order, p.name))


def parts() -> list[Part]:
    return sorted(_parts.values(), key=lambda p: p.name)
