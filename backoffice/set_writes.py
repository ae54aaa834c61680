"""Audited rows by INSERT … SELECT and UPDATE … FROM: each leaves one history row, like any other.

`backoffice.history` writes rows that Python holds; here the database holds them already. Sources
are SQL of our own, made from identifiers of models; values travel as parameters or stand in tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, models

from backoffice import changes
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
    over the source. ids: a query of `id` and `step` that finds the new rows, where `values` has no
    primary key.
    Atomic: inside the caller's transaction.
    """
    changes.require()
    quote = connection.ops.quote_name
    columns = ", ".join(map(quote, values))
    made = _run(
        f"INSERT INTO {quote(model._meta.db_table)} ({columns}) "
        f"SELECT {', '.join(values.values())} {source}",
        params,
    )
    if not ids:
        ids = f"SELECT {values[str(model._meta.pk.column)]} AS id, {step} AS step {source}"
    snapshot_from(model, ids, params, history_type="+")
    return made


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
    written = _run(
        f"UPDATE {table} SET {', '.join(parts)} FROM ({source}) x WHERE {table}.id = x.id",
        [*more, *params],
    )
    ids = f"SELECT y.id AS id, '' AS step FROM ({source}) y"
    snapshot_from(model, ids, params, history_type="~")
    return written


def delete_from(model: type[models.Model], ids: str, params: Sequence[Any] = ()) -> int:
    """Delete audited rows that nothing refers to, with a history row each; return how many.

    ids: a query of `id`.
    """
    table = connection.ops.quote_name(model._meta.db_table)
    snapshot_from(model, f"SELECT z.id AS id, '' AS step FROM ({ids}) z", params, history_type="-")
    return _run(f"DELETE FROM {table} WHERE id IN ({ids})", params)


def snapshot_from(
    model: type[models.Model], ids: str, params: Sequence[Any] = (), *, history_type: str
) -> int:
    """Write one history row for each row that a query names, as it stands in the table.

    ids: a query of `id` and `step`.
    """
    change_set = changes.require()
    history_model = model.history.model  # type: ignore[attr-defined]
    quote = connection.ops.quote_name
    tracked = [quote(str(f.column)) for f in history_model.tracked_fields]
    columns = [
        *tracked,
        *map(quote, ("history_date", "history_type", "history_user_id", "change_set_id", "step")),
    ]
    written = _run(
        f"INSERT INTO {quote(history_model._meta.db_table)} ({', '.join(columns)}) "
        f"SELECT {', '.join(f'm.{column}' for column in tracked)}, %s, %s, %s, %s, w.step "
        f"FROM {quote(model._meta.db_table)} m JOIN ({ids}) w ON w.id = m.id",
        [
            _moment(),
            history_type,
            _adapted(history_model, "history_user_id", change_set.actor_id),
            change_set.pk,
            *params,
        ],
    )
    if written:
        history_written.send(sender=model, ids=None)
    return written


def _moment() -> Any:
    return connection.ops.adapt_datetimefield_value(changes.moment())


def _adapted(model: type[models.Model], name: str, value: Any) -> Any:
    return model._meta.get_field(name).get_db_prep_value(value, connection)


def _run(statement: str, params: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(params))
        return int(cursor.rowcount)
