"""What orders put into the layout of the pages outside the console: the way to the cart."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum
from django.http import HttpRequest

from backoffice.layout import Part, register
from orders.cart_keys import owner_of
from orders.services import find_cart


def units_in_cart(request: HttpRequest) -> int:
    """Return how many units lie in the visitor's cart; asked once per request."""
    if not hasattr(request, "_units_in_cart"):
        cart = find_cart(**owner_of(request))
        sums = cart.lines.aggregate(units=Sum("units")) if cart else {}
        request._units_in_cart = sums.get("units") or 0  # type: ignore[attr-defined]
    return request._units_in_cart  # type: ignore[attr-defined]


def forget_units(request: HttpRequest) -> None:
    """Let it be asked again: the cart changed."""
    request.__dict__.pop("_units_in_cart", None)


def _cart(request: HttpRequest) -> dict[str, Any]:
    return {"units": units_in_cart(request)}


register(
    Part(
        name="cart",
        slot="actions",
        template="shop/layout/cart.html",
        context=_cart,
        vary=lambda request: str(units_in_cart(request)),
    )
)
