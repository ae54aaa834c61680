"""How catalogue lists are narrowed: one FilterSet per table, for the console and the API alike."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import F, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_filters.widgets import RangeWidget

from backoffice.adminkit.filters import ConsoleFilterSet, DayRangeFilter
from catalog.models import (
    Category,
    PriceChange,
    Product,
    Review,
    StockLevel,
    StockLocation,
    StockMovement,
    Tag,
)
from catalog.models.categories import CategoryQuerySet
from catalog.models.prices import PriceChangeQuerySet
from catalog.models.product_queries import ProductQuerySet
from catalog.states import PRODUCT_FLOW, REVIEW_FLOW

ANY = _("Any")
YES_NO = [("1", _("Yes")), ("0", _("No"))]
STOCK_STATES = [
    ("in", _("In stock")),
    ("low", _("Low: at or below its threshold")),
    ("out", _("Out of stock")),
]


def category_tree(_request: HttpRequest | None = None) -> CategoryQuerySet:
    """Return all categories in the tree's own order, with their depth."""
    return Category.objects.with_tree_fields()


def of_stock_state(query: ProductQuerySet, state: str) -> ProductQuerySet:
    """Narrow products to a stock state; a parent has no stock, its variants have."""
    sold = query.sellable().with_stock()
    if state == "in":
        return sold.filter(available__gt=0)
    if state == "low":
        return sold.filter(available__lte=F("low_stock_threshold"))
    if state == "out":
        return sold.filter(available__lte=0)
    return query


class AmountRangeWidget(RangeWidget):
    """From and to, each with its word."""

    template_name = "backoffice/widgets/day_range.html"


class CategoryChoice(filters.fields.ModelChoiceField):
    """A choice from the tree, indented by depth."""

    def label_from_instance(self, category: Category) -> str:
        # Non-breaking spaces: a browser swallows leading spaces of an option.
        return "\u00a0\u00a0\u00a0" * getattr(category, "tree_depth", 0) + category.name


class CategoryFilter(filters.ModelChoiceFilter):
    field_class = CategoryChoice


class ProductFilter(ConsoleFilterSet):
    """Products by state, place in the tree, tag, price, stock and age."""

    status = filters.ChoiceFilter(label=_("Status"), choices=PRODUCT_FLOW.choices, empty_label=ANY)
    category = CategoryFilter(
        label=_("Category and below"),
        queryset=category_tree,
        method="below_category",
        empty_label=ANY,
    )
    tag = filters.ModelChoiceFilter(
        label=_("Tag"),
        field_name="tags",
        empty_label=ANY,
        queryset=lambda _request: Tag.objects.all(),
    )
    price = filters.RangeFilter(label=_("Price"), widget=AmountRangeWidget)
    stock = filters.ChoiceFilter(
        label=_("Stock"), choices=STOCK_STATES, method="by_stock_state", empty_label=ANY
    )
    is_featured = filters.ChoiceFilter(label=_("Featured"), choices=YES_NO, empty_label=ANY)
    created = DayRangeFilter(label=_("Created"), field_name="created_at")

    class Meta:
        model = Product
        fields: tuple[str, ...] = ()

    def below_category(self, query: Any, _name: str, category: Category | None) -> Any:
        return query.by_category(category) if category else query

    def by_stock_state(self, query: Any, _name: str, state: str) -> Any:
        return of_stock_state(query, state)


class ReviewFilter(ConsoleFilterSet):
    status = filters.ChoiceFilter(label=_("Status"), choices=REVIEW_FLOW.choices, empty_label=ANY)
    rating = filters.RangeFilter(label=_("Stars"), widget=AmountRangeWidget)
    written = DayRangeFilter(label=_("Written"), field_name="created_at")

    class Meta:
        model = Review
        fields: tuple[str, ...] = ()


class StockLevelFilter(ConsoleFilterSet):
    location = filters.ModelChoiceFilter(
        label=_("Location"),
        empty_label=ANY,
        queryset=lambda _request: StockLocation.objects.all(),
    )
    category = CategoryFilter(
        label=_("Category and below"),
        queryset=category_tree,
        method="below_category",
        empty_label=ANY,
    )
    stock = filters.ChoiceFilter(
        label=_("Stock"), choices=STOCK_STATES, method="by_stock_state", empty_label=ANY
    )

    class Meta:
        model = StockLevel
        fields: tuple[str, ...] = ()

    def below_category(self, query: Any, _name: str, category: Category | None) -> Any:
        if category is None:
            return query
        below = Category.objects.descendants(category, include_self=True)
        return query.filter(product__category_id__in=list(below.values_list("pk", flat=True)))

    def by_stock_state(self, query: Any, _name: str, state: str) -> Any:
        """Judge the level itself: this product at this location."""
        if state not in dict(STOCK_STATES):
            return query
        query = query.alias(free=F("on_hand") - F("committed") - F("unavailable"))
        if state == "in":
            return query.filter(free__gt=0)
        if state == "low":
            return query.filter(free__lte=F("product__low_stock_threshold"))
        return query.filter(free__lte=0)


class StockMovementFilter(ConsoleFilterSet):
    kind = filters.ChoiceFilter(
        label=_("Kind"), choices=StockMovement.Kind.choices, empty_label=ANY
    )
    location = filters.ModelChoiceFilter(
        label=_("Location"),
        empty_label=ANY,
        queryset=lambda _request: StockLocation.objects.all(),
    )
    day = DayRangeFilter(label=_("When"), field_name="at")

    class Meta:
        model = StockMovement
        fields: tuple[str, ...] = ()


class PriceChangeFilter(ConsoleFilterSet):
    price = filters.RangeFilter(label=_("Price"), widget=AmountRangeWidget)
    starts = DayRangeFilter(label=_("Starts"), field_name="starts_at")
    ends = DayRangeFilter(label=_("Ends"), field_name="ends_at")

    class Meta:
        model = PriceChange
        fields: tuple[str, ...] = ()


def running_prices(query: PriceChangeQuerySet) -> PriceChangeQuerySet:
    return query.running_at(timezone.now())


def coming_prices(query: PriceChangeQuerySet) -> PriceChangeQuerySet:
    return query.filter(starts_at__gt=timezone.now(), withdrawn_at=None)


def ended_prices(query: PriceChangeQuerySet) -> PriceChangeQuerySet:
    """Ended by the clock, or withdrawn."""
    return query.filter(Q(withdrawn_at__isnull=False) | Q(ends_at__lte=timezone.now()))
