"""A cart as it is shown: prices and stock of this moment, and a stamp of what was seen."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from backoffice.refused import Refused
from catalog.models import Product
from catalog.services.allocation import NotEnoughStock
from catalog.services.prices import prices_of
from orders.models import Cart, CartLine
from orders.services.carts import most_free
from orders.services.lines import refused_products

ZERO = Decimal(0)
Seen = dict[str, tuple[int, str]]


@dataclass(frozen=True)
class LineLook:
    """One line of a cart. problem: why it cannot be ordered as it is; None: it can."""

    line: CartLine
    product: Product
    units: int
    unit_price: Decimal
    free: int
    problem: Refused | None = None

    @property
    def total(self) -> Decimal:
        return self.unit_price * self.units


@dataclass(frozen=True)
class CartLook:
    """A cart's lines and sums in the shop's currency, as of one moment."""

    cart: Cart | None
    lines: list[LineLook] = field(default_factory=list)
    currency: str = ""

    @property
    def units(self) -> int:
        return sum(line.units for line in self.lines)

    @property
    def subtotal(self) -> Decimal:
        return sum((line.total for line in self.lines), ZERO)

    @property
    def shipping_fee(self) -> Decimal:
        return fee_for(self.subtotal) if self.lines else ZERO

    @property
    def total(self) -> Decimal:
        return self.subtotal + self.shipping_fee

    @property
    def problems(self) -> list[Refused]:
        return [line.problem for line in self.lines if line.problem is not None]

    @property
    def can_be_ordered(self) -> bool:
        return bool(self.lines) and not self.problems

    @property
    def stamp(self) -> str:
        """What was shown, for a form to send along: check-out refuses when it is not so any more.

        It protects nobody but whoever sends it, so it is not signed.
        """
        seen = {line.product.sku: (line.units, f"{line.unit_price:.2f}") for line in self.lines}
        return base64.urlsafe_b64encode(json.dumps(seen).encode()).decode().rstrip("=")

    def differences_from(self, stamp: str) -> list[str]:
        """Return the SKUs whose price, units or presence are not what the stamp shows."""
        then, now = read_stamp(stamp), read_stamp(self.stamp)
        return sorted(sku for sku in {*then, *now} if then.get(sku) != now.get(sku))


def look_at(cart: Cart | None, *, at: datetime) -> CartLook:
    """Return a cart as it is shown; None is an empty one. Five queries, however many lines."""
    currency = settings.CURRENCY
    rows = list(cart.lines.select_related("product").order_by("pk")) if cart else []
    if not rows:
        return CartLook(cart, currency=currency)
    ids = [row.product_id for row in rows]
    prices = prices_of([row.product for row in rows], at)
    free, refused = most_free(ids), refused_products(ids, currency=currency)
    return CartLook(
        cart,
        [
            LineLook(
                line=row,
                product=row.product,
                units=row.units,
                unit_price=prices[row.product_id],
                free=max(free.get(row.product_id, 0), 0),
                problem=refused.get(row.product_id) or _short(row, free.get(row.product_id, 0)),
            )
            for row in rows
        ],
        currency,
    )


def fee_for(subtotal: Decimal) -> Decimal:
    """Return what the web shop takes for sending goods of this worth."""
    return ZERO if subtotal >= settings.SHIPPING_FREE_FROM else settings.SHIPPING_FEE


def read_stamp(stamp: str) -> Seen:
    """Return what a stamp says was shown; what is no stamp shows nothing."""
    try:
        said = json.loads(base64.urlsafe_b64decode(stamp + "=" * (-len(stamp) % 4)))
        return {str(sku): (int(units), str(price)) for sku, (units, price) in said.items()}
    except (ValueError, TypeError, AttributeError, RecursionError, binascii.Error):
        return {}


def _short(row: CartLine, free: int) -> Refused | None:
    if row.units <= free:
        return None
    return NotEnoughStock(sku=row.product.sku, wanted=row.units, free=max(free, 0))
