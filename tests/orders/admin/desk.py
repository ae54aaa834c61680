"""How tests use the orders' pages: what a person at a desk would press and read."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from backoffice.ids import uuid7
from orders.models import Order


def page_of(order: Order) -> str:
    return reverse("admin:orders_order_change", args=[order.pk])


def read(client: Client, url: str, **query: Any) -> str:
    answer = client.get(url, query)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def press(client: Client, order: Order, act: str, **answers: Any) -> HttpResponse:
    """Send an act's dialog for one order."""
    url = reverse("admin:orders_order_act", args=[order.pk, act])
    return client.post(url, {"idempotency_key": uuid7().hex, **answers})


def press_for_all(client: Client, orders: list[Order], act: str, **answers: Any) -> HttpResponse:
    """Send an act's dialog for a selection."""
    url = reverse("admin:orders_order_bulk_act", args=[act])
    ids = [order.pk for order in orders]
    return client.post(url, {"idempotency_key": uuid7().hex, "ids": ids, **answers}, follow=True)


def buttons(html: str, *, is_open: bool) -> set[str]:
    """Return the names of the acts whose buttons a page shows, open or grey."""
    tags = [tag for tag in html.split("<") if 'data-act="' in tag]
    return {
        tag.split('data-act="')[1].split('"')[0]
        for tag in tags
        if ("aria-disabled" not in tag) is is_open
    }
