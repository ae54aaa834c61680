"""Tags of the pages outside the console."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.template.loader import render_to_string
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
