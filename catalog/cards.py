"""What the catalogue puts into navigation, home page and palette."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from backoffice.cards import Hit, Kpi, NavItem, Panel, PanelRow, register, search_source
from backoffice.models import User
from catalog import record_cards as _record  # noqa: F401  (its cards register)
from catalog.models import PriceChange, Product, Review

CATALOGUE = _("Catalogue")
URGENT_ROWS = 8
SEARCH_ROWS = 5


def low_stock(_user: User) -> int | None:
    return Product.objects.low_on_stock().count() or None


def waiting_reviews(_user: User) -> int | None:
    return Review.objects.filter(status="pending").count() or None


def published_products(_user: User) -> int:
    return Product.objects.published().count()


def low_on_stock(_user: User) -> int:
    return Product.objects.low_on_stock().count()


def out_of_stock(_user: User) -> int:
    return Product.objects.published().sellable().with_stock().filter(available__lte=0).count()


def running(_user: User) -> str:
    count = PriceChange.objects.running_at(timezone.now()).count()
    if not count:
        return ""
    return ngettext("%(n)d scheduled price runs", "%(n)d scheduled prices run", count) % {
        "n": count
    }


def most_urgent(user: User) -> list[PanelRow]:
    """Return the published products that are furthest below their threshold, emptiest first."""
    may_adjust = user.has_perm("catalog.adjust_stock_product")
    products = (
        Product.objects.low_on_stock()
        .only("name", "sku", "low_stock_threshold")
        .order_by("available", F("low_stock_threshold").desc(), "name")
    )
    return [
        PanelRow(
            title=product.name,
            url=(
                reverse("admin:catalog_product_act", args=[product.pk, "adjust_stock"])
                if may_adjust
                else reverse("admin:catalog_product_change", args=[product.pk])
            ),
            detail=product.sku,
            badge=(
                _("Out of stock")
                if product.available <= 0
                else ngettext("%(n)d left", "%(n)d left", product.available)
                % {"n": product.available}
            ),
            tone="danger" if product.available <= 0 else "warning",
        )
        for product in products[:URGENT_ROWS]
    ]


@search_source(permission="catalog.view_product", label=_("Products"), order=20)
def find_products(_user: User, text: str, limit: int) -> Iterable[Hit]:
    """Find products: who types a whole SKU or barcode means that one product."""
    text = text.strip()
    if not text:
        return []
    limit = min(limit, SEARCH_ROWS)
    keyed = list(Product.objects.filter(Q(sku__iexact=text) | Q(barcode=text))[:limit])
    named = Product.objects.exclude(pk__in=[product.pk for product in keyed]).order_by("name")
    for word in text.split():
        named = named.filter(Q(name__icontains=word) | Q(sku__icontains=word))
    return [
        *(hit(product, is_exact=True) for product in keyed),
        *(hit(product) for product in named[: limit - len(keyed)]),
    ]


def hit(product: Product, *, is_exact: bool = False) -> Hit:
    return Hit(
        title=product.name,
        url=reverse("admin:catalog_product_change", args=[product.pk]),
        description=f"{product.sku} · {product.get_status_display()}",
        icon="package_2",
        is_exact=is_exact,
    )


register(
    NavItem(
        name="catalog.products", label=_("Products"), permission="catalog.view_product",
        url="admin:catalog_product_changelist", group=CATALOGUE, icon="package_2", key="p",
        badge=low_stock, order=200, words="sku barcode price article",
    ),
    NavItem(
        name="catalog.categories", label=_("Categories"), permission="catalog.view_category",
        url="admin:catalog_category_changelist", group=CATALOGUE, icon="account_tree", key="c",
        order=210, words="tree",
    ),
    NavItem(
        name="catalog.tags", label=_("Tags"), permission="catalog.view_tag",
        url="admin:catalog_tag_changelist", group=CATALOGUE, icon="sell", order=220,
    ),
    NavItem(
        name="catalog.prices", label=_("Scheduled prices"), permission="catalog.view_pricechange",
        url="admin:catalog_pricechange_changelist", group=CATALOGUE, icon="schedule", order=230,
        words="sale offer weekend",
    ),
    NavItem(
        name="catalog.reviews", label=_("Reviews"), permission="catalog.view_review",
        url="admin:catalog_review_changelist", query="queue=waiting", group=CATALOGUE,
        icon="reviews", key="r", badge=waiting_reviews, order=240, words="rating moderation",
    ),
    NavItem(
        name="catalog.stock", label=_("Stock"), permission="catalog.view_stocklevel",
        url="admin:catalog_stocklevel_changelist", group=_("Stock"), icon="shelves", key="s",
        order=300, words="inventory level",
    ),
    NavItem(
        name="catalog.movements", label=_("Movements"), permission="catalog.view_stockmovement",
        url="admin:catalog_stockmovement_changelist", group=_("Stock"), icon="swap_vert",
        key="v", order=310, words="ledger received shipped",
    ),
    NavItem(
        name="catalog.locations", label=_("Locations"), permission="catalog.view_stocklocation",
        url="admin:catalog_stocklocation_changelist", group=_("Stock"), icon="warehouse",
        order=320, words="warehouse",
    ),
    NavItem(
        name="catalog.new_product", label=_("New product"), permission="catalog.add_product",
        url="admin:catalog_product_add", icon="add", in_sidebar=False, order=205,
        words="create add",
    ),
    Kpi(
        name="catalog.published", label=_("Published products"), value=published_products,
        hint=running, permission="catalog.view_product", icon="package_2",
        url="admin:catalog_product_changelist", query="queue=published", order=200,
    ),
    Kpi(
        name="catalog.low", label=_("Low stock"), value=low_on_stock,
        hint=_("at or below the threshold"), permission="catalog.view_product",
        icon="production_quantity_limits", tone="warning",
        url="admin:catalog_product_changelist", query="queue=low", order=210,
    ),
    Kpi(
        name="catalog.out", label=_("Out of stock"), value=out_of_stock,
        hint=_("published, none to sell"), permission="catalog.view_product",
        icon="remove_shopping_cart", tone="danger",
        url="admin:catalog_product_changelist", query="queue=out", order=220,
    ),
    Panel(
        name="catalog.low_stock", label=_("Low stock"), rows=most_urgent,
        empty=_("Nothing is low."), permission="catalog.view_product",
        icon="production_quantity_limits", url="admin:catalog_product_changelist",
        query="queue=low", order=200,
    ),
)  # fmt: skip
