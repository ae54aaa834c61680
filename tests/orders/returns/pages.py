"""The pages of a return, as tests open and read them."""

from __future__ import annotations

import re

from django.urls import reverse


def page(row, name="change", *args):
    return reverse(f"admin:orders_return_{name}", args=[row.pk, *args])


def text_of(response) -> str:
    words = re.sub(
        r"<(script|style).*?</\1>|<[^>]+>", " ", response.content.decode(), flags=re.DOTALL
    )
    return " ".join(words.split())


def hidden(response) -> dict[str, str]:
    """Return the hidden fields of a form as it was shown."""
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html_of(response))
    return {name: value for name, value in fields if name != "csrfmiddlewaretoken"}


def html_of(response) -> str:
    return response.content.decode()
