"""What a product's page shows beside its form. Only reading."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils import timezone

from backoffice.models import User
from catalog.admin import columns
from catalog.admin.facts import load_product_facts
from catalog.models import Product, StockMovement

RECENT_MOVEMENTS = 10
MOST_VARIANTS = 100


def panels_of(product: Product, user: User) -> dict[str, Any]:
    """Return the template context of a product whose facts are loaded."""
    now = timezone.now()
    variants = list(product.variants.order_by("name")[:MOST_VARIANTS])
    load_product_facts(variants)
    scheduled = product.price_changes.filter(
        Q(ends_at=None) | Q(ends_at__gt=now), withdrawn_at=None
    ).order_by("starts_at")
    movements = (
        StockMovement.objects.filter(product=product)
        .select_related("location", "change_set__origin")
        .order_by("-id")
    )
    return {
        "product": product,
        "facts": product.facts,
        "thumb": columns.thumb(product.facts.picture, is_parent=product.facts.is_parent),
        "price": columns.price_cell(product, product.facts.running_price),
        "available": columns.stock_cell(
            product.facts.available,
            product.low_stock_threshold,
            is_parent=product.facts.is_parent,
            is_sold=product.status == "published",
        ),
        "levels": list(product.levels.select_related("location").order_by("location__priority")),
        "scheduled": [
            {
                "change": change,
                "is_running": change.starts_at <= now,
                "price": columns.money(change.price, product.currency),
            }
            for change in scheduled
        ],
        "variants": [
            {
                "row": variant,
                "options": ", ".join(variant.options.values()) or variant.name,
                "badge": columns.status_badge(variant),
                "price": columns.price_cell(variant, variant.facts.running_price),
                "stock": columns.stock_cell(
                    variant.facts.available,
                    variant.low_stock_threshold,
                    is_parent=False,
                    is_sold=variant.status == "published",
                ),
            }
            for variant in variants
        ],
        "movements": [
            {
                "row": movement,
                "kind": columns.kind_badge(movement),
                "on_hand": columns.signed(movement.on_hand_delta),
                "committed": columns.signed(movement.committed_delta),
            }
            for movement in movements[:RECENT_MOVEMENTS]
        ],
        "may_edit_shortly": product.status != "archived"
        and user.has_perm("catalog.change_product"),
        "may_price": user.has_perm("catalog.change_price_product"),
        "may_stock": user.has_perm("catalog.adjust_stock_product"),
        "may_see_movements": user.has_perm("catalog.view_stockmovement"),
        "may_see_prices": user.has_perm("catalog.view_pricechange"),
    }
