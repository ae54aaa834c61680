"""What people put on an order for each other: its tags, and when to look at it again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.flows import Tone
from backoffice.ids import uuid7
from backoffice.refused import Text
from orders.panels.base import Asked, Panel


def follow_up_tone(on: date, today: date) -> Tone:
    """Red once the day has passed, amber on the day."""
    if on < today:
        return "danger"
    return "warning" if on == today else "neutral"


def follow_up_word(on: date, today: date) -> Text:
    if on < today:
        return _("follow-up overdue since")
    return _("follow up today,") if on == today else _("follow up on")


def _show(asked: Asked) -> Mapping[str, Any] | None:
    order, today = asked.ws.order, timezone.localdate()
    tags = [tag.name for tag in order.tags.all()]
    buttons = {button.name: button for button in asked.open_buttons("tag", "untag", "follow_up")}
    if not (tags or buttons or order.follow_up_on):
        return None
    on = order.follow_up_on
    return {
        "tags": [(name, uuid7().hex) for name in tags],
        "tag": buttons.get("tag"),
        "untag": buttons.get("untag"),
        "tag_key": uuid7().hex,
        "follow_up": buttons.get("follow_up"),
        "on": on,
        "tone": follow_up_tone(on, today) if on else "neutral",
        "word": follow_up_word(on, today) if on else "",
    }


PANEL = Panel("people", "orders/workspace/people.html", "top", _show)
