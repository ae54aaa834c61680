"""Plain rows into a table past the ORM, a block of columns at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import chain, repeat
from typing import Any

from django.db import connection, models

from backoffice.imports import sql

COPY_BYTES = 1 << 20
# What parts cells and lines in the text format of COPY; the first one begins the others' escapes.
_COPY_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


class Lines:
    """What COPY reads from: blocks of lines as they are made, so that both sides work at once."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.blocks = blocks
        self.rest, self.at = b"", 0

    def read(self, size: int = 8192) -> bytes:
        if self.at >= len(self.rest):
            self.rest, self.at = next(self.blocks, b""), 0
        block = self.rest[self.at : self.at + size]
        self.at += size
        return block


def insert_many(
    model: type[models.Model],
    columns: Sequence[str],
    blocks: Iterable[Sequence[Sequence[Any]]],
    *,
    same: Mapping[str, Any],
) -> None:
    """Insert plain rows past the ORM: COPY on PostgreSQL, executemany on SQLite.

    blocks: of so many rows as may be in memory at once, the cells of each column: texts, numbers,
    None. same: column → the value that it has in every row. Runs no other statement until the
    blocks end.
    """
    target = f"{sql.table(model)} ({', '.join(map(sql.name, (*columns, *same)))})"
    with connection.cursor() as cursor:
        if sql.is_postgresql():
            lines = Lines(made_ahead(_copied(blocks, same.values())))
            cursor.copy_expert(f"COPY {target} FROM STDIN", lines, COPY_BYTES)
            return
        places = ", ".join("?" * (len(columns) + len(same)))
        rows = chain.from_iterable(
            zip(*block, *(repeat(value, len(block[0])) for value in same.values()), strict=True)
            for block in blocks
        )
        # Past Django's wrapper, which would copy the parameters once more for its log.
        cursor.cursor.executemany(f"INSERT INTO {target} VALUES ({places})", rows)


def made_ahead(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield blocks, each made while the database takes in the one before.

    By a thread that asks the database nothing, in the caller's language and time zone.
    """
    context = copy_context()
    with ThreadPoolExecutor(max_workers=1) as maker:
        coming = maker.submit(context.run, next, blocks, b"")
        while block := coming.result():
            coming = maker.submit(context.run, next, blocks, b"")
            yield block


def _copied(blocks: Iterable[Sequence[Sequence[Any]]], same: Iterable[Any]) -> Iterator[bytes]:
    """Yield each block as the text format of COPY writes its lines."""
    ending = "".join(f"\t{cell}" for cell in _written(list(same))) + "\n"
    for block in blocks:
        lines = list(map("\t".join, zip(*map(_written, block), strict=True)))
        if lines:
            yield (ending.join(lines) + ending).encode()


def _written(values: Sequence[Any]) -> Iterable[str]:
    """Return the cells of a column for COPY; one look at all of them tells if any is escaped."""
    kinds = set(map(type, values))
    if kinds == {str}:
        joined = "".join(values)
        return map(_escaped, values) if any(char in joined for char in _COPY_ESCAPES) else values
    if kinds <= {int, bool}:
        return map(str, values)
    return ["\\N" if value is None else _escaped(str(value)) for value in values]


def _escaped(text: str) -> str:
    for char, escape in _COPY_ESCAPES.items():
        text = text.replace(char, escape)
    return text
