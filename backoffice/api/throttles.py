"""How often the API may be called: by account, else by address; counted in the database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from backoffice.rates import Rate, spend

# Of what only reads, a process counts a twentieth at a time.
LEASES = 20


class _Throttle(BaseThrottle):
    seconds: float | None = None

    def wait(self) -> float | None:
        return self.seconds

    def spend(self, name: str, key: str, *, exact: bool = False) -> bool:
        rate = Rate.read(settings.API_RATES[name])
        lease = 1 if exact else max(1, rate.calls // LEASES)
        self.seconds = spend(f"{name}:{key}", rate, now=time.time(), lease=lease)
        return self.seconds is None

    def caller(self, request: Request) -> str:
        """Return the account, else the address as our own proxies tell it."""
        if request.user.is_authenticated:
            return f"account:{request.user.pk}"
        return f"address:{self.get_ident(request)}"


class CallRate(_Throttle):
    """Every call."""

    def allow_request(self, request: Request, view: Any) -> bool:
        name = "account" if request.user.is_authenticated else "anonymous"
        return self.spend(name, self.caller(request))


class WriteRate(_Throttle):
    """Calls that write, beside the rate of all."""

    def allow_request(self, request: Request, view: Any) -> bool:
        if request.method in SAFE_METHODS:
            return True
        return self.spend("writing", self.caller(request))


class SignInRate(_Throttle):
    """Attempts to sign in: by address, and by the account that is tried, whoever tries it."""

    def allow_request(self, request: Request, view: Any) -> bool:
        return all(self.spend("sign_in", key, exact=True) for key in self._keys(request))

    def _keys(self, request: Request) -> Iterator[str]:
        yield self.caller(request)
        data = request.data if isinstance(request.data, dict) else {}
        if isinstance(email := data.get("email"), str):
            yield f"tried:{email.strip().lower()}"


class RegistrationRate(_Throttle):
    """New accounts of one address."""

    def allow_request(self, request: Request, view: Any) -> bool:
        return self.spend("registration", self.get_ident(request), exact=True)
