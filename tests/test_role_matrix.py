"""Who gets past the door of every address by every method: equal to the table beside this file.

The addresses come from the URL configuration itself, so a new one is tried by everybody at once.
`UPDATE_ROLE_MATRIX=. pytest tests/test_role_matrix.py` writes the table anew, or, with another
pattern in place of the dot, the addresses that it finds; the diff is what a reviewer reads.

i: let in (whatever came of the call); n: not allowed; s: asked to sign in; h: there is no such
thing for them; -: no such method for them (a method that a superuser has not is left out).
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.db import transaction
from django.template.response import SimpleTemplateResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from backoffice.adminkit.site import ConsoleSite
from backoffice.models import User
from tests.api.callers import CALLERS
from tests.api.worlds import World, make_world

TABLE = Path(__file__).with_name("role_matrix.json")
WHO = (*CALLERS, "superuser")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Django's own admin pages know these two; whatever else arrives they take for the first.
OF_PAGES = ("GET", "POST")
LETTERS = {401: "s", 403: "n", 404: "h", 405: "-"}
SIGN_IN = ("/admin/login/", "/accounts/login/")
# Files, tools of development, and what answers whatever nobody else did.
NOT_OURS = ("media/", "static/", "__debug__/", "admin/(?P<url>", "admin/r/")
ARGUMENT = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>|\(\?P<(?P<group>\w+)>[^)]*\)")


def addresses(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern).lstrip("^")
        if isinstance(entry, URLResolver):
            yield from addresses(entry, path)
        elif not path.startswith(NOT_OURS):
            yield path.removesuffix("$").removesuffix("\\Z"), entry


def filled(path: str, pattern: URLPattern, world: World) -> str:
    """Return the address of something that exists, as far as we know something."""
    model = next(
        (m for m in admin.site._registry if (pattern.name or "").startswith(_stem(m))), None
    )
    words = path.split("/")

    def value(found: re.Match[str]) -> str:
        name = found["name"] or found["group"]
        place = next(i for i, word in enumerate(words) if found[0] in word)
        before = words[place - 1]
        known = (
            world.known.get(f"{before}:{name}") or world.known.get(before) or world.known.get(name)
        )
        if name == "object_id" and model is not None:
            return _first(model._default_manager)
        if name == "history_id" and hasattr(model, "history"):
            return _first(model.history)
        if known and not path.startswith("admin/"):
            return known[0]
        return {"uuid": str(uuid4()), "int": "0", "app_label": "catalog"}.get(
            found["kind"] or name, "sample"
        )

    return "/" + ARGUMENT.sub(value, path).replace("\\.", ".").replace("\\", "")


def _first(rows: Any) -> str:
    """Return the oldest row's key, or one that no row has: numbers differ from run to run."""
    return str(rows.order_by("pk").values_list("pk", flat=True).first() or 0)


def _stem(model: Any) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}_"


@pytest.fixture
def world(db) -> World:
    world = make_world()
    world.users["superuser"] = User.objects.create_superuser("root@example.com", "a-good-password")
    return world


@pytest.fixture
def bare(monkeypatch) -> Iterator[None]:
    """Pages without their looks and their navigation: only the door is tried."""
    monkeypatch.setattr(ConsoleSite, "each_context", lambda site, request: {})
    monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", "")
    # Thousands of refusals are what is wanted here; nobody reads a line for each.
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def letter(response: Any) -> str:
    if response.status_code in {301, 302, 303} and response["Location"].startswith(SIGN_IN):
        return "s"
    return LETTERS.get(response.status_code, "i")


@pytest.mark.postgres  # who may is asked of no database in particular: walked once
@pytest.mark.row("O6")
@pytest.mark.row("I3")
def test_who_gets_past_every_door_is_what_the_table_says(world, bare):
    clients = {name: Client(raise_request_exception=False) for name in WHO}
    cookies: dict[str, SimpleCookie] = {}
    for name, user in world.users.items():
        clients[name].force_login(user)
    for name, client in clients.items():
        cookies[name] = client.cookies.copy()
    found: dict[str, str] = {}
    broken = []

    wanted = re.compile(os.environ.get("UPDATE_ROLE_MATRIX", ""))
    for path, pattern in addresses():
        if not wanted.search(path):
            continue
        address = filled(path, pattern, world)
        is_api = path.startswith("api/")
        methods = METHODS if is_api else OF_PAGES
        body = ("{}", "application/json") if is_api else ("", "application/x-www-form-urlencoded")
        for method in methods:
            letters = {}
            # What the superuser has no method for, nobody has: nobody else is asked.
            for name in reversed(WHO):
                client = clients[name]
                client.cookies = cookies[name].copy()
                with undone():
                    response = client.generic(method, address, *body)
                    transaction.set_rollback(True)
                if response.status_code >= 500:
                    broken.append((method, address, name, response.status_code))
                letters[name] = letter(response)
                if letters["superuser"] == "-":
                    break
            else:
                found[f"{method} /{path}"] = "".join(letters[name] for name in WHO)

    if wanted.pattern:
        kept = json.loads(TABLE.read_text())["doors"]
        others = {f"/{path}" for path, _pattern in addresses() if not wanted.search(path)}
        kept = {door: said for door, said in kept.items() if door.partition(" ")[2] in others}
        found = {**kept, **found}
        TABLE.write_text(json.dumps({"who": WHO, "doors": found}, indent=0, sort_keys=True) + "\n")
    assert broken == []
    table = json.loads(TABLE.read_text())
    assert table["who"] == list(WHO)
    assert differing(table["doors"], found) == {}


def differing(told: dict[str, str], found: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Return only the doors that are not as the table says, with what it says and what is."""
    return {
        door: (told.get(door, "no such door"), found.get(door, "no such door"))
        for door in sorted(told.keys() | found.keys())
        if told.get(door) != found.get(door)
    }


def undone() -> transaction.Atomic:
    block = transaction.atomic()
    block._from_testcase = True
    return block


def test_nobody_gets_into_the_console_but_the_house():
    doors = json.loads(TABLE.read_text())["doors"]

    open_to_strangers = {
        door
        for door, letters in doors.items()
        if " /admin/" in door and "i" in letters[: WHO.index("support")]
    }

    assert open_to_strangers <= {
        f"{method} /admin/{page}/" for method in OF_PAGES for page in ("login", "logout")
    }
