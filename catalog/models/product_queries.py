"""The words in which products are asked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from backoffice.history import GuardedQuerySet
from catalog.models.categories import Category

if TYPE_CHECKING:
    from backoffice.steps import Outcome
    from catalog.models.products import Product


class ProductQuerySet(GuardedQuerySet):
    def active(self) -> Self:
        """Not archived."""
        return self.exclude(status="archived")

    def published(self) -> Self:
        return self.filter(status="published")

    def featured(self) -> Self:
        return self.published().filter(is_featured=True)

    def with_category(self) -> Self:
        return self.select_related("category")

    def with_tags(self) -> Self:
        return self.prefetch_related("tags")

    def by_category(self, category: Category) -> Self:
        """Products of a category and of everything below it."""
        below = Category.objects.descendants(category, include_self=True)
        return self.filter(category_id__in=list(below.values_list("pk", flat=True)))

    def with_stock(self) -> Self:
        """Annotate `on_hand`, `committed`, `unavailable` and `available` over all locations."""
        from catalog.models.stock import StockLevel

        def total(column: str) -> Coalesce:
            levels = StockLevel.objects.filter(product=OuterRef("pk")).order_by()
            summed = levels.values("product").annotate(units=Sum(column)).values("units")
            return Coalesce(Subquery(summed), 0, output_field=models.IntegerField())

        return self.annotate(
            on_hand=total("on_hand"), committed=total("committed"), unavailable=total("unavailable")
        ).annotate(available=F("on_hand") - F("committed") - F("unavailable"))

    def in_stock(self) -> Self:
        return self.with_stock().filter(available__gt=0)

    def sellable(self) -> Self:
        """Not a parent that is only sold through its variants."""
        return self.filter(variants__isnull=True)

    def low_on_stock(self) -> Self:
        """Published, sold as such, and at or below the threshold."""
        return (
            self.published().sellable().with_stock().filter(available__lte=F("low_stock_threshold"))
        )

    def with_stats(self) -> Self:
        """Annotate `review_count` and `average_rating` of approved reviews."""
        approved = Q(reviews__status="approved")
        return self.annotate(
            review_count=models.Count("reviews", filter=approved, distinct=True),
            average_rating=models.Avg("reviews__rating", filter=approved),
        )

    def containing(self, words: str) -> Self:
        """Every word must occur in sku, barcode, name, description or a tag."""
        from catalog.models.products import ProductTag

        query = self
        for word in words.split():
            query = query.filter(
                Q(sku__icontains=word)
                | Q(barcode=word)
                | Q(name__icontains=word)
                | Q(description__icontains=word)
                | Q(pk__in=ProductTag.objects.filter(tag__name__icontains=word).values("product"))
            )
        return query

    def search(self, words: str) -> Self:
        """Find by words of name, SKU, tags and description, as the shop and the API do.

        PostgreSQL: full text, every word by its stem or its beginning; products whose words the
        index does not have yet are read as they are. Elsewhere: every word must occur.
        """
        from catalog.models import search

        return search.found(self, words)

    def ranked(self, words: str) -> Self:
        """Order what `search` found: best first."""
        from catalog.models import search

        return search.ranked(self, words)

    def listed(self) -> Self:
        """Not a variant: variants are found on the page of their product."""
        return self.filter(parent=None)

    def visible(self) -> Self:
        """What has a page in the shop: published, and so is the product that it is a variant of."""
        return self.published().filter(Q(parent=None) | Q(parent__status="published"))

    def with_price_at(self, moment: datetime) -> Self:
        """Annotate `price_now`: a running scheduled price, else the list price.

        As `prices_of` answers it; of a product with variants: the lowest that one can be had for.
        """
        from catalog.models.prices import PriceChange
        from catalog.models.products import Product

        def running(product: str) -> Subquery:
            found = PriceChange.objects.running_at(moment).filter(product=OuterRef(product))
            return Subquery(found.order_by("-starts_at", "-pk").values("price")[:1])

        variants = (
            Product.objects.published()
            .filter(parent=OuterRef("pk"))
            .order_by()
            .annotate(asked=Coalesce(running("pk"), F("price")))
            .values("parent")
            .annotate(lowest=models.Min("asked"))
            .values("lowest")
        )
        return self.annotate(price_now=Coalesce(Subquery(variants), running("pk"), F("price")))

    def recent(self, days: int = 7) -> Self:
        return self.filter(created_at__gte=timezone.now() - timedelta(days=days))


class ProductManager(models.Manager.from_queryset(ProductQuerySet)):  # type: ignore[misc]
    """Products, and two doors to the services for who holds only the model."""

    def create_with_tags(self, **draft: Any) -> Product:
        """Create a product with tags: `services.create_with_tags`."""
        from catalog import services

        return services.create_with_tags(**draft)

    def set_stocks(self, **counted: Any) -> Outcome[Product]:
        """Set many products' stock to counted numbers: `services.set_stocks`."""
        from catalog import services

        return services.set_stocks(**counted)
