"""Who is working on an order at the moment, and the page's own sign of life."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone

from backoffice.models import User
from orders.clock import in_words
from orders.models import Presence
from orders.panels.base import Asked, Panel
from orders.services import PRESENCE_PERMISSION, present_at


def seen(presence: Presence | None, *, reader: User) -> dict[str, Any]:
    """Return what a reader is told: who has been at it for how long; nothing about themselves."""
    if presence is None or presence.user_id == reader.pk:
        return {"who": None}
    now = timezone.now()
    return {"who": presence.user, "span": in_words(now - presence.since), "since": presence.since}


def _show(asked: Asked) -> Mapping[str, Any]:
    order = asked.ws.order
    return {
        "here_url": reverse("admin:order_here", args=[order.pk]),
        "may_work": asked.user.has_perm(PRESENCE_PERMISSION),
        **seen(present_at(order, timezone.now()), reader=asked.user),
    }


PANEL = Panel("presence", "orders/workspace/presence.html", "top", _show)
