"""What the two databases say differently about a staged row, each in one place.

Identifiers come from models (`name`), values travel as parameters; nothing else enters SQL text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection, models

# Of PostgreSQL: hundreds of rows that it looks at to tell what a column is like.
STAGING_SAMPLE = 30
# Of PostgreSQL, for a sort or a join.
WORK_MEMORY = "64MB"

# What `str.strip` takes off, so that the database strips alike.
BLANKS = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())


def is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def name(identifier: str) -> str:
    return connection.ops.quote_name(identifier)


def table(model: type[models.Model]) -> str:
    return name(model._meta.db_table)


def literal(text: str) -> str:
    """Return text as SQL that may stand in a statement with parameters."""
    quoted = text.replace("'", "''").replace("%", "%%")
    return f"'{quoted}'"


def cell(place: int) -> str:
    """Return the text of a cell of the staged row `r`; NULL where the file says nothing."""
    if is_postgresql():
        return f"(r.cells->>{place})"
    return f"json_extract(r.cells, '$[{place}]')"


def differs(one: str, other: str) -> str:
    return f"({one} {'IS DISTINCT FROM' if is_postgresql() else 'IS NOT'} {other})"


def canonical(stored: str) -> str:
    """Return stored text as `parse.canonical` would write it."""
    if is_postgresql():
        lines = f"replace(replace({stored}, E'\\r\\n', E'\\n'), E'\\r', E'\\n')"
        return f"btrim({lines}, {_blanks()})"
    lines = f"replace(replace({stored}, char(13, 10), char(10)), char(13), char(10))"
    return f"trim({lines}, {_blanks()})"


@lru_cache(maxsize=1)
def _blanks() -> str:
    if is_postgresql():
        return "E'" + "".join(f"\\u{ord(char):04x}" for char in BLANKS) + "'"
    return f"char({', '.join(str(ord(char)) for char in BLANKS)})"


def as_money(text: str) -> str:
    kind = "numeric(14, 2)" if is_postgresql() else "NUMERIC"
    return f"CAST(NULLIF({text}, '') AS {kind})"


def as_whole(text: str) -> str:
    return f"CAST(NULLIF({text}, '') AS bigint)"


def as_moment(text: str) -> str:
    if is_postgresql():
        return f"CAST(NULLIF({text}, '') || '+00' AS timestamptz)"
    return f"NULLIF({text}, '')"


def as_json(text: str) -> str:
    return f"CAST({text} AS jsonb)" if is_postgresql() else text


def money_text(stored: str) -> str:
    if is_postgresql():
        return f"COALESCE(CAST({stored} AS numeric(14, 2))::text, '')"
    return f"CASE WHEN {stored} IS NULL THEN '' ELSE printf('%%.2f', {stored}) END"


def plain_text(stored: str) -> str:
    return f"COALESCE(CAST({stored} AS text), '')"


def moment_text(stored: str) -> str:
    if is_postgresql():
        written = f"to_char({stored} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')"
    else:
        written = f"substr({stored}, 1, 19)"
    return f"COALESCE({written}, '')"


def json_text(stored: str) -> str:
    """Return a JSON column as text whose keys are in one order."""
    return f"CAST({stored} AS text)" if is_postgresql() else f"sorted_json({stored})"


def json_differs(stored: str, text: str) -> str:
    if is_postgresql():
        return differs(stored, as_json(text))
    return differs(f"sorted_json({stored})", text)


def changes_of(pairs: Mapping[str, tuple[str, str, str]]) -> str:
    """Return JSON of what differs. pairs: column → condition, old text, new text."""
    if not pairs:
        return as_json("NULL")
    if is_postgresql():
        parts = ", ".join(
            f"{literal(column)}, CASE WHEN {condition} THEN jsonb_build_array({old}, {new}) END"
            for column, (condition, old, new) in pairs.items()
        )
        return f"jsonb_strip_nulls(jsonb_build_object({parts}))"
    parts = ", ".join(
        f"{literal(column)}, json(CASE WHEN {condition} THEN json_array({old}, {new}) END)"
        for column, (condition, old, new) in pairs.items()
    )
    return f"json_patch('{{}}', json_object({parts}))"


def has_change(column: str) -> str:
    """Return whether the plan `p` changes a column."""
    if is_postgresql():
        return f"jsonb_exists(p.changes, {literal(column)})"
    return f"(json_type(p.changes, {literal(f'$.{column}')}) IS NOT NULL)"


def old_text(column: str) -> str:
    """Return the text that the plan `p` showed as the present one."""
    if is_postgresql():
        return f"(p.changes->{literal(column)}->>0)"
    return f"json_extract(p.changes, {literal(f'$.{column}[0]')})"


def joined_keys(key: str) -> str:
    """Return an aggregate: the keys of a group, as they are ordered, parted by commas."""
    return f"string_agg(CAST({key} AS text), ',')" if is_postgresql() else f"group_concat({key})"


def each_key(keys: str, alias: str) -> str:
    """Return a join that makes one row of each key in a text; the key is `alias.value`."""
    if is_postgresql():
        split = f"unnest(CAST(string_to_array({keys}, ',') AS bigint[]))"
        return f" CROSS JOIN LATERAL {split} AS {alias}(value)"
    return f", json_each('[' || {keys} || ']') AS {alias}"


def moment(at: datetime) -> str:
    """Return a point in time as SQL."""
    if is_postgresql():
        return f"CAST({literal(at.isoformat())} AS timestamptz)"
    return literal(str(connection.ops.adapt_datetimefield_value(at)))


def stored(field: models.Field[Any, Any], value: Any) -> str:
    """Return a value of our own as SQL of what a field stores."""
    if value is None:
        return "NULL"
    is_json = isinstance(field, models.JSONField)
    kept = json.dumps(value) if is_json else field.get_db_prep_save(value, connection)
    if isinstance(kept, bool | int):
        kept = int(kept)
    if is_postgresql():
        return f"CAST({literal(str(kept))} AS {field.cast_db_type(connection)})"
    is_number = isinstance(kept, int) or isinstance(field, models.DecimalField)
    return f"CAST({literal(str(kept))} AS NUMERIC)" if is_number else literal(str(kept))


def new_text(column: str) -> str:
    """Return the text that the plan `p` will write."""
    if is_postgresql():
        return f"(p.changes->{literal(column)}->>1)"
    return f"json_extract(p.changes, {literal(f'$.{column}[1]')})"


def any_of(condition: str) -> str:
    """Return an aggregate: whether the condition holds for any row."""
    return f"bool_or({condition})" if is_postgresql() else f"max({condition})"


def uuid7(milliseconds: int) -> str:
    """Return an expression that makes a UUID of version 7 (RFC 9562, 5.7) for each row.

    It names a row and is no secret: PostgreSQL's own generator is a third of the time of
    `gen_random_uuid`, which is most of what a new row's columns cost.
    """
    stamp = f"{milliseconds:012x}"
    if is_postgresql():
        version = "to_hex(CAST(28672 + trunc(random() * 4096) AS int))"  # 7000 to 7fff
        variant = "to_hex(CAST(2147483648 + trunc(random() * 1073741824) AS bigint))"  # 8… to b…
        rest = "lpad(to_hex(CAST(trunc(random() * 4294967296) AS bigint)), 8, '0')"
        return f"CAST('{stamp}' || {version} || {variant} || {rest} AS uuid)"
    return (
        f"('{stamp}7' || substr(lower(hex(randomblob(2))), 2) || "
        "substr('89ab', 1 + abs(random() %% 4), 1) || substr(lower(hex(randomblob(8))), 2))"
    )


def analyze(model: type[models.Model], columns: Sequence[str] = ()) -> None:
    """Tell the planner about a freshly filled table: without it a join can take minutes.

    columns: those that joins and conditions name, where the others are wide; of a table that lives
    as short as a run a small sample will do.
    """
    if not columns or not is_postgresql():
        run(f"ANALYZE {table(model)}")
        return
    run(f"SET LOCAL default_statistics_target = {STAGING_SAMPLE}")
    run(f"ANALYZE {table(model)} ({', '.join(map(name, columns))})")
    run("SET LOCAL default_statistics_target TO DEFAULT")


def plan_plainly() -> None:
    """Suit PostgreSQL to few long statements over many rows, until the transaction ends.

    They run once: compiling them takes seconds, and saves milliseconds. What they join and hand on
    is wide, and goes to the disk when a query may only use as much memory as usual.
    """
    if is_postgresql():
        run("SET LOCAL jit = off")
        run(f"SET LOCAL work_mem = {literal(WORK_MEMORY)}")


def sorted_json(text: str | None) -> str | None:
    """SQLite's function of this name."""
    if text is None:
        return None
    return json.dumps(json.loads(text), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def prepare_connection(sender: Any = None, connection: Any = None, **kwargs: Any) -> None:
    """Receiver of `connection_created`: SQLite learns `sorted_json`."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("sorted_json", 1, sorted_json, deterministic=True)


def run(statement: str, params: Iterable[Any] = ()) -> int:
    """Execute a statement and return how many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(statement, list(params))
        return int(cursor.rowcount)


def rows(statement: str, params: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
    """Execute a query and return all its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, list(params))
        return list(cursor.fetchall())
