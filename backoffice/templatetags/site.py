"""Tags of the pages outside the console."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.safestring import SafeString, mark_safe

from backoffice.layout import parts_of

register = template.Library()


@register.simple_tag(takes_context=True)
def site_parts(context: dict[str, Any], slot: str) -> SafeString:
    """Print what the apps registered for a slot of the layout."""
    request = context.get("request")
    if request is None:  # an error page
        return mark_safe("")
    pieces = [
        render_to_string(part.template, {**part.context(request)}, request=request)
        for part in parts_of(slot)
    ]
    return mark_safe("".join(pieces))  # noqa: S308  (templates of ours, each escaped)


@register.simple_tag
def shop_name() -> str:
    return settings.SHOP_NAME


@register.simple_tag(takes_context=True)
def sign_in_address(context: dict[str, Any], back: str = "") -> str:
    """Return where people sign in, with the way back to this page, or to another one."""
    told = urlencode({"next": back or context["request"].path})
    return f"{resolve_url(settings.LOGIN_URL)}?{told}"


SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}


@register.filter
def price(amount: Decimal | None, currency: str = "") -> str:
    """Write a price as shops do: €1,234.50, or 1,234.50 CHF where there is no sign for it."""
    if amount is None:
        return ""
    number = number_format(amount, decimal_pos=2, use_l10n=True, force_grouping=True)
    sign = SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{number} {currency}".strip()


@register.simple_tag(takes_context=True)
def address_with(context: dict[str, Any], **changed: Any) -> str:
    """Return this page's address with some query parameters replaced; blank ones are left out.

    Only parameters that the page knows (`query` in its context) are kept.
    """
    query = {**context.get("query", {}), **changed}
    told = urlencode({name: value for name, value in query.items() if value not in ("", None)})
    return f"{context['request'].path}?{told}" if told else context["request"].path


@register.inclusion_tag("site/stars.html")
def stars(rating: float | None, count: int | None = None) -> dict[str, Any]:
    """Draw an average in stars, and say it to those who do not see them."""
    share = round(float(rating or 0) * 20)
    return {"rating": rating, "width": share, "count": count}
