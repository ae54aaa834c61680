"""The locks of the catalogue, in one order: products by key, then levels by (product, location).

No other file locks stock. Whoever follows the order cannot deadlock with anybody else who does;
so a transaction asks once for everything that it needs.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from catalog.models import Product, StockLevel

# Both databases take far more values in one statement; this keeps their plans small.
CHUNK = 1_000

# An arbitrary number of our own: the category tree's advisory lock.
TREE_LOCK = 7_203_911

Pair = tuple[int, int]  # (product id, location id)


def locked_products(product_ids: Iterable[int]) -> dict[int, Product]:
    """Lock products in key order and return them by key; unknown keys are left out.

    FOR NO KEY UPDATE: a movement that names the product must not wait for us, or it would hold
    its level while we hold the product.
    """
    wanted = sorted(set(product_ids))
    found: dict[int, Product] = {}
    for start in range(0, len(wanted), CHUNK):
        rows = Product.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
        found.update((row.pk, row) for row in rows.filter(pk__in=wanted[start : start + CHUNK]))
    return found


def locked_levels(pairs: Iterable[Pair]) -> dict[Pair, StockLevel]:
    """Create the levels that are missing, lock all of them in order, return them by pair."""
    wanted = sorted(set(pairs))
    _create_missing(wanted)
    locations = {location for _product, location in wanted}
    levels = levels_for_update((product for product, _location in wanted), locations)
    return {pair: levels[pair] for pair in wanted}


def levels_for_update(
    product_ids: Iterable[int], location_ids: Iterable[int]
) -> dict[Pair, StockLevel]:
    """Lock the levels that these products have at these locations, in order."""
    wanted, places = sorted(set(product_ids)), sorted(set(location_ids))
    found: dict[Pair, StockLevel] = {}
    for start in range(0, len(wanted), CHUNK):
        rows = (
            StockLevel.objects.select_for_update(of=("self",))
            .filter(product__in=wanted[start : start + CHUNK], location__in=places)
            .order_by("product_id", "location_id")
        )
        found.update(((row.product_id, row.location_id), row) for row in rows)
    return found


def _create_missing(wanted: list[Pair]) -> None:
    """Insert in the same order: a rival who inserts the same row is waited for, never crossed."""
    locations = {location for _product, location in wanted}
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        there = set(
            StockLevel.objects.filter(
                product__in={product for product, _location in chunk}, location__in=locations
            ).values_list("product_id", "location_id")
        )
        StockLevel.objects.bulk_create(
            [StockLevel(product_id=p, location_id=at) for p, at in chunk if (p, at) not in there],
            ignore_conflicts=True,
        )


def lock_tree() -> None:
    """Let one transaction at a time change the shape of the category tree.

    Two moves, each harmless alone, can close a circle together. SQLite has one writer anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TREE_LOCK])
