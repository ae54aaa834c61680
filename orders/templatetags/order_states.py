"""How an order's state looks on pages outside the console."""

from __future__ import annotations

from django import template

from orders.states import ORDER_FLOW

register = template.Library()


@register.filter
def order_tone(status: str) -> str:
    """Return the colour of a state, as the flow's table has it."""
    state = ORDER_FLOW.states.get(status)
    return state.tone if state else ""
