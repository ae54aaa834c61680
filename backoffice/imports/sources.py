"""How an export reads many rows at once: one statement, whole columns, no instance per row.

What comes out is what `column.export(instance)` writes, cell by cell; a test holds both together.
A sheet with a column that has no source is exported by instances instead.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Aggregate, F, TextField
from django.db.models.functions import Cast

from backoffice.imports import columns as widgets
from backoffice.imports.columns import Column
from backoffice.imports.compound import joined_pairs
from backoffice.imports.parse import canonical

Texts = Callable[[list[str]], list[str]]

# Few, so that the server fills its pipe again while they are being worked on.
CHUNK_ROWS = 500
# Stands between cells where a text may not hold it; COPY escapes the one that a text holds.
SEPARATOR = "\x1f"
# Halves of characters: no text of a database holds them, so they can stand in for a while.
_BACKSLASH, _ESCAPED_SEPARATOR = "\ud800", "\ud801"
_ESCAPES = {r"\n": "\n", r"\t": "\t", r"\r": "\r", r"\v": "\v", r"\f": "\f", r"\b": "\b"}


@dataclass(frozen=True)
class Source:
    """Where a column's cells come from, for many rows at once.

    value: an expression on the row. joined: in its place, a queryset of pairs (key of the row,
    value), each key once; on: the name of that key. texts: makes what makes cells of the database's
    texts ("" for NULL): it is given the cells of one column, chunk by chunk.
    """

    value: Any = None
    joined: models.QuerySet[Any] | None = None
    on: str = ""
    texts: Callable[[], Texts] | None = None


class Joined(Aggregate):
    """The numbers of a group as one text: "3,17"."""

    name = "Joined"
    function = "string_agg"
    output_field = TextField()

    def __init__(self, number: str) -> None:
        super().__init__(Cast(F(number), TextField()))

    def as_sql(self, compiler: Any, connection: Any, **extra_context: Any) -> tuple[str, Any]:
        is_sqlite = connection.vendor == "sqlite"
        return super().as_sql(
            compiler,
            connection,
            function="group_concat" if is_sqlite else "string_agg",
            template="%(function)s(%(expressions)s, ',')",
            **extra_context,
        )


# --- What a widget's cells are made of ------------------------------------------------------------


def as_text(cells: list[str]) -> list[str]:
    """Return canonical texts: no blanks around, line ends as LF."""
    if "\r" in SEPARATOR.join(cells):
        return list(map(canonical, cells))
    return list(map(str.strip, cells))


def as_money(cells: list[str]) -> list[str]:
    """Return amounts with two decimals; PostgreSQL writes a column of two decimals so itself."""
    if connection.vendor == "postgresql":
        return cells
    return [f"{Decimal(cell):.2f}" if cell else "" for cell in cells]


def as_yes_no(cells: list[str]) -> list[str]:
    return [_YES_NO[cell] for cell in cells]


# PostgreSQL writes the first two, SQLite's reader makes the others.
_YES_NO = {"": "", "t": "yes", "f": "no", "True": "yes", "False": "no"}


def looked_up(made: Callable[[str], str]) -> Texts:
    """Return texts made of each different value once, as long as there are not too many."""
    known = {"": made("")}

    def texts(cells: list[str]) -> list[str]:
        fresh = set(cells).difference(known)
        if len(known) + len(fresh) > _MOST_KNOWN:
            known.clear()
            fresh = set(cells)
        known.update((cell, made(cell)) for cell in fresh)
        return [known[cell] for cell in cells]

    return texts


def pairs() -> Texts:
    return looked_up(lambda cell: joined_pairs(json.loads(cell) or {}) if cell else "")


_MOST_KNOWN = 20_000
_TEXTS: Mapping[type, Callable[[], Texts]] = {
    widgets.TextWidget: lambda: as_text,
    widgets.CodeWidget: lambda: as_text,
    widgets.SlugWidget: lambda: as_text,
    widgets.CurrencyWidget: lambda: as_text,
    widgets.ChoiceWidget: lambda: as_text,
    widgets.WholeNumberWidget: lambda: list,
    widgets.MoneyWidget: lambda: as_money,
    widgets.YesNoWidget: lambda: as_yes_no,
    widgets.PairsWidget: pairs,
}


def source_of(column: Column, model: type[models.Model]) -> Source | None:
    """Return where a column's cells come from; None: only an instance can tell."""
    known: Source | None = column.source() if column.source else None
    kind = _TEXTS.get(type(column.widget))
    if known is None:
        if kind is None or not isinstance(column.attribute, str):
            return None
        if isinstance(column.widget, widgets.MoneyWidget) and not _is_of_cents(column, model):
            return None
        known = Source(F(column.attribute))
    if known.texts is not None:
        return known
    return replace(known, texts=kind) if kind is not None else None


def _is_of_cents(column: Column, model: type[models.Model]) -> bool:
    names = {field.name: field for field in model._meta.concrete_fields}
    return getattr(names.get(column.attribute), "decimal_places", None) == 2  # noqa: PLR2004


def sources_of(
    columns: Mapping[str, Column], model: type[models.Model]
) -> Mapping[str, Source] | None:
    """Return the sources of all columns, or None when one of them has none."""
    found = {name: source_of(column, model) for name, column in columns.items()}
    return None if None in found.values() else found  # type: ignore[return-value]


# --- One statement --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Statement:
    sql: str
    params: tuple[Any, ...]


def statement(rows: models.QuerySet[Any], sources: Mapping[str, Source]) -> Statement | None:
    """Return the one statement that reads all cells, oldest rows first; None: no rows.

    Pairs that come joined are read as a whole and joined once: asked for row by row, they take
    longer than all the rest. In the order of the primary key the rows come while they are read;
    in any other, the first one waits for the last.
    """
    values = {
        f"x{at}": source.value
        for at, source in enumerate(sources.values())
        if source.joined is None
    }
    query = rows.order_by().annotate(x_key=F("pk"), **values).values_list("x_key", *values)
    cells, tables, joins = [], [], ""
    params: list[Any] = []
    try:
        inner, inner_params = query.query.sql_with_params()
        for at, source in enumerate(sources.values()):
            if source.joined is None:
                cells.append(f"r.x{at}")
                continue
            pairs_sql, some = _pairs(source, rows).query.sql_with_params()
            tables.append(f"j{at}(k, v) AS ({pairs_sql})")
            cells.append(f"j{at}.v")
            joins += f" LEFT JOIN j{at} ON j{at}.k = r.x_key"
            params += some
    except EmptyResultSet:
        return None
    first = f"WITH {', '.join(tables)} " if tables else ""
    sql = f"{first}SELECT {', '.join(cells)} FROM ({inner}) r{joins} ORDER BY r.x_key"
    return Statement(sql, (*params, *inner_params))


def _pairs(source: Source, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Return what is joined; of few rows, not that of all the others."""
    assert source.joined is not None
    if not rows.query.where:
        return source.joined.all()
    return source.joined.filter(**{f"{source.on}__in": rows.order_by().values("pk")})


# --- Chunks of columns ----------------------------------------------------------------------------

Take = Callable[[list[list[str]]], None]


def read_columns(rows: models.QuerySet[Any], sources: Mapping[str, Source], take: Take) -> None:
    """Hand over all cells as texts, chunk by chunk, each a list of columns.

    Memory does not grow with the rows. What `take` raises ends the reading, and is raised here.
    """
    asked = statement(rows, sources)
    if asked is None:
        return
    makers = [source.texts() if source.texts else as_text for source in sources.values()]

    def make(columns: Sequence[list[str]]) -> None:
        take([texts(cells) for texts, cells in zip(makers, columns, strict=True)])

    if connection.vendor == "postgresql":
        _copy(asked, len(sources), make)
    else:
        _fetch(asked, make)


def _fetch(asked: Statement, make: Callable[[Sequence[list[str]]], None]) -> None:
    with _cursor() as cursor:
        cursor.execute(asked.sql, asked.params)
        while found := cursor.fetchmany(CHUNK_ROWS):
            columns = zip(*found, strict=True)
            make([["" if cell is None else str(cell) for cell in cells] for cells in columns])


@contextmanager
def _cursor() -> Iterator[Any]:
    # Another cursor of this connection may write in between; its own reading is not disturbed.
    with closing(connection.cursor()) as cursor:
        yield cursor


class _Drain:
    """What COPY writes to: one line a call, handed on by the chunk.

    An error must not leave it while the server is sending: the statement is cancelled, what still
    comes is dropped, and the error is raised afterwards.
    """

    def __init__(self, width: int, make: Callable[[Sequence[list[str]]], None]) -> None:
        self.width, self.make = width, make
        self.lines: list[bytes] = []
        self.error: BaseException | None = None
        self.cancel: Callable[[], None] = lambda: None

    def write(self, line: bytes) -> None:
        self.lines.append(line)
        if len(self.lines) >= CHUNK_ROWS:
            self.flush()

    def flush(self) -> None:
        lines, self.lines = self.lines, []
        if self.error is not None or not lines:
            return
        try:
            self.make(_columns(b"".join(lines), self.width))
        except BaseException as error:  # noqa: BLE001  (raised again when the server is done)
            self.error = error
            self.cancel()


def _copy(asked: Statement, width: int, make: Callable[[Sequence[list[str]]], None]) -> None:
    drain = _Drain(width, make)
    with connection.cursor() as cursor:
        text = cursor.mogrify(asked.sql, asked.params).decode()
        drain.cancel = connection.connection.cancel
        try:
            with connection.wrap_database_errors:
                cursor.copy_expert(
                    f"COPY ({text}) TO STDOUT WITH (DELIMITER E'\\x1f', NULL '')", drain
                )
        except Exception:
            if drain.error is None:
                raise
    # There is nothing left to cancel.
    drain.cancel = lambda: None
    drain.flush()
    if drain.error is not None:
        raise drain.error


def _columns(content: bytes, width: int) -> list[list[str]]:
    """Return the columns of lines that COPY wrote."""
    text = content.decode()
    # A text of ours that holds the separator; or one that ends in a backslash.
    is_doubtful = "\\" + SEPARATOR in text
    if is_doubtful:
        text = text.replace("\\\\", _BACKSLASH).replace("\\" + SEPARATOR, _ESCAPED_SEPARATOR)
    cells = text.replace("\n", SEPARATOR).split(SEPARATOR)
    cells.pop()
    columns = [cells[at::width] for at in range(width)]
    if is_doubtful or "\\" in text:
        columns = [_unescaped(column) for column in columns]
    return columns


def _unescaped(cells: list[str]) -> list[str]:
    text = SEPARATOR.join(cells)
    if "\\" in text:
        # Pairs first: behind two backslashes an n is an n.
        text = text.replace("\\\\", _BACKSLASH)
        for written, char in _ESCAPES.items():
            if "\\" not in text:
                break
            text = text.replace(written, char)
    elif _BACKSLASH not in text and _ESCAPED_SEPARATOR not in text:
        return cells
    cells = text.replace(_BACKSLASH, "\\").split(SEPARATOR)
    if _ESCAPED_SEPARATOR in text:
        cells = [cell.replace(_ESCAPED_SEPARATOR, SEPARATOR) for cell in cells]
    return cells
