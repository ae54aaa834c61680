"""What a page of products needs beside their rows: a fixed number of queries, however many rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Avg, Count, F, Sum, prefetch_related_objects

from catalog.models import Product, Review, StockLevel
from catalog.services import prices_of


@dataclass
class Facts:
    """What was looked up for one product."""

    price_now: Decimal
    review_count: int = 0
    average_rating: float | None = None
    on_hand: int = 0
    available: int = 0


def facts_of(products: Sequence[Product], at: datetime) -> dict[int, Facts]:
    """Return price now, reviews and stock of these products, by key; fetch what hangs on them."""
    prefetch_related_objects(products, "category", "tags", "images", "parent")
    keys = [product.pk for product in products]
    facts = {pk: Facts(price_now=price) for pk, price in prices_of(products, at).items()}
    reviews = Review.objects.filter(product__in=keys, status="approved").order_by()
    for row in reviews.values("product").annotate(count=Count("pk"), average=Avg("rating")):
        facts[row["product"]].review_count = row["count"]
        facts[row["product"]].average_rating = round(float(row["average"]), 2)
    # A parent is in stock when one of its variants is.
    levels = StockLevel.objects.order_by().annotate(
        free=F("on_hand") - F("committed") - F("unavailable")
    )
    own = levels.filter(product__in=keys).values("product")
    for row in own.annotate(there=Sum("on_hand"), units=Sum("free")):
        facts[row["product"]].on_hand = row["there"]
        facts[row["product"]].available = row["units"]
    below = levels.filter(product__parent__in=keys).values("product__parent")
    for row in below.annotate(there=Sum("on_hand"), units=Sum("free")):
        facts[row["product__parent"]].on_hand += row["there"]
        facts[row["product__parent"]].available += row["units"]
    return facts
