"""The cart: what lies in it, laying something in, and saying how many."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.cache import never_cache

from backoffice.kept_pages import is_part
from backoffice.refused import BadValue, Refused, UnknownRow
from catalog import services as catalog
from catalog.models import Product
from orders import layout, services
from orders.cart_keys import ensure_owner, owner_of

MOST_DIGITS = 6


def cart_context(request: HttpRequest) -> dict[str, Any]:
    """Return the cart as it is now, with a picture for each line."""
    look = services.look_at(services.find_cart(**owner_of(request)), at=timezone.now())
    pictures = catalog.leading_pictures(products=[line.product for line in look.lines])
    lines = [(line, pictures.get(line.product.pk)) for line in look.lines]
    return {"look": look, "lines": lines}


@method_decorator(never_cache, name="dispatch")
class CartPage(View):
    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "shop/cart.html", cart_context(request))


@method_decorator(never_cache, name="dispatch")
class AddToCart(View):
    """Lay a product into the cart; HTMX gets a sentence and the new number beside the cart."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            product = _product(request)
            owner = ensure_owner(request)
            services.add_to_cart(
                cart_id=services.cart_of(**owner).pk,
                product_id=product.pk,
                units=_units(request),
                by=owner["by"],
            )
        except Refused as refused:
            return self._answer(request, refused=refused, status=refused.http_status)
        return self._answer(request, product=product, status=200)

    def _answer(self, request: HttpRequest, status: int, **context: Any) -> HttpResponse:
        layout.forget_units(request)
        if is_part(request):
            context["units"] = layout.units_in_cart(request)
            return render(request, "shop/added.html", context, status=status)
        if "refused" in context:
            messages.error(request, str(context["refused"]))
        return HttpResponseRedirect(reverse("shop:cart"))


@method_decorator(never_cache, name="dispatch")
class SetUnits(View):
    """Say how many units of a line are wanted; none takes it out."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        status = 200
        try:
            product = _product(request, is_in_cart=True)
            owner = owner_of(request)
            cart = services.find_cart(**owner)
            if cart is None:
                raise UnknownRow(what=_("cart"), key="")
            services.set_units(
                cart_id=cart.pk, product_id=product.pk, units=_units(request), by=owner["by"]
            )
        except Refused as refused:
            messages.error(request, str(refused))
            status = refused.http_status
        layout.forget_units(request)
        if not is_part(request):
            return HttpResponseRedirect(reverse("shop:cart"))
        context = {**cart_context(request), "units": layout.units_in_cart(request)}
        return render(request, "shop/cart_part.html", context, status=status)


def _product(request: HttpRequest, *, is_in_cart: bool = False) -> Product:
    """Return the product that a form names; what lies in a cart may be gone from the shop.

    Refuses: UnknownRow.
    """
    try:
        uuid = UUID(request.POST.get("product", ""))
    except ValueError:
        uuid = None
    found = Product.objects.all() if is_in_cart else Product.objects.visible()
    product = found.filter(uuid=uuid).first() if uuid else None
    if product is None:
        raise UnknownRow(what=_("product on sale"), key="")
    return product


def _units(request: HttpRequest) -> int:
    text = request.POST.get("units", "1").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise BadValue(field=_("Units"), problem=_("a whole number is needed."))
    return int(text)
