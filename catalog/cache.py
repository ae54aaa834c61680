"""What the shop keeps for a while about the catalogue, and for how long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q

from backoffice import cache
from catalog.models import Category, PriceChange, Product

SUBJECT = "catalogue"

MINUTE = 60
LIST_SECONDS = 15 * MINUTE
DETAIL_SECONDS = 60 * MINUTE
FEATURED_SECONDS = 15 * MINUTE
POPULAR_SECONDS = 30 * MINUTE
POPULAR_CATEGORIES_SECONDS = 60 * MINUTE
TREE_SECONDS = cache.FRAGMENT_SECONDS

MOST_FEATURED = 10
MOST_POPULAR = 10
MOST_CATEGORIES = 20
# A category is popular with more products than this.
POPULAR_ABOVE_PRODUCTS = 10


def seconds_until_a_price_changes(at_most: int, *, now: datetime) -> int:
    """Return how long a page with prices on it is true: scheduled ones begin and end by the clock.

    now: the clock.
    """
    edges = [
        PriceChange.objects.filter(**{f"{edge}__gt": now}, withdrawn_at=None)
        .order_by(edge)
        .values_list(edge, flat=True)
        .first()
        for edge in ("starts_at", "ends_at")
    ]
    left = [(edge - now).total_seconds() for edge in edges if edge is not None]
    # A part of a second is cut off, so that the page ends before the price does.
    return max(1, int(min([at_most, *left])))


@dataclass(frozen=True)
class Branch:
    """A category as the shop's menu shows it. products: published ones, those below included."""

    pk: int
    name: str
    slug: str
    parent: int | None
    products: int


def category_tree(number: int) -> list[Branch]:
    """Return all categories by name, with how many products customers find in each."""
    rows = cache.kept("catalog.tree", TREE_SECONDS, _branches, number=number)
    return [Branch(*row) for row in rows]


def featured_ids(number: int) -> list[int]:
    """Return the first page's products, the newest first."""
    found = Product.objects.featured().listed()

    return cache.kept(
        "catalog.featured", FEATURED_SECONDS, lambda: _ids(found, MOST_FEATURED), number=number
    )


def popular_ids(number: int) -> list[int]:
    """Return the products that are looked at most."""
    found = Product.objects.published().listed().filter(stats__views__gt=0)
    found = found.order_by(F("stats__views").desc(), "-pk")

    return cache.kept(
        "catalog.popular", POPULAR_SECONDS, lambda: _ids(found, MOST_POPULAR), number=number
    )


def popular_category_ids(number: int) -> list[int]:
    """Return the categories with the most published products of their own."""
    shown = Q(products__status="published", products__parent=None)
    found = (
        Category.objects.annotate(units=Count("products", filter=shown))
        .filter(units__gt=POPULAR_ABOVE_PRODUCTS)
        .order_by("-units", "name")
    )
    return cache.kept(
        "catalog.popular_categories",
        POPULAR_CATEGORIES_SECONDS,
        lambda: _ids(found, MOST_CATEGORIES),
        number=number,
    )


def _ids(found: Iterable, limit: int) -> list[int]:
    return list(found.values_list("pk", flat=True)[:limit])  # type: ignore[attr-defined]


def _branches() -> list[tuple[int, str, str, int | None, int]]:
    nodes = list(
        Category.objects.order_by("name", "pk").values_list("pk", "name", "slug", "parent")
    )
    own = dict(
        Product.objects.published()
        .listed()
        .exclude(category=None)
        .order_by()
        .values_list("category")
        .annotate(units=Count("pk"))
    )
    parents = {pk: parent for pk, _name, _slug, parent in nodes}
    totals = dict.fromkeys(parents, 0)
    for pk, units in own.items():
        above: int | None = pk
        while above is not None:
            totals[above] += units
            above = parents[above]
    return [(pk, name, slug, parent, totals[pk]) for pk, name, slug, parent in nodes]
