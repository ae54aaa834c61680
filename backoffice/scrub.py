"""What no log line and no error report may carry: card numbers, keys, passwords, tokens.

Text in, text out, without Django: the settings themselves use it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

HIDDEN = "[hidden]"
# Shorter ones stand by chance in honest text.
SECRET_CHARS = 8
DEEP = 40

# 13 to 19 digits, alone or in groups (also in addresses), that begin as a card's do.
_DIGITS = re.compile(r"(?<![\w.-])[2-6](?:(?:[ +-]|%20|%2D)?\d){12,18}(?![\w-])")
_SECRETS = [
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in [
        # Each in URLs, JSON, reprs of dicts and key=value alike.
        (
            r"""((?:pass(?:word|wd)?|secret|token|api_?key|cvv|cvc|card_?number|client_secret|sessionid"""
            r"""|csrftoken)["']?\s*[=:]\s*["']?)(?!\[hidden\]|\[card)[^\s"'&,;}\\]+""",
            rf"\1{HIDDEN}",
        ),
        (r"\b(Bearer)\s+(?!\[hidden\]|\[card)[\w.~+/=-]{8,}", rf"\1 {HIDDEN}"),
        # With a digit: "basic authentication" is no secret.
        (r"\b(Basic|Token|JWT)\s+(?=[\w.~+/=-]*\d)[\w.~+/=-]{8,}", rf"\1 {HIDDEN}"),
        (r"(\w+://[^\s/:@]*):[^\s/@]+@", rf"\1:{HIDDEN}@"),
        (r"\b(?:sk|rk|pk|whsec)_(?:live_|test_)?\w{8,}", HIDDEN),
        (r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*", HIDDEN),
    ]
]
_known: list[str] = []


def hide(secrets: Iterable[str]) -> None:
    """Name values that may never be shown, wherever they stand."""
    for secret in secrets:
        if len(secret) >= SECRET_CHARS and secret not in _known:
            _known.append(secret)


def clean(text: str) -> str:
    """Return a text without card numbers and secrets; of a card its last four digits stay."""
    for secret in _known:
        text = text.replace(secret, HIDDEN)
    text = _DIGITS.sub(_without_card, text)
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def clean_all(value: Any, depth: int = 0) -> Any:
    """Return a report (dicts, lists, texts) cleaned; what is nested too deeply is left out."""
    if isinstance(value, str):
        return clean(value)
    if depth > DEEP:
        return HIDDEN
    if isinstance(value, dict):
        return {key: clean_all(one, depth + 1) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean_all(one, depth + 1) for one in value]
    return value


def is_card(digits: str) -> bool:
    """Tell by Luhn's sum whether digits can be a card's number."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004
    return total % 10 == 0


def _without_card(found: re.Match[str]) -> str:
    digits = re.sub(r"%20|%2D|\D", "", found[0])
    return f"[card …{digits[-4:]}]" if is_card(digits) else found[0]
