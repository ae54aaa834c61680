"""How tests use bulk runs: what a person at the list of orders would press and read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from backoffice.ids import uuid7
from backoffice.models import BulkRun
from orders.models import Order

LIST = "/admin/orders/order/"
CANCEL = {"reason_code": "other", "reason": "Recalled", "restock": "on", "refund": "on"}


def choose(
    client: Client, act: str, orders: Sequence[Order] = (), *, query: str = "", across: bool = False
) -> BulkRun:
    """Choose an act for more rows than a dialog takes; return what was staged."""
    answer = client.post(
        f"{LIST}{query}",
        {
            "action": f"act_{act}",
            "index": "0",
            "select_across": "1" if across else "0",
            "_selected_action": [order.pk for order in orders],
        },
    )
    assert answer.status_code == 302, answer.content.decode()[:400]
    return BulkRun.objects.get(pk=answer.url.rstrip("/").split("/")[-2])


def page(run: BulkRun, name: str = "change") -> str:
    return reverse(f"admin:backoffice_bulkrun_{name}", args=[run.pk])


def press(client: Client, run: BulkRun, name: str, **answers: Any) -> HttpResponse:
    return client.post(page(run, name), {"idempotency_key": uuid7().hex, **answers})


def fresh(run: BulkRun) -> BulkRun:
    return BulkRun.objects.get(pk=run.pk)


def verdicts(run: BulkRun) -> dict[str, int]:
    """Return how many rows have each verdict."""
    found: dict[str, int] = {}
    for verdict in run.rows.values_list("verdict", flat=True):
        found[verdict] = found.get(verdict, 0) + 1
    return found
