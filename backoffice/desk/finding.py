"""Finding: one page of the whole record in one statement, by key and never by offset.

Each table gives its newest few rows by its own index; the statement merges them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.utils.dateparse import parse_datetime

from backoffice.desk.asking import LOOKED_AT, LOOKED_AT_LEAST, Asked, NoSuchPage
from backoffice.desk.form import BIGGEST_KEY
from backoffice.desk.sources import Place, Source

PAGE_ROWS = 50
MICROSECOND = 1_000_000
LATEST = 253_402_300_799 * MICROSECOND  # the last second of the year 9999


@dataclass(frozen=True)
class Found:
    """One page: where its rows stand; where the next one begins.

    looked_back_to: how far the rows were looked at, when that is not the end of the record.
    """

    places: list[Place]
    next: Place | None = None
    looked_back_to: datetime | None = None


@dataclass(frozen=True)
class Branch:
    """What one table gives to the statement."""

    source: Source
    sql: str
    params: tuple[Any, ...]
    is_sifted: bool


def find(asked: Asked, *, after: Place | None = None, limit: int = PAGE_ROWS) -> Found:
    """Return one page of what was asked for, newest first; after: where the last one ended."""
    branches = branches_of(asked, after=after, limit=limit + 1)
    places = _merged(branches, limit + 1) if branches else []
    sifted = [branch.source for branch in branches if branch.is_sifted]
    is_full = len(places) > limit
    # One table alone that filled the page was looked at far enough.
    horizon = None if is_full and len(branches) == 1 else _horizon(asked, sifted, after)
    # Beyond the horizon some table was not looked at yet: what others have there comes later.
    near = [p for p in places if horizon is None or _order(p) >= _order(horizon)]
    if len(near) > limit:
        return Found(near[:limit], next=near[limit - 1])
    if horizon is None:
        return Found(near)
    return Found(near, next=horizon, looked_back_to=horizon.at)


def looked_at(asked: Asked) -> int:
    """Return how many rows of each table are looked at where each has to be."""
    sifted = sum(asked.sieve_of(source) is not None for source in asked.sources)
    return max(LOOKED_AT // max(sifted, 1), LOOKED_AT_LEAST)


def _order(place: Place) -> tuple[datetime, str, int]:
    return place.at, place.source, place.key


def branches_of(
    asked: Asked, *, after: Place | None, limit: int, columns: Sequence[str] = ()
) -> list[Branch]:
    """Return a subselect per table: its newest rows that fit, at most `limit`.

    columns: more of each row than its place, as `{change_set}` and the like name them.
    """
    found, most = [], looked_at(asked)
    for source in asked.sources:
        rows, sieve = asked.rows_of(source, after), asked.sieve_of(source)
        rows = rows[:limit] if sieve is None else rows.annotate(fits=sieve)[:most]
        names = [source.at, source.key, *_columns(source, columns)]
        rows = rows.values_list(*names, *(["fits"] if sieve is not None else []))
        try:
            sql, params = rows.query.sql_with_params()
        except EmptyResultSet:
            continue
        q = connection.ops.quote_name
        chosen = [_quoted(source, name) for name in names]
        aliased = ", ".join(
            f"{one} AS {q(alias)}"
            for one, alias in zip(chosen, ("at", "row_key", *columns), strict=True)
        )
        text = f"SELECT {aliased} FROM ({sql}) w"
        if sieve is not None:
            text += f" WHERE fits ORDER BY {chosen[0]} DESC, {chosen[1]} DESC LIMIT {int(limit)}"
        found.append(Branch(source, text, tuple(params), sieve is not None))
    return found


# What the tables call the same thing.
NAMES = {
    "set_id": ("change_set_id", "change_set_id"),
    "how": ("history_type", "kind"),
    "step": ("step", "subject_kind"),
}


def _columns(source: Source, columns: Sequence[str]) -> list[str]:
    return [NAMES[name][int(source.is_events)] for name in columns]


def _quoted(source: Source, name: str) -> str:
    field = source.table._meta.get_field(
        name.removesuffix("_id") if name.endswith("set_id") else name
    )
    return str(connection.ops.quote_name(field.column))


def union_of(branches: Sequence[Branch], columns: Sequence[str] = ()) -> tuple[str, list[Any]]:
    """Return one select over all branches, with `src`: the branch's number in this order."""
    names = ", ".join(connection.ops.quote_name(n) for n in ("at", "row_key", *columns))
    parts = [
        f"SELECT {number} AS src, {names} FROM ({branch.sql}) b{number}"
        for number, branch in enumerate(branches)
    ]
    return " UNION ALL ".join(parts), [p for branch in branches for p in branch.params]


def _merged(branches: Sequence[Branch], limit: int) -> list[Place]:
    # Sources stand in the order of their names, so their numbers sort as the names do.
    union, params = union_of(branches)
    at = connection.ops.quote_name("at")
    with connection.cursor() as cursor:
        cursor.execute(
            f"{union} ORDER BY {at} DESC, src DESC, row_key DESC LIMIT {int(limit)}", params
        )
        rows = cursor.fetchall()
    return [Place(moment_in(at), branches[src].source.name, key) for src, at, key in rows]


def _horizon(asked: Asked, sources: Sequence[Source], after: Place | None) -> Place | None:
    """Return the newest of the places where a table stopped looking, or None: all saw their end."""
    most = looked_at(asked)
    parts: list[str] = []
    values: list[Any] = []
    for number, source in enumerate(sources):
        rows = asked.rows_of(source, after)[:most].values_list(source.at, source.key)
        with suppress(EmptyResultSet):
            sql, params = rows.query.sql_with_params()
            at, key = (_quoted(source, name) for name in (source.at, source.key))
            parts.append(
                f"SELECT {number} AS src, e.* FROM (SELECT {at} AS a, {key} AS k, COUNT(*) OVER ()"
                f" AS n FROM ({sql}) w ORDER BY {at}, {key} LIMIT 1) e"
            )
            values += params
    if not parts:
        return None
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        ends = [
            Place(moment_in(at), sources[number].name, key)
            for number, at, key, count in cursor.fetchall()
            if count >= most
        ]
    return max(ends, key=_order, default=None)


def moment_in(value: Any) -> datetime:
    """Return a moment as a raw statement gives it: SQLite has texts, in UTC."""
    if isinstance(value, str):
        parsed = parse_datetime(value)
        assert parsed is not None
        value = parsed
    return value if value.tzinfo else value.replace(tzinfo=UTC)


# --- Places in addresses ------------------------------------------------------------------------


def written(place: Place) -> str:
    """Return a place as an address has it."""
    since = place.at - datetime(1970, 1, 1, tzinfo=UTC)
    micros = (since.days * 86_400 + since.seconds) * MICROSECOND + since.microseconds
    return f"{micros}~{place.source}~{place.key}"


def place_of(text: str, asked: Asked) -> Place | None:
    """Return the place that an address names; blank: none. Refuses: NoSuchPage."""
    if not text:
        return None
    micros, _mark, rest = text.partition("~")
    source, _mark, key = rest.rpartition("~")
    numbers = (micros, key)
    if not all(n.isascii() and n.isdecimal() and len(n) <= 19 for n in numbers):  # noqa: PLR2004
        raise NoSuchPage
    if source not in asked.form.sources or int(key) > BIGGEST_KEY or int(micros) > LATEST:
        raise NoSuchPage
    at = datetime.fromtimestamp(int(micros) // MICROSECOND, tz=UTC)
    return Place(at.replace(microsecond=int(micros) % MICROSECOND), source, int(key))
