"""Promising stock in one statement, where nobody else wants the same units at this moment.

A level is held only from the statement to the commit, not from a question before it on: a product
that everybody buys at once sells faster by that, and nothing is ever promised twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from backoffice import changes
from backoffice.ids import uuid7
from catalog.models import StockLevel, StockLocation, StockMovement


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
    None: not all of it is free, or somebody was faster; nothing was written. Lock and look again.
    PostgreSQL only; on SQLite, where a transaction is the only writer anyway, always None.
    Call it inside a transaction. Locks the levels in (product, location) order.
    """
    if connection.vendor != "postgresql" or not wanted:
        return None
    lines = [
        value
        for line in wanted
        for value in (uuid7(), line.product_id, line.units, line.cause_kind, line.cause_uuid)
    ]
    facts = (StockMovement.Kind.COMMIT, changes.moment(), changes.require().pk)
    sql = _PROMISE.format(
        level=_table(StockLevel),
        location=_table(StockLocation),
        movement=_table(StockMovement),
        lines=", ".join(["(%s::uuid, %s::bigint, %s::int, %s, %s::uuid)"] * len(wanted)),
    )
    # One level moves or does not; of several, some may have moved when another did not.
    savepoint = transaction.savepoint() if len(wanted) > 1 else None
    with connection.cursor() as cursor:
        cursor.execute(sql, [*lines, len(wanted), *facts])
        places = dict(cursor.fetchall())
    is_whole = len(places) == len(wanted)
    if savepoint is not None:
        (transaction.savepoint_commit if is_whole else transaction.savepoint_rollback)(savepoint)
    return places if is_whole else None


def _table(model: type[StockLevel | StockLocation | StockMovement]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


# An UPDATE that had to wait for a row asks its condition again of the row's new version: that is
# what keeps the last unit from being promised twice.
_PROMISE = """
WITH wanted (uuid, product_id, units, cause_kind, cause_uuid) AS (VALUES {lines}),
chosen AS (
    SELECT wanted.*, place.level_id, place.location_id
    FROM wanted CROSS JOIN LATERAL (
        SELECT level.id AS level_id, level.location_id
        FROM {level} level JOIN {location} location ON location.id = level.location_id
        WHERE level.product_id = wanted.product_id AND location.is_active
          AND level.on_hand - level.committed - level.unavailable >= wanted.units
        ORDER BY location.priority, location.id
        LIMIT 1
    ) place
),
totals AS (SELECT level_id, sum(units) AS units FROM chosen GROUP BY level_id),
locked AS (
    SELECT level.id, totals.units
    FROM {level} level JOIN totals ON totals.level_id = level.id
    WHERE (SELECT count(*) FROM chosen) = %s
    ORDER BY level.product_id, level.location_id
    FOR UPDATE OF level
),
moved AS (
    UPDATE {level} level SET committed = level.committed + locked.units
    FROM locked
    WHERE level.id = locked.id
      AND level.on_hand - level.committed - level.unavailable >= locked.units
    RETURNING level.id
)
INSERT INTO {movement} (
    uuid, product_id, location_id, committed_delta, cause_kind, cause_uuid,
    on_hand_delta, unavailable_delta, kind, at, change_set_id
)
SELECT uuid, product_id, location_id, units, cause_kind, cause_uuid, 0, 0, %s, %s, %s
FROM chosen
WHERE (SELECT count(*) FROM moved) = (SELECT count(*) FROM totals)
RETURNING cause_uuid, location_id
"""
