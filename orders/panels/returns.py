"""Goods of the order that come back, and what is to be done about them next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

from backoffice.flows import Offer, State
from backoffice.models import User
from orders.models import Return, ReturnLine
from orders.panels.base import Asked, Button, Panel
from orders.services.returns import load_return_facts
from orders.states import REFUND_RETURN, RETURN_FLOW
from orders.sums import in_words

# Steps that have a page of their own.
PAGES = ("inspect", "exchange")


@dataclass(frozen=True)
class ReturnRow:
    """A return as the workspace shows it."""

    row: Return
    state: State
    lines: list[ReturnLine]
    url: str
    due: str
    buttons: list[Button] = field(default_factory=list)


def buttons_of(row: Return, user: User) -> list[Button]:
    """Return what somebody may do with a return whose facts are loaded: what leads on first."""
    offers = RETURN_FLOW.offers(row, user)
    if row.status in REFUND_RETURN.sources and user.has_perm(REFUND_RETURN.permission_name):
        offers.insert(0, Offer(REFUND_RETURN, REFUND_RETURN.refusal(row)))
    buttons = [_button(row, offer) for offer in offers]
    return sorted(buttons, key=lambda button: (not button.is_open, button.tone == "danger"))


def _button(row: Return, offer: Offer) -> Button:
    step = offer.step
    is_page = step.name in PAGES
    name = "refund" if step is REFUND_RETURN else step.name
    url = (
        reverse(f"admin:orders_return_{name}", args=[row.pk])
        if is_page
        else reverse("admin:orders_return_act", args=[row.pk, name])
    )
    return Button(name, step.label, step.tone, url, step.effect, offer.refusal, is_page=is_page)


def show(asked: Asked) -> Mapping[str, Any] | None:
    """Return the order's returns, oldest first; hidden until something was shipped."""
    order = asked.ws.order
    rows = list(Return.objects.filter(order=order).prefetch_related("lines__line").order_by("pk"))
    buttons = asked.open_buttons("request_return")
    if not (rows or buttons):
        return None
    if rows:
        load_return_facts(rows)
    return {
        "buttons": buttons,
        "returns": [
            ReturnRow(
                row=row,
                state=RETURN_FLOW.state_of(row),
                lines=list(row.lines.all()),
                url=reverse("admin:orders_return_change", args=[row.pk]),
                due=in_words(row.facts.due, order.currency) if row.facts.due else "",
                buttons=[button for button in buttons_of(row, asked.user) if button.is_open],
            )
            for row in rows
        ],
    }


PANEL = Panel("returns", "orders/workspace/returns.html", "main", show, "orders.view_return")
