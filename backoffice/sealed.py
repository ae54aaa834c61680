"""Append-only tables: one registry, and the triggers on both databases that keep its promise.

A model registered here refuses UPDATE, DELETE and TRUNCATE in the database itself, whoever asks.
`erasable` columns (personal data) may be blanked once, together with setting `erased_at`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db import connection, models, transaction

# Writers of sealed tables hold it shared until they commit; whoever closes a range takes it alone.
INSERT_GATE = int.from_bytes(hashlib.sha256(b"backoffice.insert_gate").digest()[:4], "big")

MAX_NAME_BYTES = 63  # of an identifier in PostgreSQL

M = TypeVar("M", bound=type[models.Model])


@dataclass(frozen=True)
class Seal:
    """One append-only table. is_chained: its rows are hashed into the chain of seals."""

    model: type[models.Model]
    erasable: tuple[str, ...]
    is_chained: bool = True

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def frozen_columns(self) -> list[str]:
        loose = {*self.erasable, "erased_at"} if self.erasable else set()
        fields = self.model._meta.concrete_fields
        return [str(f.column) for f in fields if f.name not in loose]

    @property
    def erasable_columns(self) -> list[str]:
        fields = self.model._meta.concrete_fields
        return [str(f.column) for f in fields if f.name in self.erasable]

    @property
    def trigger_names(self) -> list[str]:
        kinds = ["update", "delete"]
        if connection.vendor == "postgresql":
            kinds += ["truncate", "gate"]
        return [_name(f"sealed_{kind}", self.table) for kind in kinds]


_registry: dict[type[models.Model], Seal] = {}


def sealed(*, erasable: Sequence[str] = (), is_chained: bool = True) -> Any:
    """Class decorator: rows of this model are written once; `erasable` fields may be blanked.

    is_chained=False: append-only, but no seal covers it (the seals' own tables).
    """

    def register(model: M) -> M:
        _registry[model] = Seal(model, tuple(erasable), is_chained)
        return model

    return register


def registry() -> Iterable[Seal]:
    return _registry.values()


def install() -> None:
    """Create or renew every trigger, and drop those of tables that are sealed no longer.

    SQLite drops them at each remake of a table.
    """
    drop_strays()
    with transaction.atomic(), connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        for seal in _registry.values():
            if seal.table in existing:
                for statement in _statements(seal):
                    cursor.execute(statement)


def drop_strays() -> None:
    """Drop the triggers of tables that are sealed no longer."""
    sealed_tables = {seal.table for seal in _registry.values()}
    with transaction.atomic(), connection.cursor() as cursor:
        for trigger, table in _installed(cursor):
            if trigger.startswith("sealed_") and table not in sealed_tables:
                cursor.execute(_drop(trigger, table))


def uninstall() -> None:
    """Drop every trigger: only the test suite's flush and `history.lifted` have a reason to."""
    with transaction.atomic(), connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        for seal in _registry.values():
            if seal.table in existing:
                for statement in _drops(seal):
                    cursor.execute(statement)


@contextmanager
def deleting(table: str) -> Iterator[None]:
    """Let rows of one sealed table go, inside the open transaction; by the owner's role only.

    Whoever uses it has recorded which rows, and why, before.
    """
    entry = next(seal for seal in _registry.values() if seal.table == table)
    trigger = next(n for n in entry.trigger_names if n == _name("sealed_delete", table))
    quote = connection.ops.quote_name
    # Rows of this very transaction may wait for their keys to be checked: PostgreSQL alters no
    # table with such.
    connection.check_constraints()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE {quote(table)} DISABLE TRIGGER {quote(trigger)}")
            yield
            connection.check_constraints()
            cursor.execute(f"ALTER TABLE {quote(table)} ENABLE TRIGGER {quote(trigger)}")
            return
        cursor.execute(_drop(trigger, table))
        yield
        for statement in _statements(entry):
            cursor.execute(statement)


def missing() -> list[str]:
    """Return the names of triggers that should be there and are not (or are disabled)."""
    with connection.cursor() as cursor:
        installed = {trigger for trigger, _table in _installed(cursor)}
        existing = set(connection.introspection.table_names(cursor))
    return [
        name
        for seal in _registry.values()
        if seal.table in existing
        for name in seal.trigger_names
        if name not in installed
    ]


def _installed(cursor: Any) -> list[tuple[str, str]]:
    """Return the enabled triggers of this database, each with its table."""
    cursor.execute(
        "SELECT tgname, c.relname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid "
        "WHERE NOT tgisinternal AND tgenabled <> 'D'"
        if connection.vendor == "postgresql"
        else "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
    )
    return list(cursor.fetchall())


def require_installed() -> None:
    """Refuse to serve without the triggers. An empty database is left to `migrate`."""
    if gone := missing():
        raise ImproperlyConfigured(
            f"The protection of {len(gone)} sealed tables is missing ({gone[0]}, …). "
            "Run `manage.py migrate --skip-checks`, which installs it again."
        )


def _name(prefix: str, table: str) -> str:
    """Return a trigger name that PostgreSQL does not cut."""
    name = f"{prefix}_{table}"
    if len(name) <= MAX_NAME_BYTES:
        return name
    return f"{name[:54]}_{hashlib.sha256(table.encode()).hexdigest()[:8]}"


def _conditions(seal: Seal, differs: str) -> tuple[str, str]:
    """Return two SQL conditions over OLD and NEW: a frozen column differs; an erasure is unfit."""
    quote = connection.ops.quote_name

    def changed(column: str) -> str:
        return f"OLD.{quote(column)} {differs} NEW.{quote(column)}"

    frozen = " OR ".join(changed(c) for c in seal.frozen_columns)
    if not seal.erasable:
        return frozen, ""
    blank = " AND ".join(
        f"(NEW.{quote(c)} IS NULL OR CAST(NEW.{quote(c)} AS text) = '')"
        for c in seal.erasable_columns
    )
    unfit = f"NOT (OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND {blank})"
    return frozen, unfit


def _drops(seal: Seal) -> list[str]:
    return [_drop(name, seal.table) for name in seal.trigger_names]


def _drop(trigger: str, table: str) -> str:
    quote = connection.ops.quote_name
    on = f" ON {quote(table)}" if connection.vendor == "postgresql" else ""
    return f"DROP TRIGGER IF EXISTS {quote(trigger)}{on}"


def _statements(seal: Seal) -> list[str]:
    if connection.vendor == "postgresql":
        return _drops(seal) + _postgresql(seal)
    return _drops(seal) + _sqlite(seal)


def _sqlite(seal: Seal) -> list[str]:
    quote = connection.ops.quote_name
    frozen, unfit = _conditions(seal, "IS NOT")
    when = f"({frozen}) OR ({unfit})" if unfit else frozen
    update, delete = seal.trigger_names
    table = quote(seal.table)
    refuse = "BEGIN SELECT RAISE(ABORT, 'append-only table: {what} is refused'); END"
    return [
        f"CREATE TRIGGER {quote(update)} BEFORE UPDATE ON {table} FOR EACH ROW "
        f"WHEN {when} " + refuse.format(what="update"),
        f"CREATE TRIGGER {quote(delete)} BEFORE DELETE ON {table} FOR EACH ROW "
        + refuse.format(what="delete"),
    ]


def _postgresql(seal: Seal) -> list[str]:
    quote = connection.ops.quote_name
    frozen, unfit = _conditions(seal, "IS DISTINCT FROM")
    when = f"({frozen}) OR ({unfit})" if unfit else frozen
    update, delete, truncate, gate = seal.trigger_names
    table = quote(seal.table)
    return [
        # ERRCODE 23000 arrives in Python as IntegrityError, as on SQLite.
        "CREATE OR REPLACE FUNCTION sealed_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'append-only table: % is refused on %', lower(TG_OP), TG_TABLE_NAME "
        "USING ERRCODE = '23000'; END $$",
        "CREATE OR REPLACE FUNCTION sealed_gate() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN PERFORM pg_advisory_xact_lock_shared({INSERT_GATE}); RETURN NULL; END $$",
        f"CREATE TRIGGER {quote(update)} BEFORE UPDATE ON {table} FOR EACH ROW "
        f"WHEN ({when}) EXECUTE FUNCTION sealed_refuse()",
        f"CREATE TRIGGER {quote(delete)} BEFORE DELETE ON {table} FOR EACH ROW "
        "EXECUTE FUNCTION sealed_refuse()",
        f"CREATE TRIGGER {quote(truncate)} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
        "EXECUTE FUNCTION sealed_refuse()",
        f"CREATE TRIGGER {quote(gate)} BEFORE INSERT ON {table} FOR EACH STATEMENT "
        "EXECUTE FUNCTION sealed_gate()",
    ]
