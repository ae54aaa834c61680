"""What the order's form asks while somebody types: customers and products."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, path

from backoffice.adminkit.flow_admin import FlowAdmin
from catalog.models import Product
from orders.admin.order_form import CustomerField, ProductField
from orders.models import Customer

CHOICES_A_PAGE = 20


class LooksUp(FlowAdmin):
    """The part of OrderAdmin that answers Select2, to people who may write orders."""

    def lookup_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("find/customers/", wrap(self.customers_view), name="orders_order_customers"),
            path("find/products/", wrap(self.products_view), name="orders_order_products"),
        ]

    def customers_view(self, request: HttpRequest) -> JsonResponse:
        words = _words(request)
        found = Customer.objects.filter(is_active=True).order_by("first_name", "email")
        for word in words.split():
            found = found.filter(
                Q(email__icontains=word)
                | Q(first_name__icontains=word)
                | Q(last_name__icontains=word)
            )
        return self._options(request, found, CustomerField.options_of)

    def products_view(self, request: HttpRequest) -> JsonResponse:
        words = _words(request)
        found = Product.objects.published().sellable().order_by("name", "pk")
        return self._options(request, found.containing(words), ProductField.options_of)

    def _options(self, request: HttpRequest, found: QuerySet[Any], options_of: Any) -> JsonResponse:
        if not request.user.has_perm("orders.add_order"):
            raise PermissionDenied
        page = Paginator(found, CHOICES_A_PAGE).get_page(request.GET.get("page", 1))
        return JsonResponse(
            {"results": options_of(list(page)), "pagination": {"more": page.has_next()}}
        )


def _words(request: HttpRequest) -> str:
    """Return what is looked for, without the NUL that PostgreSQL takes in no question."""
    return request.GET.get("term", "").replace("\x00", "").strip()
