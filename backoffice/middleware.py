"""What surrounds every request: its id, its person's time zone, and its change set."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from backoffice import changes
from backoffice.ids import uuid7
from backoffice.logs import request_id

GetResponse = Callable[[HttpRequest], HttpResponse]

_CLEAN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SEEN_EVERY_MINUTES = 1
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


class PersonMiddleware:
    """Show times in the person's own zone, and note at most once a minute that they are here."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        from backoffice.models import Profile, UserActivity

        zone = Profile.objects.filter(user=request.user).values_list("time_zone", flat=True).first()
        # A page that polls by itself is nobody's doing; on SQLite it must not wait for a job.
        if POLL_HEADER not in request.headers:
            now = timezone.now()
            UserActivity.objects.filter(user=request.user).exclude(
                seen_at__gt=now - timedelta(minutes=SEEN_EVERY_MINUTES)
            ).update(seen_at=now)
        with timezone.override(_zone(zone)):
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
