"""What the rows of a page show beside their own columns: one query each, however many rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from catalog.models import PriceChange, Product, ProductImage, StockLevel

FREE = F("on_hand") - F("committed") - F("unavailable")

# Sorts a list by what is available; only a page that is sorted so pays for it.
AVAILABLE_ORDER = Coalesce(
    Subquery(
        StockLevel.objects.filter(product=OuterRef("pk"))
        .order_by()
        .values("product")
        .annotate(units=Sum(FREE))
        .values("units")
    ),
    0,
)


@dataclass(frozen=True)
class ProductFacts:
    picture: str
    is_parent: bool
    running_price: Decimal | None
    available: int


def load_product_facts(products: Iterable[Product]) -> None:
    """Give each product its `facts`: four queries for all of them."""
    products = list(products)
    ids = [product.pk for product in products]
    images = ProductImage.objects.filter(product__in=ids).order_by("-position", "-id")
    pictures = dict(images.values_list("product", "file"))  # the leading one comes last, and stays
    parents = set(
        Product.objects.filter(parent__in=ids).order_by().values_list("parent", flat=True)
    )
    running = PriceChange.objects.running_at(timezone.now()).filter(product__in=ids)
    prices = dict(running.order_by("starts_at", "pk").values_list("product", "price"))
    levels = StockLevel.objects.filter(product__in=ids).order_by()
    available = dict(levels.values_list("product").annotate(units=Sum(FREE)))
    for product in products:
        product.facts = ProductFacts(
            picture=pictures.get(product.pk, ""),
            is_parent=product.pk in parents,
            running_price=prices.get(product.pk),
            available=available.get(product.pk, 0),
        )
