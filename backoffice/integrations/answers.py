"""What outside services answer, read with care: whatever it is, it is somebody else's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Never

import requests
import urllib3

# Where services put their words.
WORDS = ("detail", "message", "error_description", "error", "title")


@dataclass(frozen=True)
class Answer:
    """What came back. data: the JSON in it, numbers with a point as Decimal; None when empty."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    data: Any = None


def was_never_sent(error: requests.RequestException) -> bool:
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.SSLError)):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(
        reason, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
    )


def asked_to_wait(answer: Answer) -> float:
    asked = answer.headers.get("Retry-After", "0")
    # A date: services that send one mean minutes.
    return float(asked) if asked.isdecimal() else float("inf")


def read_json(content: bytes) -> Any:
    """Return the data of a body; None of an empty one. Raises ValueError, for NaN as well."""
    if not content.strip():
        return None
    try:
        return json.loads(content, parse_float=Decimal, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _no_number(name: str) -> Never:
    raise ValueError(f"{name} is no number")


def words_in(data: Any) -> str:
    """Return the service's own words for a refusal, one line of them."""
    while isinstance(data, dict):
        data = next((data[name] for name in WORDS if data.get(name)), None)
    return " ".join(data.split())[:200] if isinstance(data, str) else ""
