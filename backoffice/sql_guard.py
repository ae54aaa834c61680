"""Refuses statements that would write to the record past its writers: in tests and development.

`GuardedQuerySet` refuses what would leave no history; this one looks at the SQL itself, so raw
statements and querysets of another class do not pass either. It is not there in production: the
triggers of sealed tables are, and `audit reconcile` finds what was written past the audited ones.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.backends.signals import connection_created

from backoffice import history, sealed
from backoffice.changes import UnauditedWrite
from backoffice.sql_targets import Target, targets

COMPILER = "django.db.models.sql.compiler"
MIGRATIONS = "django.db.migrations.executor"


def install() -> None:
    """Watch every connection that opens from now on, where the settings ask for it."""
    if settings.GUARD_SQL_WRITES:
        connection_created.connect(_watch, dispatch_uid="backoffice.sql_guard")


def _watch(connection: Any, **_: Any) -> None:
    if guard not in connection.execute_wrappers:
        connection.execute_wrappers.append(guard)


def guard(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    """Run a statement, unless it writes to a table of the record and no writer of ours sent it."""
    text = sql if isinstance(sql, str) else _as_text(sql, context)
    for target in targets(text):
        _require_writer(target)
    return execute(sql, params, many, context)


def _as_text(sql: Any, context: dict[str, Any]) -> str:
    """Return composed SQL (psycopg2.sql) and bytes as text."""
    if isinstance(sql, bytes):
        return sql.decode(errors="replace")
    return str(sql.as_string(context["cursor"].cursor))


def _require_writer(target: Target) -> None:
    audited, history_tables, append_only = _tables()
    table = target.table
    if table not in audited and table not in append_only:
        return
    if history.is_open() or _is_called_from(MIGRATIONS):
        return
    if table in append_only and target.verb == "INSERT":
        # Facts are written by their services through the ORM; history by `backoffice.history`.
        if table not in history_tables and _is_called_from(COMPILER):
            return
        raise UnauditedWrite(
            f"A raw INSERT into {table} would forge the record; use the service that writes it."
        )
    if table in append_only:
        raise UnauditedWrite(f"{target.verb} on {table}: what was recorded is never changed.")
    raise UnauditedWrite(
        f"{target.verb} on {table} would leave no history; use a service, or "
        "backoffice.history and backoffice.set_writes for many rows."
    )


@cache
def _tables() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return the names of audited tables, of histories, and of all append-only tables."""
    audited = [m for m in apps.get_models() if hasattr(m, "history") and not m._meta.proxy]
    return (
        frozenset(m._meta.db_table.lower() for m in audited),
        frozenset(m.history.model._meta.db_table.lower() for m in audited),
        frozenset(entry.table.lower() for entry in sealed.registry()),
    )


def _is_called_from(module: str) -> bool:
    """True when a function of this module is under way."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__") == module:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
