"""What surrounds every request: its id, its log line, its person's time zone, its change set."""

from __future__ import annotations

import logging
import re
import time
import zoneinfo
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from backoffice import changes
from backoffice.ids import uuid7
from backoffice.logs import request_id

GetResponse = Callable[[HttpRequest], HttpResponse]

logger = logging.getLogger(__name__)

_CLEAN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SEEN_EVERY_MINUTES = 1
# Asked by machines every few seconds.
QUIET_PATHS = ("/health/",)
SECRET_PART = re.compile(r"key|token|uidb", re.IGNORECASE)
# A path may hold what would begin a line of its own.
NO_BREAKS = dict.fromkeys((*range(32), 127, 133, 8232, 8233), "�")
# What our own fragments send when they look for news without being asked.
POLL_HEADER = "X-Poll"


class RequestIdMiddleware:
    """Take the caller's X-Request-ID or make one, log with it, and answer with it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.id = given if _CLEAN_ID.fullmatch(given) else uuid7().hex  # type: ignore[attr-defined]
        token = request_id.set(request.id)  # type: ignore[attr-defined]
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-ID"] = request.id  # type: ignore[attr-defined]
        return response


class AccessLogMiddleware:
    """One line for each request, and its duration as a header; a warning when it took long.

    Neither the query nor what stands for a secret in a path is written down. Whatever fails is
    logged by Django with its traceback, under the same request id.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        response = self.get_response(request)
        seconds = time.monotonic() - began
        response["X-Request-Duration"] = f"{seconds:.3f}"
        facts = {
            "method": request.method,
            "path": _shown_path(request),
            "status": response.status_code,
            "seconds": round(seconds, 3),
        }
        is_slow = seconds > settings.SLOW_REQUEST_SECONDS
        level = logging.WARNING if is_slow else logging.INFO
        if request.path.startswith(QUIET_PATHS) and not is_slow:
            level = logging.DEBUG
        logger.log(
            level,
            "%s%s %s %s %.3f s",
            "slow request: " if is_slow else "",
            *facts.values(),
            extra=facts,
        )
        return response


def _shown_path(request: HttpRequest) -> str:
    """Return the path without the keys that letters carry (a new password, a confirmation)."""
    path = request.path
    match = request.resolver_match
    for name, value in (match.kwargs if match else {}).items():
        if SECRET_PART.search(name) and value:
            path = path.replace(str(value), "…")
    return path.translate(NO_BREAKS)


class PersonMiddleware:
    """Show times in the person's own zone, and note at most once a minute that they are here."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        from backoffice.models import Profile, UserActivity

        mine = (
            Profile.objects.filter(user=request.user).values_list("time_zone", "language").first()
        )
        zone, language = mine or ("", "")
        # A page that polls by itself is nobody's doing; on SQLite it must not wait for a job.
        if POLL_HEADER not in request.headers:
            now = timezone.now()
            UserActivity.objects.filter(user=request.user).exclude(
                seen_at__gt=now - timedelta(minutes=SEEN_EVERY_MINUTES)
            ).update(seen_at=now)
        spoken = language if language in dict(settings.LANGUAGES) else translation.get_language()
        with timezone.override(_zone(zone)), translation.override(spoken):
            return self.get_response(request)


class ChangeSetMiddleware:
    """Open one change for the request; it becomes a row only when something is written."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        channel = "admin" if request.path.startswith("/admin/") else "shop"
        with changes.change(
            separate=True,
            channel="api" if request.path.startswith("/api/") else channel,
            by=SimpleLazyObject(lambda: request.user),
            caller=changes.Caller(
                request_id=request.id,  # type: ignore[attr-defined]
                ip=request.META.get("REMOTE_ADDR") or "",
                user_agent=request.headers.get("User-Agent", ""),
            ),
        ):
            return self.get_response(request)


def _zone(name: str | None) -> zoneinfo.ZoneInfo | None:
    try:
        return zoneinfo.ZoneInfo(name) if name else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None
