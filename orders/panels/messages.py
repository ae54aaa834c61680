"""The letters that went to the customer, or did not, and what one would say now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from orders.models import Message
from orders.panels.base import Asked, Panel

VIEW, RESEND = "orders.view_message", "orders.resend_message"


def show(asked: Asked) -> Mapping[str, Any] | None:
    order, sight = asked.ws.order, asked.ws.sight
    # The story has read them, each with its state.
    letters = sorted(order.messages.all(), key=lambda letter: -letter.pk)
    if not letters and asked.ws.is_draft:
        return None
    may_resend = asked.user.has_perm(RESEND)
    return {
        "rows": [
            {
                "letter": letter,
                "to": sight.email(letter.to),
                "url": reverse("admin:orders_message_change", args=[letter.pk]),
                "resend_url": reverse("admin:orders_message_act", args=[letter.pk, "resend"])
                if may_resend and letter.text
                else "",
            }
            for letter in letters
        ],
        "previews": [
            (label, reverse("admin:orders_message_preview", args=[order.pk, name]))
            for name, label in Message.Template.choices
        ],
        "buttons": asked.open_buttons("send_message"),
    }


PANEL = Panel("messages", "orders/workspace/messages.html", "main", show, VIEW)
