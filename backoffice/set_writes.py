"""Audited rows by INSERT … SELECT and UPDATE … FROM: each leaves one history row, like any other.

`backoffice.history` writes rows that Python holds; here the database holds them already. Sources
are SQL of our own, made from identifiers of models; values travel as parameters or stand in tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from django.db import connection, models

from backoffice import changes, history
from backoffice.signals import history_written


def insert_from(
    model: type[models.Model],
    values: Mapping[str, str],
    source: str,
    params: Sequence[Any] = (),
    *,
    step: str = "''",
    ids: str = "",
) -> int:
    """Insert audited rows from a query, with a history row each; return how many.

    values: column → SQL over the source. source: FROM … WHERE …. step: SQL of the history's step,
    over the row `m` as it was made. ids: a query of `id` that finds the new rows, where `values`
    has no primary key: for databases whose INSERT cannot hand on what it made.
    Atomic: inside the caller's transaction.
    """
    changes.require()
    quote = connection.ops.quote_name
    made = (
        f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(map(quote, values))}) "
        f"SELECT {', '.join(values.values())} {source}"
    )
    if connection.vendor == "postgresql":
        return _snapshot_of(model, made, params, history_type="+", step=step)
    written = _run(made, params)
    own = values.get(str(model._meta.pk.column))
    snapshot_from(model, ids or f"SELECT {own} AS id {source}", params, history_type="+", step=step)
    return written


def update_from(
    model: type[models.Model],
    columns: Sequence[str],
    source: str,
    params: Sequence[Any] = (),
) -> int:
    """Overwrite columns of audited rows from a query, with a history row each; return how many.

    source: a query of `id` and the columns under their names; each id once. Every row that it
    names is written: what differs is the caller's to say. Version and time of the row move.
    Atomic: inside the caller's transaction, which holds the rows' locks.
    """
    changes.require()
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    names = {f.name: str(f.column) for f in model._meta.concrete_fields}
    parts = [f"{quote(column)} = x.{quote(column)}" for column in columns]
    more: list[Any] = []
    if "version" in names:
        parts.append(f"{quote(names['version'])} = {table}.{quote(names['version'])} + 1")
    if "updated_at" in names:
        parts.append(f"{quote(names['updated_at'])} = %s")
        more.append(_moment())
    written = f"UPDATE {table} SET {', '.join(parts)} FROM ({source}) x WHERE {table}.id = x.id"
    if connection.vendor == "postgresql":
        return _snapshot_of(model, written, [*more, *params], history_type="~")
    count = _run(written, [*more, *params])
    ids = f"SELECT y.id AS id FROM ({source}) y"
    snapshot_from(model, ids, params, history_type="~")
    return count


def delete_from(model: type[models.Model], ids: str, params: Sequence[Any] = ()) -> int:
    """Delete audited rows that nothing refers to, with a history row each; return how many.

    ids: a query of `id`.
    """
    table = connection.ops.quote_name(model._meta.db_table)
    snapshot_from(model, ids, params, history_type="-")
    return _run(f"DELETE FROM {table} WHERE id IN ({ids})", params)


def snapshot_from(
    model: type[models.Model],
    ids: str,
    params: Sequence[Any] = (),
    *,
    history_type: str,
    step: str = "''",
) -> int:
    """Write one history row for each row that a query names, as it stands in the table.

    ids: a query of `id`. step: SQL over the row `m`.
    """
    table = connection.ops.quote_name(model._meta.db_table)
    rows = f"{table} m JOIN ({ids}) w ON w.id = m.id"
    return _snapshot(model, rows, params, history_type=history_type, step=step)


def _snapshot_of(
    model: type[models.Model],
    writing: str,
    params: Sequence[Any],
    *,
    history_type: str,
    step: str = "''",
) -> int:
    """Run a statement that writes rows, and write their history in the same one."""
    table = connection.ops.quote_name(model._meta.db_table)
    returned = ", ".join(f"{table}.{column}" for column in _tracked(model))
    return _snapshot(
        model, "m", params, history_type=history_type, step=step,
        before=f"WITH m AS ({writing} RETURNING {returned}) ",
    )  # fmt: skip


def _snapshot(
    model: type[models.Model],
    rows: str,
    params: Sequence[Any],
    *,
    history_type: str,
    step: str,
    before: str = "",
) -> int:
    """Write history of the rows `m`. before: what stands before the statement, with `params`."""
    change_set = changes.require()
    history_model = model.history.model  # type: ignore[attr-defined]
    quote = connection.ops.quote_name
    tracked = _tracked(model)
    columns = [
        *tracked,
        *map(quote, ("history_date", "history_type", "history_user_id", "change_set_id", "step")),
    ]
    own = [
        _moment(),
        history_type,
        _adapted(history_model, "history_user_id", change_set.actor_id),
        change_set.pk,
    ]
    written = _run(
        f"{before}INSERT INTO {quote(history_model._meta.db_table)} ({', '.join(columns)}) "
        f"SELECT {', '.join(f'm.{column}' for column in tracked)}, %s, %s, %s, %s, {step} "
        f"FROM {rows}",
        [*params, *own] if before else [*own, *params],
    )
    if written:
        history_written.send(sender=model, ids=None)
    return written


def _tracked(model: type[models.Model]) -> list[str]:
    return [connection.ops.quote_name(str(f.column)) for f in history.tracked_fields(model)]


def recording() -> AbstractContextManager[None]:
    """Mark a service's own statement that writes facts (append-only rows) set by set."""
    return history.writing()


def _moment() -> Any:
    return connection.ops.adapt_datetimefield_value(changes.moment())


def _adapted(model: type[models.Model], name: str, value: Any) -> Any:
    return model._meta.get_field(name).get_db_prep_value(value, connection)


def _run(statement: str, params: Sequence[Any]) -> int:
    with history.writing(), connection.cursor() as cursor:
        cursor.execute(statement, list(params))
        return int(cursor.rowcount)
