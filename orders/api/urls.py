"""The addresses of carts and orders below /api/v1/."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from orders.api import carts, orders

router = SimpleRouter(use_regex_path=False)
router.register("orders", orders.Orders, basename="order")

urlpatterns = [
    *router.urls,
    path("cart/", carts.CartView.as_view(), name="cart"),
    path("cart/lines/", carts.CartLines.as_view(), name="cart_lines"),
    path("cart/lines/<uuid:product>/", carts.CartLineView.as_view(), name="cart_line"),
    path("cart/check_out/", carts.CheckOut.as_view(), name="check_out"),
    path(
        "products/<uuid:product>/add_to_cart/",
        carts.AddToCart.as_view(),
        name="product_add_to_cart",
    ),
    path("products/<uuid:product>/purchase/", carts.Purchase.as_view(), name="product_purchase"),
]
