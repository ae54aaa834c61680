"""What is asked of an outside service, and whether asking twice is asking once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests
from requests.auth import AuthBase

# Asking these twice is asking once.
SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
ONLY_LOOKS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Question:
    method: str
    url: str
    shown_as: str
    sends: dict[str, Any]
    may_repeat: bool
    expects_json: bool

    @property
    def only_looks(self) -> bool:
        return self.method in ONLY_LOOKS


class Bearer(AuthBase):
    """Our token, or none: without an auth of its own, `requests` would look into ~/.netrc."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.token:
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request
