"""The stock ledger for many rows that the database holds already: levels and movements by SQL.

The same law as `ledger.py`: a level changes only together with the movement that explains it.
Sources are queries of a staged relation, made from identifiers of models.
"""

from __future__ import annotations

from uuid import UUID

from backoffice import changes, set_writes
from backoffice.imports import sql
from catalog.models import StockLevel, StockLocation, StockMovement
from catalog.services.locations import default_location
from catalog.signals import stock_moved


def lock_levels(product_ids: str) -> None:
    """Lock the main warehouse's levels of locked products, in order; make those that are missing.

    product_ids: a query of product keys.
    """
    location, level = default_location(), sql.table(StockLevel)
    sql.run(
        f"INSERT INTO {level} (product_id, location_id, on_hand, committed, unavailable)"
        f" SELECT i.id, {location.pk}, 0, 0, 0 FROM ({product_ids}) i(id) WHERE NOT EXISTS"
        f" (SELECT 1 FROM {level} l WHERE l.product_id = i.id AND l.location_id = {location.pk})"
        " ORDER BY i.id ON CONFLICT DO NOTHING"
        if sql.is_postgresql()
        else f"INSERT OR IGNORE INTO {level}"
        " (product_id, location_id, on_hand, committed, unavailable)"
        f" SELECT i.id, {location.pk}, 0, 0, 0 FROM ({product_ids}) i WHERE NOT EXISTS"
        f" (SELECT 1 FROM {level} l WHERE l.product_id = i.id AND l.location_id = {location.pk})"
    )
    if sql.is_postgresql():
        sql.rows(
            f"SELECT count(*) FROM (SELECT l.id FROM {level} l WHERE l.location_id ="
            f" {location.pk} AND l.product_id IN ({product_ids})"
            " ORDER BY l.product_id, l.location_id FOR UPDATE) locked"
        )


def open_levels(units: str, *, cause: UUID) -> None:
    """Put the first units of new products into the main warehouse.

    units: a query of `id` (product) and `units`; 0 makes the level alone.
    """
    location, level = default_location(), sql.table(StockLevel)
    opened = (
        f"INSERT INTO {level} (product_id, location_id, on_hand, committed, unavailable)"
        f" SELECT u.id, {location.pk}, u.units, 0, 0 FROM ({units}) u"
    )
    kind = StockMovement.Kind.RECEIVE
    if sql.is_postgresql():
        made = f"WITH w AS ({opened} RETURNING product_id AS id, on_hand AS units) "
        _write_movements("SELECT * FROM w WHERE units <> 0", location, kind, cause, before=made)
        return
    sql.run(opened)
    moved = f"SELECT u.id AS id, u.units AS units FROM ({units}) u WHERE u.units <> 0"
    _write_movements(moved, location, kind, cause)


def shift_levels(differences: str, *, cause: UUID) -> None:
    """Add differences to locked levels of the main warehouse, with a movement each.

    differences: a query of `id` (product) and `units`, none of them 0; it may read the levels.
    """
    location, level = default_location(), sql.table(StockLevel)
    kind = StockMovement.Kind.ADJUST
    shifted = (
        f"UPDATE {level} SET on_hand = on_hand + d.units FROM ({differences}) d"
        f" WHERE {level}.product_id = d.id AND {level}.location_id = {location.pk}"
    )
    if sql.is_postgresql():
        made = f"WITH w AS ({shifted} RETURNING d.id AS id, d.units AS units) "
        _write_movements("SELECT * FROM w", location, kind, cause, before=made)
        return
    # Movements first: the query may count from the levels as they still are.
    _write_movements(differences, location, kind, cause)
    sql.run(shifted)


def _write_movements(
    moved: str, location: StockLocation, kind: str, cause: UUID, *, before: str = ""
) -> None:
    """Write a movement for each row of a query. before: what the statement begins with."""
    change_set, moment = changes.require(), changes.moment()
    movement = StockMovement._meta
    statement = (
        f"{before}INSERT INTO {sql.table(StockMovement)} (uuid, product_id, location_id, kind,"
        " on_hand_delta, committed_delta, unavailable_delta, cause_kind, cause_uuid, at,"
        f" change_set_id) SELECT {sql.uuid7(int(moment.timestamp() * 1_000))}, d.id,"
        f" {location.pk}, {sql.literal(kind)}, d.units, 0, 0, 'import',"
        f" {sql.stored(movement.get_field('cause_uuid'), cause)}, {sql.moment(moment)},"
        f" {change_set.pk} FROM ({moved}) d"
    )
    with set_writes.recording():
        sql.run(statement)
    stock_moved.send(sender=StockLevel, units=None)
