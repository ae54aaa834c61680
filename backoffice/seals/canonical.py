"""How a row becomes text: the named columns, one rule for each, the same on both databases.

A row's text is a JSON array; its digest is SHA-256 of that text in UTF-8. PostgreSQL writes the
text itself (`postgresql_text`); `text_of` is the same in Python, for what SQLite stores.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db import connection, models

from backoffice import sealed

_KINDS: dict[str, str] = {
    "AutoField": "int",
    "BigAutoField": "int",
    "BigIntegerField": "int",
    "BooleanField": "bool",
    "CharField": "text",
    "DateField": "date",
    "DateTimeField": "time",
    "FileField": "text",
    "IntegerField": "int",
    "JSONField": "json",
    "PositiveBigIntegerField": "int",
    "PositiveIntegerField": "int",
    "PositiveSmallIntegerField": "int",
    "SlugField": "text",
    "SmallIntegerField": "int",
    "TextField": "text",
    "UUIDField": "uuid",
}

# PostgreSQL's types that give the text of a kind.
POSTGRESQL_TYPES: dict[str, set[str]] = {
    "int": {"smallint", "integer", "bigint"},
    "bool": {"boolean"},
    "text": {"text", "character varying", "character"},
    "date": {"date"},
    "time": {"timestamp with time zone"},
    "json": {"jsonb"},
    "uuid": {"uuid"},
    "decimal": {"numeric"},
}

_MOMENT = re.compile(r"(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?")
_DAY = re.compile(r"\d{4,}-\d\d-\d\d")
_HEX32 = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Layout:
    """The sealed columns of a table: (name, kind) in order. key: the column that orders rows."""

    table: str
    key: str
    columns: tuple[tuple[str, str], ...]

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Layout:
        columns = tuple((name, kind) for name, kind in facts["columns"])
        return cls(facts["table"], facts["key"], columns)

    @property
    def facts(self) -> dict[str, Any]:
        return {"table": self.table, "key": self.key, "columns": [list(c) for c in self.columns]}

    @property
    def digest(self) -> str:
        return digest_of(self.facts)


def digest_of(facts: Any) -> str:
    """Return SHA-256 of facts as JSON: sorted keys, no blanks, UTF-8."""
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def kind_of(field: models.Field[Any, Any]) -> str:
    """Return the rule by which a field becomes text. Raises ImproperlyConfigured for none."""
    if isinstance(field, models.ForeignKey):
        return kind_of(field.target_field)
    name = field.get_internal_type()
    if name == "DecimalField":
        return f"decimal:{field.decimal_places}"  # type: ignore[attr-defined]
    try:
        return _KINDS[name]
    except KeyError:
        raise ImproperlyConfigured(f"{field}: no seal knows how a {name} becomes text.") from None


def layout_of(entry: sealed.Seal) -> Layout:
    """Return what a seal of this table covers: every column but the personal ones."""
    frozen = set(entry.frozen_columns)
    fields = [f for f in entry.model._meta.concrete_fields if f.column in frozen]
    columns = tuple((str(f.column), kind_of(f)) for f in fields)
    return Layout(entry.table, str(entry.model._meta.pk.column), columns)


def layouts() -> list[Layout]:
    """Return the layouts of all tables that seals cover, as the models are now."""
    return [layout_of(entry) for entry in sealed.registry() if entry.is_chained]


# --- PostgreSQL -----------------------------------------------------------------------------------


def postgresql_text(layout: Layout, scales: Mapping[str, int | None]) -> str:
    """Return the SQL expression of a row's text.

    scales: of the numeric columns, as they are now.
    """
    cells = ", ".join(
        _postgresql_cell(connection.ops.quote_name(name), kind, scales.get(name))
        for name, kind in layout.columns
    )
    return f"json_build_array({cells})::text"


def _postgresql_cell(column: str, kind: str, scale: int | None) -> str:
    if kind == "time":
        return f"{column} AT TIME ZONE 'UTC'"
    if kind == "json":
        # As text in the text: SQL's NULL and JSON's null stay two things.
        return f"{column}::text"
    places = _places(kind)
    if places is not None and scale != places:
        short = f"round({column}, {places})"
        return f"CASE WHEN {column} = {short} THEN {short} ELSE {column} END"
    return column


def _places(kind: str) -> int | None:
    name, _, places = kind.partition(":")
    return int(places) if name == "decimal" else None


# --- Python ---------------------------------------------------------------------------------------


def text_of(layout: Layout, values: Sequence[Any]) -> str:
    """Return a row's text from raw values as SQLite stores them, in the layout's order."""
    cells = (
        "null" if value is None else _cell(kind)(value)
        for (_name, kind), value in zip(layout.columns, values, strict=True)
    )
    return f"[{', '.join(cells)}]"


class _Odd(ValueError):  # noqa: N818  (it is caught three lines on)
    """A value that no writer of ours stores in such a column."""


@cache
def _cell(kind: str) -> Callable[[Any], str]:
    places = _places(kind)
    rule: Callable[[Any], str] = _RULES[kind] if places is None else _decimal(places)

    def cell(value: Any) -> str:
        try:
            return rule(value)
        except _Odd:
            # Told apart from every proper value, and never mistaken for one.
            return quoted({"odd": f"{type(value).__name__} {value!r}"})

    return cell


def quoted(value: Any) -> str:
    """Return JSON as PostgreSQL writes it."""
    return json.dumps(value, ensure_ascii=False)


def _int(value: Any) -> str:
    if not isinstance(value, int):
        raise _Odd
    return str(value)


def _bool(value: Any) -> str:
    if value not in (0, 1) or not isinstance(value, int):
        raise _Odd
    return "true" if value else "false"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Odd
    return quoted(value)


def _time(value: Any) -> str:
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise _Odd
    day, time, fraction = found.groups()
    fraction = (fraction or "").rstrip("0")
    return f'"{day}T{time}.{fraction}"' if fraction else f'"{day}T{time}"'


def _date(value: Any) -> str:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise _Odd
    return f'"{value}"'


def _uuid(value: Any) -> str:
    if not isinstance(value, str) or not _HEX32.fullmatch(value):
        raise _Odd
    return f'"{UUID(value)}"'


def _json(value: Any) -> str:
    if not isinstance(value, str):
        raise _Odd
    try:
        return quoted(jsonb_text(json.loads(value, parse_float=Decimal, parse_constant=_refuse)))
    except ValueError:
        raise _Odd from None


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _decimal(places: int) -> Callable[[Any], str]:
    step = Decimal(1).scaleb(-places)

    def rule(value: Any) -> str:
        if not isinstance(value, int | float):
            raise _Odd
        number = Decimal(repr(value))
        try:
            short = number.quantize(step)
        except InvalidOperation:
            raise _Odd from None
        return _number(short if short == number else number)

    return rule


def _number(value: Decimal) -> str:
    return f"{value or abs(value):f}"


_RULES: dict[str, Callable[[Any], str]] = {
    "int": _int,
    "bool": _bool,
    "text": _text,
    "time": _time,
    "date": _date,
    "uuid": _uuid,
    "json": _json,
}


def jsonb_text(value: Any) -> str:
    """Return JSON as PostgreSQL's jsonb prints it: keys by length, then by bytes."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return f"{{{', '.join(f'{quoted(key)}: {jsonb_text(value[key])}' for key in keys)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(jsonb_text, value))}]"
    if isinstance(value, Decimal):
        return _number(value)
    return quoted(value)
