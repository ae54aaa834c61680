"""Bare COPY of rows that an import wrote into the same tables: as fast as the database can be.

All indexes, constraints and triggers are on, and the commit counts.
"""

from __future__ import annotations

from pathlib import Path

from django.db import connection, models, transaction

from catalog.models import Product, ProductTag, StockLevel, StockMovement

# A row may only refer to one before it.
TABLES: tuple[type[models.Model], ...] = (
    Product,
    Product.history.model,
    ProductTag,
    ProductTag.history.model,
    StockLevel,
    StockMovement,
)
BUFFER_BYTES = 256 * 1024


def dump(folder: Path) -> None:
    """Write what an import wrote into files, one a table."""
    with connection.cursor() as cursor:
        for model in TABLES:
            with _file(folder, model).open("wb") as file:
                cursor.copy_expert(f"COPY {_name(model)} TO STDOUT", file, BUFFER_BYTES)


def load(folder: Path) -> None:
    """Write these files into the empty tables, in one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        for model in TABLES:
            with _file(folder, model).open("rb") as file:
                cursor.copy_expert(f"COPY {_name(model)} FROM STDIN", file, BUFFER_BYTES)


def _file(folder: Path, model: type[models.Model]) -> Path:
    return folder / f"{model._meta.db_table}.copy"


def _name(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)
