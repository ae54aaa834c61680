"""Scheduled prices for many rows that the database holds already: made and withdrawn by SQL.

What `prices.py` does one by one. Sources are queries of a staged relation, made from identifiers of
models; whoever calls has locked the products, and has asked what `schedule_price` asks.
"""

from __future__ import annotations

from backoffice import changes, set_writes
from backoffice.imports import sql
from catalog.models import PriceChange


def schedule_prices(prices: str) -> int:
    """Schedule prices, each with a history row; return how many.

    prices: a query of `id` (product), `price`, `starts_at` and `ends_at`; each product once.
    """
    table, now = sql.table(PriceChange), sql.moment(changes.moment())
    # Products are locked: nobody else gives them a price with a later key.
    ((last,),) = sql.rows(f"SELECT COALESCE(max(id), 0) FROM {table}")
    return set_writes.insert_from(
        PriceChange,
        {
            "created_at": now,
            "updated_at": now,
            "product_id": "s.id",
            "price": "s.price",
            "starts_at": "s.starts_at",
            "ends_at": "s.ends_at",
        },
        f"FROM ({prices}) s ORDER BY s.id",
        ids=f"SELECT c.id AS id FROM {table} c WHERE c.id > {last}"
        f" AND c.product_id IN (SELECT s.id FROM ({prices}) s)",
    )


def lock_price_changes(ids: str) -> None:
    """Lock scheduled prices in primary-key order. ids: a query of `id`."""
    if sql.is_postgresql():
        sql.rows(
            f"SELECT count(*) FROM (SELECT c.id FROM {sql.table(PriceChange)} c"
            f" WHERE c.id IN (SELECT w.id FROM ({ids}) w) ORDER BY c.id FOR NO KEY UPDATE) locked"
        )


def withdraw_prices(ids: str) -> int:
    """End locked scheduled prices now, or keep them from starting, each with a history row.

    ids: a query of `id` that names the same rows when they are withdrawn.
    """
    now = sql.moment(changes.moment())
    return set_writes.update_from(
        PriceChange, ["withdrawn_at"], f"SELECT w.id AS id, {now} AS withdrawn_at FROM ({ids}) w"
    )
