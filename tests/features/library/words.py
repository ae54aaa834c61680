"""How a sentence of a feature becomes a call, and what all calls of a scenario share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Group
from playwright.sync_api import ConsoleMessage, Page, expect

from backoffice.models import User
from catalog.models import Product
from tests.browser.conftest import PASSWORD, _complaint

# Nobody waits longer than this for a page.
WAIT_MS = 10_000
WIDE = {"width": 1440, "height": 900}

# A sentence, as `parse` reads it, and what it does; the first argument is the world.
STEPS: list[tuple[str, Callable[..., None]]] = []


def step(sentence: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorator: this function is what a sentence does."""

    def register(action: Callable[..., None]) -> Callable[..., None]:
        STEPS.append((sentence, action))
        return action

    return register


@dataclass
class World:
    """One scenario: a browser's page on a server of ours, and what it is about."""

    page: Page
    url: str
    products: dict[str, Product] = field(default_factory=dict)
    order: Any = None
    known: dict[str, Any] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        expect.set_options(timeout=WAIT_MS)
        self.page.set_default_timeout(WAIT_MS)
        self.page.set_viewport_size(WIDE)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._listen)

    def _listen(self, line: ConsoleMessage) -> None:
        # A payment that is declined is a 400, which the browser notes down as well.
        if not ("Failed to load" in line.text and "400" in line.text):
            self.complaints.extend(_complaint(line))

    def visit(self, path: str) -> Page:
        self.page.goto(f"{self.url}{path}")
        return self.page

    def person(self, role: str = "") -> User:
        """Return the person of a role; without one, a customer."""
        email = f"{role or 'customer'}@example.com"
        if (user := User.objects.filter(email=email).first()) is not None:
            return user
        user = User.objects.create_user(
            email, PASSWORD, is_staff=bool(role), first_name=(role or "customer").title()
        )
        if role:
            user.groups.add(Group.objects.get(name=role))
        return user
