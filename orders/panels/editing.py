"""Where an order came from and where it went, and what an edit left paid too much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from orders.balance import balance_of
from orders.panels.base import Asked, Panel

OWED = {"pending", "processing"}


def _show(asked: Asked) -> Mapping[str, Any] | None:
    order = asked.ws.order
    balance = balance_of(order)
    shown = {
        "copied_from": order.copied_from,
        "merged_into": order.merged_into,
        "merged": list(order.merged.order_by("pk")) if order.number else [],
        "over": balance.over if order.status in OWED and order.facts.claim is None else 0,
        "currency": order.currency,
        "buttons": [
            replace(button, url=f"{button.url}?amount={balance.over}")
            for button in asked.open_buttons("refund")
        ],
    }
    return (
        shown
        if any(shown[name] for name in ("copied_from", "merged_into", "merged", "over"))
        else None
    )


PANEL = Panel("editing", "orders/workspace/editing.html", "top", _show)
