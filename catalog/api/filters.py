"""The console's filters, with the names that programs know things by."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import Q
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from catalog.filters import ProductFilter, ReviewFilter, StockLevelFilter, StockMovementFilter
from catalog.models import Category, Product, StockLocation, Tag

SEARCH_LENGTH = 200


@extend_schema_field(OpenApiTypes.STR)
class BySlug(filters.ModelChoiceFilter):
    """A row by its slug, or another word that people know it by."""

    def __init__(self, queryset: Any, *, by: str = "slug", **options: Any) -> None:
        super().__init__(queryset=queryset, to_field_name=by, **options)


@extend_schema_field(OpenApiTypes.UUID)
class ByUuid(filters.ModelChoiceFilter):
    def __init__(self, queryset: Any, **options: Any) -> None:
        super().__init__(queryset=queryset, to_field_name="uuid", **options)


class ProductQuery(ProductFilter):
    """`?q=` words; a category with everything below it, and a tag, by slug."""

    q = filters.CharFilter(label="Words", method="search", max_length=SEARCH_LENGTH)
    slug = filters.CharFilter(label="Slug", max_length=250)
    sku = filters.CharFilter(label="SKU", max_length=64)
    category = BySlug(
        Category.objects.all(), label="Category and below, by slug", method="below_category"
    )
    tag = BySlug(Tag.objects.all(), label="Tag, by slug", field_name="tags")

    def search(self, query: Any, _name: str, words: str) -> Any:
        return query.search(words)


class ReviewQuery(ReviewFilter):
    product = ByUuid(Product.objects.all(), label="Product, by uuid")


class StockLevelQuery(StockLevelFilter):
    product = ByUuid(Product.objects.all(), label="Product, by uuid")
    location = BySlug(StockLocation.objects.all(), label="Location, by code", by="code")
    category = BySlug(
        Category.objects.all(), label="Category and below, by slug", method="below_category"
    )


class StockMovementQuery(StockMovementFilter):
    product = ByUuid(Product.objects.all(), label="Product, by uuid")
    location = BySlug(StockLocation.objects.all(), label="Location, by code", by="code")


class CategoryQuery(filters.FilterSet):
    """`?parent=<slug>`: what hangs right below; `?parent=` (blank) is no filter."""

    parent = BySlug(Category.objects.all(), label="Parent, by slug")
    is_root = filters.BooleanFilter(label="At the top", method="at_the_top")
    slug = filters.CharFilter(label="Slug", max_length=140)

    class Meta:
        model = Category
        fields: tuple[str, ...] = ()

    def at_the_top(self, query: Any, _name: str, wanted: bool) -> Any:
        return query.filter(Q(parent=None)) if wanted else query.exclude(parent=None)
