"""Digests of rows and blocks: inside PostgreSQL, or in Python for SQLite; equal by definition."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from backoffice.seals.canonical import Layout, postgresql_text, text_of
from backoffice.seals.columns import scales_of

BLOCK_ROWS = 10_000
MARK_BYTES = 8
FETCH_ROWS = 1_000
# The first block of a table begins here, so that no inserted row hides before it.
FIRST_ID = -(2**63)


@dataclass(frozen=True)
class Block:
    """Digest and index of a range of rows. after_id < id ≤ last_id."""

    after_id: int
    first_id: int
    last_id: int
    count: int
    digest: str
    ids: bytes
    marks: bytes

    @property
    def leaf(self) -> bytes:
        return leaf_of(self.digest, self.ids, self.marks)


def leaf_of(digest: str, ids: bytes | memoryview, marks: bytes | memoryview) -> bytes:
    """Return what a block adds to its seal's root."""
    return hashlib.sha256(digest.encode() + bytes(ids) + bytes(marks)).digest()


def root_of(leaves: Sequence[bytes]) -> str:
    return hashlib.sha256(b"".join(leaves)).hexdigest()


def pack_ids(ids: Sequence[int]) -> bytes:
    """Return ascending ids as compressed differences: a few bytes where they count by one."""
    steps = [this - before for before, this in zip([0, *ids], ids, strict=False)]
    return zlib.compress(struct.pack(f">{len(steps)}q", *steps))


def unpack_ids(packed: bytes) -> list[int]:
    """Return what `pack_ids` packed. Raises ValueError for anything else."""
    try:
        raw = zlib.decompress(packed)
        steps = struct.unpack(f">{len(raw) // 8}q", raw)
    except (zlib.error, struct.error) as error:
        raise ValueError(str(error)) from error
    ids, last = [], 0
    for step in steps:
        last += step
        ids.append(last)
    return ids


class Reader:
    """Reads the rows of one table as a layout names them."""

    def __init__(self, layout: Layout) -> None:
        quote = connection.ops.quote_name
        self.layout = layout
        self.table, self.key = quote(layout.table), quote(layout.key)
        if connection.vendor == "postgresql":
            self.text = postgresql_text(layout, scales_of(layout))
        else:
            # A plus before a column: Django's converters would hide what really stands there.
            self.text = ", ".join(f"+{quote(name)}" for name, _kind in layout.columns)

    def next_block(self, after_id: int, until_id: int) -> Block | None:
        """Return the block of the next rows, or None when there are none."""
        if connection.vendor == "postgresql":
            return self._postgresql_block(after_id, until_id)
        rows = list(self._digests(after_id, until_id, limit=BLOCK_ROWS))
        if not rows:
            return None
        return Block(
            after_id,
            rows[0][0],
            rows[-1][0],
            len(rows),
            _together(rows),
            pack_ids([pk for pk, _digest in rows]),
            b"".join(digest[:MARK_BYTES] for _pk, digest in rows),
        )

    def _postgresql_block(self, after_id: int, until_id: int) -> Block | None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT sha256(string_agg(d, ''::bytea ORDER BY id)), array_agg(id ORDER BY id),"  # noqa: S608
                f" string_agg(substr(d, 1, {MARK_BYTES}), ''::bytea ORDER BY id)"
                f" FROM ({self._rows_sql()} ORDER BY {self.key} LIMIT {BLOCK_ROWS}) r",
                [after_id, until_id],
            )
            digest, ids, marks = cursor.fetchone()
        if not ids:
            return None
        return Block(
            after_id, ids[0], ids[-1], len(ids), bytes(digest).hex(), pack_ids(ids), bytes(marks)
        )

    def digests(self, ranges: Sequence[tuple[int, int]]) -> list[tuple[int, str]]:
        """Return row count and digest of each range (after id, last id), as the rows are now."""
        if connection.vendor != "postgresql":
            found = []
            for after_id, last_id in ranges:
                rows = list(self._digests(after_id, last_id))
                found.append((len(rows), _together(rows)))
            return found
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT x.count, x.digest FROM unnest(%s::bigint[], %s::bigint[])"  # noqa: S608
                f" WITH ORDINALITY AS b(after_id, last_id, position)"
                f" CROSS JOIN LATERAL (SELECT count(*) AS count,"
                f" sha256(coalesce(string_agg(d, ''::bytea ORDER BY id), ''::bytea)) AS digest"
                f" FROM ({self._rows_sql('b.after_id', 'b.last_id')}) r) x ORDER BY b.position",
                [[after for after, _last in ranges], [last for _after, last in ranges]],
            )
            return [(count, bytes(digest).hex()) for count, digest in cursor.fetchall()]

    def has_row(self, pk: int) -> bool:
        """Return whether there is a row with this id."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT 1 FROM {self.table} WHERE {self.key} = {_id()}",  # noqa: S608
                [pk],
            )
            return cursor.fetchone() is not None

    def marks(self, after_id: int, last_id: int) -> dict[int, bytes]:
        """Return the mark of each row in a range, by id."""
        return {pk: digest[:MARK_BYTES] for pk, digest in self._digests(after_id, last_id)}

    def digests_by_id(self, after_id: int, last_id: int) -> dict[int, bytes]:
        """Return the digest of each row in a range, by id."""
        return {pk: bytes(digest) for pk, digest in self._digests(after_id, last_id)}

    def texts(self, after_id: int, last_id: int) -> Iterator[tuple[int, str]]:
        """Yield id and text of each row in a range, in order."""
        if connection.vendor == "postgresql":
            sql = self._texts_sql()
            with connection.cursor() as cursor:
                cursor.execute(sql, [after_id, last_id])
                while rows := cursor.fetchmany(FETCH_ROWS):
                    yield from rows
            return
        with connection.cursor() as cursor:
            cursor.execute(self._texts_sql(), [after_id, last_id])
            while rows := cursor.fetchmany(FETCH_ROWS):
                for pk, *values in rows:
                    yield pk, text_of(self.layout, values)

    def _texts_sql(self, limit: int | None = None) -> str:
        end = f" LIMIT {limit}" if limit else ""
        return (
            f"SELECT +{self.key}, {self.text} FROM {self.table}"  # noqa: S608
            f" WHERE {self.key} > {_id()} AND {self.key} <= {_id()} ORDER BY {self.key}{end}"
        )

    def _rows_sql(self, after: str = "", last: str = "") -> str:
        after, last = after or _id(), last or _id()
        return (
            f"SELECT {self.key} AS id, sha256(convert_to({self.text}, 'UTF8')) AS d"  # noqa: S608
            f" FROM {self.table} WHERE {self.key} > {after} AND {self.key} <= {last}"
        )

    def _digests(
        self, after_id: int, last_id: int, limit: int | None = None
    ) -> Iterator[tuple[int, bytes]]:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"{self._rows_sql()} ORDER BY {self.key}", [after_id, last_id])
                for pk, digest in cursor.fetchall():
                    yield pk, bytes(digest)
            return
        with connection.cursor() as cursor:
            cursor.execute(self._texts_sql(limit), [after_id, last_id])
            while rows := cursor.fetchmany(FETCH_ROWS):
                for pk, *values in rows:
                    yield pk, hashlib.sha256(text_of(self.layout, values).encode()).digest()


def _id() -> str:
    """Return the place of an id in SQL: as a plain negative number it would be no bigint."""
    return "(%s)::bigint" if connection.vendor == "postgresql" else "%s"


def together(digests: Iterable[bytes]) -> str:
    """Return the digest of a block from those of its rows, in order."""
    return hashlib.sha256(b"".join(digests)).hexdigest()


def _together(rows: Sequence[tuple[int, Any]]) -> str:
    return together(digest for _pk, digest in rows)
