"""What lay on the shelves at any instant: the sum of the movements until then. Only reading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Sum

from backoffice.as_of import Instant
from catalog.models import StockLevel, StockMovement


@dataclass(frozen=True)
class Shelf:
    """The units of a product at a location."""

    on_hand: int
    committed: int
    unavailable: int

    @property
    def available(self) -> int:
        return self.on_hand - self.committed - self.unavailable


def stock_as_of(
    product_ids: Iterable[int], instant: Instant | None
) -> dict[tuple[int, int], Shelf]:
    """Return what lay on the shelves, by product and location. instant: None: now. One query."""
    if instant is None:
        levels = StockLevel.objects.filter(product__in=product_ids)
        return {
            (level.product_id, level.location_id): Shelf(
                level.on_hand, level.committed, level.unavailable
            )
            for level in levels
        }
    moved = (
        StockMovement.objects.filter(instant.q("at"), product__in=product_ids)
        .order_by()
        .values_list("product", "location")
        .annotate(Sum("on_hand_delta"), Sum("committed_delta"), Sum("unavailable_delta"))
    )
    return {(product, location): Shelf(*units) for product, location, *units in moved}


def available_as_of(product_ids: Iterable[int], instant: Instant | None) -> dict[int, int]:
    """Return the units that could be promised of each product, over all locations."""
    units: dict[int, int] = {}
    for (product, _location), shelf in stock_as_of(product_ids, instant).items():
        units[product] = units.get(product, 0) + shelf.available
    return units
