"""What other systems are told of the shelf: a product that has just become short."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backoffice import hooks
from catalog.models import Product

STOCK_LOW = hooks.event("stock.low", _("A product fell to its threshold"))


def tell_low(units: Mapping[int, int] | None, **_: Any) -> None:
    """Tell of those that crossed their threshold with this movement, not of those long below.

    units: by how much what can be sold changed, by product. None: a sheet was counted in, and
    whoever sent it knows.
    """
    fallen = {pk: change for pk, change in (units or {}).items() if change < 0}
    if not fallen or not hooks.is_heard(STOCK_LOW):
        return
    low = Product.objects.published().with_stock().filter(pk__in=fallen)
    rows = low.filter(available__lte=F("low_stock_threshold"))
    hooks.tell(
        STOCK_LOW,
        [
            {
                "product": str(row.uuid),
                "sku": row.sku,
                "available": row.available,
                "threshold": row.low_stock_threshold,
            }
            for row in rows
            if row.available - fallen[row.pk] > row.low_stock_threshold
        ],
    )
