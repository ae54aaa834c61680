"""Rule of the catalogue: a dear product in large numbers is nearly always a slip of the keyboard.

The limits are settings (PRICE_STOCK_RULE); every door that raises a price or a stock asks here.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from django.conf import settings
from django.db.models import Max, Q, Sum

from backoffice import changes
from catalog.models import PriceChange, StockLevel
from catalog.refusals import PriceStockRuleBroken


def price_stock_refusal(*, sku: str, price: Decimal, units: int) -> PriceStockRuleBroken | None:
    """Return why this price and this many units on hand may not stand together, or None."""
    price_above = Decimal(settings.PRICE_STOCK_RULE["price_above"])
    units_above = int(settings.PRICE_STOCK_RULE["units_above"])
    if price <= price_above or units <= units_above:
        return None
    return PriceStockRuleBroken(
        sku=sku, price=price, units=units, price_above=price_above, units_above=units_above
    )


def require_price_stock_rule(*, sku: str, price: Decimal, units: int) -> None:
    """Refuse with PriceStockRuleBroken. units: on hand, over all locations."""
    if (refusal := price_stock_refusal(sku=sku, price=price, units=units)) is not None:
        raise refusal


def units_on_hand(product_ids: Collection[int]) -> dict[int, int]:
    """Return the units on hand over all locations, for every product asked for."""
    levels = StockLevel.objects.filter(product__in=product_ids).order_by()
    found = dict(levels.values_list("product").annotate(units=Sum("on_hand")))
    return {product_id: found.get(product_id, 0) for product_id in product_ids}


def highest_scheduled(product_ids: Collection[int]) -> dict[int, Decimal]:
    """Return the highest price that is running or to come, for products that have one."""
    still = Q(ends_at=None) | Q(ends_at__gt=changes.moment())
    waiting = PriceChange.objects.filter(
        still, product__in=product_ids, withdrawn_at=None
    ).order_by()
    return dict(waiting.values_list("product").annotate(highest=Max("price")))
