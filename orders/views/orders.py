"""What a customer ordered: the list, and the page of one order."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.views.generic import DetailView, ListView

from orders.models import Order


class MyOrders(LoginRequiredMixin, ListView):
    template_name = "shop/my_orders.html"
    paginate_by = 20

    def get_queryset(self) -> Any:
        return Order.objects.filter(customer_id=self.request.user.pk).exclude(status="draft")


class OrderPage(LoginRequiredMixin, DetailView):
    template_name = "shop/order.html"
    slug_field = "uuid"
    slug_url_kwarg = "order"

    def get_queryset(self) -> Any:
        return Order.objects.filter(customer_id=self.request.user.pk).exclude(status="draft")
