"""Whether the ledger explains the shelves: the sum of a level's movements is the level."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Sum

from catalog.models import Product, StockLevel, StockLocation, StockMovement
from catalog.services.ledger import COLUMNS

Numbers = tuple[int, ...]


@dataclass(frozen=True)
class Drift:
    """One number of one level that its movements do not explain."""

    sku: str
    location: str
    column: str
    level: int
    ledger: int

    def __str__(self) -> str:
        where = f"{self.sku} @ {self.location}"
        return f"{where}: {self.column} is {self.level}, its movements say {self.ledger}"


def stock_drift() -> list[Drift]:
    """Return every number that drifted; empty when all is well. Three queries at most."""
    levels: dict[tuple[int, int], Numbers] = {
        (product, location): tuple(numbers)
        for product, location, *numbers in StockLevel.objects.order_by().values_list(
            "product", "location", *COLUMNS
        )
    }
    sums = [Sum(f"{column}_delta") for column in COLUMNS]
    ledger: dict[tuple[int, int], Numbers] = {
        (product, location): tuple(numbers)
        for product, location, *numbers in StockMovement.objects.order_by()
        .values_list("product", "location")
        .annotate(*sums)
    }
    zero: Numbers = (0,) * len(COLUMNS)
    drifted = [
        (pair, column, is_level, is_ledger)
        for pair in sorted(levels.keys() | ledger.keys())
        for column, is_level, is_ledger in zip(
            COLUMNS, levels.get(pair, zero), ledger.get(pair, zero), strict=True
        )
        if is_level != is_ledger
    ]
    if not drifted:
        return []
    skus = dict(
        Product.objects.filter(pk__in={pair[0] for pair, *_ in drifted}).values_list("pk", "sku")
    )
    codes = dict(StockLocation.objects.values_list("pk", "code"))
    return [
        Drift(skus[product], codes[location], column, is_level, is_ledger)
        for (product, location), column, is_level, is_ledger in drifted
    ]
