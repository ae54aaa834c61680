"""A record with a bit of everything in it, and tools to forge it as the tables' owner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from backoffice import changes, sealed
from backoffice.models import AuditEvent
from tests.forging import past_the_guard
from tests.samples import make_one_of_everything


@pytest.fixture
def everything(db) -> None:
    make_one_of_everything()


def note(kind: str = "noted", **detail: object) -> AuditEvent:
    """Record an event in a change set of its own."""
    with changes.change(action="notes", separate=True):
        return AuditEvent.record(kind, **detail)


@contextmanager
def unprotected() -> Iterator[Callable[..., int]]:
    """Forge as the owner does: triggers off, plain SQL, triggers on again."""

    def run(sql: str, *parameters: object) -> int:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.rowcount

    connection.check_constraints()
    sealed.uninstall()
    try:
        with past_the_guard():
            yield run
    finally:
        if not connection.needs_rollback:
            connection.check_constraints()
            sealed.install()
