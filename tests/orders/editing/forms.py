"""The form of an order as a browser sends it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from backoffice.ids import uuid7
from catalog.models import Product
from orders.models import Order
from tests.orders.factories import fresh


def edit_url(order: Order) -> str:
    return reverse("admin:orders_order_edit", args=[order.pk])


def preview_url(order: Order) -> str:
    return reverse("admin:orders_order_preview", args=[order.pk])


def form_of(order: Order, **changes: Any) -> dict[str, Any]:
    """Return what the browser sends when nothing was touched but `changes`."""
    order = fresh(order)
    data: dict[str, Any] = {
        "shipping_fee": str(order.shipping_fee),
        "discount": "",
        "discount_reason": "",
        "reason": "",
        "version": order.version,
        "idempotency_key": uuid7().hex,
    }
    lines = list(order.lines.order_by("pk"))
    for at, line in enumerate(lines):
        data |= {
            f"lines-{at}-product": line.product_id,
            f"lines-{at}-quantity": line.quantity,
            f"lines-{at}-discount": "",
            f"lines-{at}-discount_reason": "",
            f"lines-{at}-line_id": line.pk,
            f"lines-{at}-was": str(line.quantity),
        }
    data |= {"lines-TOTAL_FORMS": len(lines), "lines-INITIAL_FORMS": len(lines)}
    return {**data, **changes}


def with_line(form: dict[str, Any], product: Product, quantity: int) -> dict[str, Any]:
    at = form["lines-TOTAL_FORMS"]
    return {
        **form,
        "lines-TOTAL_FORMS": at + 1,
        f"lines-{at}-product": product.pk,
        f"lines-{at}-quantity": quantity,
    }
