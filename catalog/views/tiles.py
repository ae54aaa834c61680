"""What a product's tile in a list shows: the same few queries, however many products."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Avg, Count, F, Sum

from catalog import services
from catalog.models import Product, Review, StockLevel

TINTS = 6


@dataclass(frozen=True)
class Tile:
    """A product as a list of the shop shows it.

    price: what it costs now, of several variants the lowest; was: struck through beside it.
    """

    product: Product
    picture: services.Picture | None
    price: Decimal
    was: Decimal | None
    is_from: bool
    is_in_stock: bool
    rating: float | None
    reviews: int

    @property
    def name(self) -> str:
        return self.product.name

    @property
    def url(self) -> str:
        return self.product.get_absolute_url()

    @property
    def tint(self) -> int:
        """Which ground stands in for a picture; products of a category share it."""
        return (self.product.category_id or self.product.pk) % TINTS


def tiles_of(products: Sequence[Product], *, at: datetime) -> list[Tile]:
    """Return a tile for each product. at: when its price counts."""
    ids = [product.pk for product in products]
    variants: dict[int, list[Product]] = defaultdict(list)
    for variant in Product.objects.published().filter(parent__in=ids).order_by("pk"):
        variants[variant.parent_id].append(variant)
    on_sale = [*products, *(v for family in variants.values() for v in family)]
    prices = services.prices_of(on_sale, at)
    available = available_units([product.pk for product in on_sale])
    pictures = services.leading_pictures(products=products)
    ratings = {
        product: (average, count)
        for product, average, count in Review.objects.filter(product__in=ids, status="approved")
        .order_by()
        .values_list("product")
        .annotate(average=Avg("rating"), count=Count("pk"))
    }
    tiles = []
    for product in products:
        family = variants[product.pk] or [product]
        cheapest = min(family, key=lambda row: prices[row.pk])
        asked = {prices[row.pk] for row in family}
        average, count = ratings.get(product.pk, (None, 0))
        tiles.append(
            Tile(
                product=product,
                picture=pictures.get(product.pk),
                price=prices[cheapest.pk],
                was=was(cheapest, prices[cheapest.pk]),
                is_from=len(asked) > 1,
                is_in_stock=any(available.get(row.pk, 0) > 0 for row in family),
                rating=average,
                reviews=count,
            )
        )
    return tiles


def was(product: Product, price: Decimal) -> Decimal | None:
    """Return the price that is struck through beside `price`, or None."""
    higher = [old for old in (product.compare_at_price, product.price) if old and old > price]
    return max(higher, default=None)


def available_units(ids: Sequence[int]) -> dict[int, int]:
    """Return how many units of each product can be promised; one query."""
    free = F("on_hand") - F("committed") - F("unavailable")
    levels = StockLevel.objects.filter(product__in=ids).order_by()
    return dict(levels.values_list("product").annotate(units=Sum(free)))
