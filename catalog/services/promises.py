"""Promising stock in one statement a line, where nobody else wants the same units at this moment.

A level is held only from the statement to the commit, not from a question before it on: a product
that everybody buys at once sells faster by that, and nothing is ever promised twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from backoffice import changes, set_writes
from backoffice.ids import uuid7
from catalog.models import StockLevel, StockLocation, StockMovement
from catalog.signals import stock_moved

# More lines than these are served by the set-based way, a few statements for all of them.
MOST_LINES = 10


@dataclass(frozen=True)
class Wanted:
    """Units that a cause (an order line) asks for."""

    product_id: int
    units: int
    cause_kind: str
    cause_uuid: UUID


def promise(wanted: Sequence[Wanted]) -> dict[UUID, int] | None:
    """Commit units and write the movements; return the location chosen for each cause.

    A line is served whole, by the active location with the lowest priority number that can.
    None: not all of it is free, or it is none of our business (many lines, one product twice), and
    nothing was written. Lock and look again.
    PostgreSQL only; on SQLite, where a transaction is the only writer anyway, always None.
    Call it inside a transaction. Locks the levels in the order of their products.
    """
    products = {line.product_id for line in wanted}
    is_ours = len(products) == len(wanted) <= MOST_LINES
    if connection.vendor != "postgresql" or not wanted or not is_ours:
        return None
    sql = _PROMISE.format(
        level=_table(StockLevel), location=_table(StockLocation), movement=_table(StockMovement)
    )
    facts = (StockMovement.Kind.COMMIT, changes.moment(), changes.require().pk)
    places: dict[UUID, int] = {}
    # One line is promised or not; of several, some may be when another is not.
    savepoint = transaction.savepoint() if len(wanted) > 1 else None
    with set_writes.recording(), connection.cursor() as cursor:
        for line in sorted(wanted, key=lambda line: line.product_id):
            said = (uuid7(), line.product_id, line.units, line.cause_kind, line.cause_uuid)
            cursor.execute(sql, [*said, *facts])
            if (row := cursor.fetchone()) is None:
                break
            places[line.cause_uuid] = row[0]
    is_whole = len(places) == len(wanted)
    if savepoint is not None:
        (transaction.savepoint_commit if is_whole else transaction.savepoint_rollback)(savepoint)
    if not is_whole:
        return None
    stock_moved.send(sender=StockLevel, units={line.product_id: -line.units for line in wanted})
    return places


def _table(model: type[StockLevel | StockLocation | StockMovement]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


# An UPDATE that had to wait for a row asks its condition again of the row's new version: that is
# what keeps the last unit from being promised twice.
_PROMISE = """
WITH wanted (uuid, product_id, units, cause_kind, cause_uuid) AS (
    VALUES (%s::uuid, %s::bigint, %s::int, %s, %s::uuid)
),
moved AS (
    UPDATE {level} level SET committed = level.committed + wanted.units
    FROM wanted
    WHERE level.id = (
        SELECT level.id
        FROM {level} level JOIN {location} location ON location.id = level.location_id
        WHERE level.product_id = wanted.product_id AND location.is_active
          AND level.on_hand - level.committed - level.unavailable >= wanted.units
        ORDER BY location.priority, location.id
        LIMIT 1
      )
      AND level.on_hand - level.committed - level.unavailable >= wanted.units
    RETURNING level.location_id
)
INSERT INTO {movement} (
    uuid, product_id, location_id, committed_delta, cause_kind, cause_uuid,
    on_hand_delta, unavailable_delta, kind, at, change_set_id
)
SELECT uuid, product_id, location_id, units, cause_kind, cause_uuid, 0, 0, %s, %s, %s
FROM wanted, moved
RETURNING location_id
"""
