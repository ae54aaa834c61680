"""How often may be guessed: growing waits, counted in the database, never a lock on an account.

An attempt is counted before the password is looked at, so that a hundred at once are a hundred.
Whoever guesses at somebody's account from elsewhere slows down elsewhere: browsers that the account
signed in from before have a count of their own.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from backoffice import rates
from backoffice.models import Limit
from backoffice.refused import Refused

BROWSER_COOKIE = "known_browser"
BROWSER_SALT = "backoffice.known_browser"
BROWSER_DAYS = 180
# Of a browser that several people use, the latest are known.
BROWSER_ACCOUNTS = 5
IPV6_PREFIX = 64


class TooManyAttempts(Refused):
    """facts: wait (in words), seconds."""

    sentence = _("Too many failed attempts. Try again in {wait}.")
    hint = _("If you forgot your password, have it reset.")
    http_status = 429


class TooManyRequests(Refused):
    """facts: wait (in words), seconds."""

    sentence = _("This was sent too often. Try again in {wait}.")
    http_status = 429


@dataclass(frozen=True)
class Rule:
    """All in seconds but `free`."""

    free: int
    first_wait: int
    longest_wait: int
    forgotten: int

    def wait_after(self, failures: int) -> int:
        """Return the wait after so many failures: none, then doubled by each."""
        beyond = failures - self.free
        if beyond < 0:
            return 0
        # 2 ** 30 seconds is longer than any wait; larger powers only cost time.
        return int(min(self.first_wait * 2 ** min(beyond, 30), self.longest_wait))


@dataclass(frozen=True)
class Attempt:
    """One that has been counted; `succeeded` takes it back."""

    counted: tuple[tuple[str, str], ...]

    def succeeded(self) -> None:
        """Forget the failures of what was proven; of a network address only this attempt."""
        with transaction.atomic():
            for kind, key in self.counted:
                rows = Limit.objects.filter(key=key)
                if kind != "address":
                    rows.delete()
                elif row := rows.select_for_update().first():
                    row.count = max(row.count - 1, 0)
                    row.open_at = None
                    row.save()


def digest(kind: str, subject: str) -> str:
    """Return the key of a count; nobody can tell from it whom it is about."""
    text = f"{kind}:{subject.strip().lower()}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()


def begin(subjects: Iterable[tuple[str, str]], *, now: datetime | None = None) -> Attempt:
    """Count an attempt of each kind. Refuses: TooManyAttempts, and then nothing is counted."""
    now = now or timezone.now()
    counted = sorted((kind, digest(kind, subject)) for kind, subject in subjects)
    with transaction.atomic():
        for kind, key in counted:
            _count(Rule(**settings.SIGN_IN_LIMITS[kind]), key, now)
    return Attempt(tuple(counted))


def begin_sign_in(request: Any, email: str, *, now: datetime | None = None) -> Attempt:
    """Count an attempt with a password. Refuses: TooManyAttempts."""
    known = _known_browser(request, email)
    if known:
        return begin([("browser", known)], now=now)
    subjects = [("account", email)]
    if network := network_of(request):
        subjects.append(("address", network))
    return begin(subjects, now=now)


def forget_account(email: str) -> None:
    """After a reset of the password: whoever reads the letters is the owner."""
    Limit.objects.filter(key=digest("account", email)).delete()


def count(kind: str, subject: str, *, most: int) -> None:
    """Count something of which `most` may happen in an hour. Refuses: TooManyRequests."""
    rate = rates.Rate(most, rates.PERIODS["hour"])
    seconds = rates.spend(f"{kind}:{subject.lower()}", rate, now=time.time())
    if seconds is not None:
        whole = max(1, math.ceil(seconds))
        raise TooManyRequests(wait=in_words(whole), seconds=whole)


def forget_old(*, now: datetime, days: int = 2) -> int:
    """Delete counts that no longer matter; the clock does it."""
    return Limit.objects.filter(last_at__lt=now - timedelta(days=days)).delete()[0]


def network_of(request: Any) -> str:
    """Return the caller's address; of IPv6 the network, since one person has a whole one."""
    text = request.META.get("REMOTE_ADDR") or "" if request is not None else ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False).network_address)
    return str(address)


# --- Browsers that signed in before -----------------------------------------------------------


def know_browser(request: Any, response: Any, email: str) -> None:
    """Remember in a signed cookie that this account signed in here."""
    mine = digest("account", email)
    nonce = secrets.token_hex(10)
    others = [entry for entry in _entries(request) if entry[0] != mine]
    response.set_cookie(
        BROWSER_COOKIE,
        signing.dumps([[mine, nonce], *others][:BROWSER_ACCOUNTS], salt=BROWSER_SALT),
        max_age=BROWSER_DAYS * 24 * 60 * 60,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _known_browser(request: Any, email: str) -> str:
    mine = digest("account", email)
    return next((nonce for account, nonce in _entries(request) if account == mine), "")


def _entries(request: Any) -> list[list[str]]:
    cookie = request.COOKIES.get(BROWSER_COOKIE, "") if request is not None else ""
    if not cookie:
        return []
    try:
        age = BROWSER_DAYS * 24 * 60 * 60
        return list(signing.loads(cookie, salt=BROWSER_SALT, max_age=age))
    except signing.BadSignature:
        return []


# --- Rows -------------------------------------------------------------------------------------


def _row(key: str, now: datetime) -> Limit:
    """Return the row of a key, locked until the transaction ends."""
    Limit.objects.bulk_create(
        [Limit(key=key, count=0, since=now, last_at=now)], ignore_conflicts=True
    )
    return Limit.objects.select_for_update().get(key=key)


def _count(rule: Rule, key: str, now: datetime) -> None:
    row = _row(key, now)
    if row.last_at + timedelta(seconds=rule.forgotten) <= now:
        row.count, row.since, row.open_at = 0, now, None
    if row.open_at is not None and row.open_at > now:
        raise TooManyAttempts(**_facts(row.open_at, now))
    row.count += 1
    row.last_at = now
    wait = rule.wait_after(row.count)
    row.open_at = now + timedelta(seconds=wait) if wait else None
    row.save()


def _facts(until: datetime, now: datetime) -> dict[str, Any]:
    seconds = max(1, math.ceil((until - now).total_seconds()))
    return {"wait": in_words(seconds), "seconds": seconds}


def in_words(seconds: int) -> str:
    """Return a wait as people say it."""
    if seconds < 90:  # noqa: PLR2004
        return ngettext("{n} second", "{n} seconds", seconds).format(n=seconds)
    minutes = -(-seconds // 60)
    return ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)
