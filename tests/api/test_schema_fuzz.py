"""Thousands of calls that the document allows, and that it forbids, by everybody.

No call is answered with a 5xx, or otherwise than the document says; none shows what is somebody
else's; none writes what only the system sets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, transaction
from hypothesis import strategies as st
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.generation import GenerationMode

from backoffice.models import User
from tests.api.callers import CALLERS, tokens_of
from tests.api.worlds import CATALOGUE, PROTECTED, STATES, World, make_world, values_of

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
CASES, CASES_DEEP = 2_200, 20_000
# Who may do most is tried more often, with what the document allows: refusals come by themselves.
BUSY = ("customer", "merchandiser", "merchandiser", "manager", "manager")
MODES = (GenerationMode.POSITIVE, GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
SAFE = {"GET", "HEAD", "OPTIONS"}
MOVES = ("/steps/", "/imports/", "/cancel/", "/pay", "/checkout/", "/carts/")


@pytest.fixture
def world(db) -> World:
    return make_world()


@pytest.fixture
def door() -> Iterator[WSGIHandler]:
    """Return the site as a server sees it, on the test's own connection."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield WSGIHandler()
    for signal in signals:
        signal.connect(close_old_connections)


def filled(case: Any, world: World, draw: Any) -> Any:
    """Let most calls be about something that exists."""
    words = case.path.strip("/").split("/")
    for name in list(case.path_parameters or {}):
        before = words[words.index(f"{{{name}}}") - 1]
        known = world.known.get(before) or world.known.get(name)
        if known and draw(st.integers(0, 4)):
            case.path_parameters[name] = draw(st.sampled_from(known))
    if isinstance(case.body, dict):
        for name in case.body:
            if name in world.known and draw(st.integers(0, 2)):
                case.body[name] = draw(st.sampled_from(world.known[name]))
    if "If-Match" in (case.headers or {}) and draw(st.integers(0, 3)):
        case.headers["If-Match"] = draw(st.sampled_from(["*", '"1"', 'W/"2"']))
    return case


@st.composite
def calls(draw: Any, operation: Any, world: World) -> tuple[str, Any]:
    caller = draw(st.sampled_from((*CALLERS, *BUSY)))
    mode = draw(st.sampled_from(MODES))
    case = draw(operation.as_strategy(generation_mode=mode))
    return caller, filled(case, world, draw)


def undone() -> transaction.Atomic:
    """Return a savepoint that verbs take for the outermost transaction, as a test's own."""
    block = transaction.atomic()
    block._from_testcase = True
    return block


@pytest.mark.row("T1")
@pytest.mark.row("O6")
def test_every_call_by_everybody_is_answered_as_the_document_says(world, door, settings):
    settings.MEDIA_ROOT = settings.MEDIA_ROOT / "fuzz"
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", door)
    operations = [found.ok() for found in schema.get_all_operations()]
    is_deep = hypothesis.settings().max_examples > 100
    # The same doors over another database: there a look is enough.
    is_whole = is_deep or connection.vendor == "postgresql"
    wanted = CASES_DEEP if is_deep else CASES if is_whole else CASES // 4
    each = -(-wanted // len(operations))
    keys = tokens_of(world.users)
    tried: Counter[str] = Counter()
    statuses: Counter[int] = Counter()
    done: set[str] = set()

    for operation in operations:

        @hypothesis.settings(
            max_examples=each,
            derandomize=not is_deep,
            database=None,
            deadline=None,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.generate],
        )
        @hypothesis.given(call=calls(operation, world))
        def try_it(call: tuple[str, Any]) -> None:
            caller, case = call
            tried[caller] += 1
            with undone():
                before = snapshot(case)
                response = case.call(headers=keys[caller])
                statuses[response.status_code // 100] += 1
                if response.status_code < 300:
                    done.add(case.operation.label)
                case.validate_response(response, checks=CHECKS, headers=keys[caller])
                text = response.text.replace(world.address_of(caller), "")
                for word in world.secrets_from(caller):
                    assert word not in text, (caller, word, case.as_curl_command())
                if before is not None:
                    nothing_protected_moved(before, caller, case, world)
                transaction.set_rollback(True)

        try_it()

    said = f"{sum(tried.values())} calls to {len(operations)} operations: {dict(statuses)}"
    print(said, "never done:", sorted({o.label for o in operations} - done))  # noqa: T201
    assert sum(tried.values()) >= wanted * 0.95
    assert set(tried) == set(CALLERS)
    # Refusing everything would be no proof.
    # A step is done by few, on an order in few states; what it does has tests of its own.
    plain = [found for found in operations if "/steps/" not in found.path]
    assert not is_whole or len(done) > len(plain) * 0.6, said


def snapshot(case: Any) -> Any:
    if case.method.upper() in SAFE:
        return None
    return [values_of(table) for table in (PROTECTED, STATES, CATALOGUE)]


def nothing_protected_moved(before: Any, caller: str, case: Any, world: World) -> None:
    curl = (caller, case.as_curl_command())
    protected, states, catalogue = before
    now = values_of(PROTECTED)
    assert {key: now.get(key) for key in protected} == protected, curl
    assert not User.objects.filter(is_staff=True).exclude(
        pk__in=[pk for name, pk in protected if name == "User"]
    ), curl
    if not any(word in case.path for word in MOVES):
        now = values_of(STATES)
        assert {key: now.get(key) for key in states} == states, curl
    user = world.users.get(caller)
    writes_catalogue = user is not None and any(
        user.has_perm(f"catalog.{name}")
        for name in ("change_product", "adjust_stock_product", "add_category")
    )
    if not writes_catalogue:
        assert values_of(CATALOGUE) == catalogue, curl
