"""Pages of the console that belong to no model: registered by whoever serves them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse


@dataclass(frozen=True)
class Page:
    """An address below the console's root; the view asks for the permission itself."""

    route: str
    view: Callable[..., HttpResponse]
    name: str


_pages: dict[str, Page] = {}


def page(route: str, *, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: serve this view to whoever is signed in to the console."""

    def register(view: Callable[..., Any]) -> Callable[..., Any]:
        _pages[name] = Page(route, view, name)
        return view

    return register


def registered() -> list[Page]:
    return list(_pages.values())
