"""The cart and the checkout."""

from __future__ import annotations

from django.views.generic import TemplateView


class CartPage(TemplateView):
    template_name = "shop/cart.html"


class Checkout(TemplateView):
    template_name = "shop/checkout.html"


class AddToCart(TemplateView):
    template_name = "shop/cart.html"
