"""How the console shows a state, an amount, a moment: one look for all lists and pages."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib.admin import display
from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backoffice.flows import Flow, Tone
from backoffice.refused import Text


def badge(text: Text, tone: Tone = "neutral", *, title: Text = "") -> SafeString:
    """Return a label in a tone's colours."""
    return format_html(
        '<span class="bo-badge bo-{}"{}>{}</span>',
        tone,
        format_html(' title="{}"', title) if title else "",
        text,
    )


def state_badge(flow: Flow, row: Any) -> SafeString:
    """Return the label of a row's state."""
    state = flow.state_of(row)
    return badge(state.label, state.tone)


STATUS = _("Status")


def status_label(flow: Flow, description: Text = STATUS) -> Callable[[Any], SafeString]:
    """Return a list column that shows the state in its flow's colours."""

    @display(description=description, ordering=flow.field)
    def status(row: Any) -> SafeString:
        return state_badge(flow, row)

    return status


def money(amount: Decimal | float | None, currency: str = "") -> SafeString:
    """Return "1,234.50 EUR", right-aligned in lists, its digits of one width."""
    if amount is None:
        return format_html('<span class="bo-money">{}</span>', "–")
    number = formats.number_format(amount, decimal_pos=2, use_l10n=True, force_grouping=True)
    if not currency:
        return format_html('<span class="bo-money">{}</span>', number)
    return format_html(
        '<span class="bo-money">{} <span class="bo-currency">{}</span></span>', number, currency
    )


def number(value: int | None) -> SafeString:
    """Return a whole number, right-aligned in lists."""
    text = (
        "–" if value is None else formats.number_format(value, use_l10n=True, force_grouping=True)
    )
    return format_html('<span class="bo-money">{}</span>', text)
