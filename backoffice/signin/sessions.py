"""Sessions as rows that their owner can see and end, and how long one may last."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice import changes
from backoffice.models import AuditEvent, User
from backoffice.refused import UnknownRow

SIGNED_IN = "signed_in_at"
SEEN = "seen_at"
SEEN_EVERY_SECONDS = 60
USER_AGENT_CHARS = 200


def begin(request: Any, user: User) -> None:
    """Note in the session when it began, and list it for its owner."""
    if getattr(request, "session", None) is None:
        return
    request.session[SIGNED_IN] = request.session[SEEN] = int(time.time())
    if not request.META.get("REMOTE_ADDR"):  # a command or a test: nobody's browser
        return
    if request.session.session_key is None:
        request.session.save()
    UserSession.objects.update_or_create(
        session_key=request.session.session_key,
        defaults={
            "user": user,
            "ip": request.META["REMOTE_ADDR"],
            "user_agent": request.headers.get("User-Agent", "")[:USER_AGENT_CHARS],
            "last_seen_at": timezone.now(),
        },
    )


def is_over(request: Any, *, now: float) -> bool:
    """Return whether a session was idle, or went on, for too long."""
    kind = "staff" if request.user.is_staff else "customer"
    limit = settings.SESSION_LIMITS[kind]
    began, seen = request.session.get(SIGNED_IN), request.session.get(SEEN)
    if began is None or seen is None:
        return False
    is_idle = now - seen > limit["idle_minutes"] * 60
    return is_idle or now - began > limit["whole_hours"] * 60 * 60


def see(request: Any, *, now: float) -> None:
    """Note a sign of life, at most once a minute."""
    session = request.session
    if now - session.get(SEEN, 0) < SEEN_EVERY_SECONDS:
        return
    session.setdefault(SIGNED_IN, int(now))
    session[SEEN] = int(now)
    UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=timezone.now())


def end_session(*, session_id: int, by: User, reason: str) -> None:
    """End one of one's own sessions: whoever uses it is out with their next request.

    Refuses: UnknownRow, for other people's sessions as well. One event.
    """
    session = UserSession.objects.filter(pk=session_id, user=by).first()
    if session is None:
        raise UnknownRow(what=_("session"), key=session_id)
    changes.say(action="account.end_session", by=by, reason=reason)
    _end([session])
    AuditEvent.record("session_ended", subject=by, count=1)


def end_all(user: User, *, but: str = "") -> int:
    """End every session of a person (`but` one key); returns how many. No event: the caller's."""
    rows = list(UserSession.objects.filter(user=user).exclude(session_key=but))
    _end(rows)
    return len(rows)


def forget(session_key: str | None) -> None:
    """Take a session that ended off its owner's list."""
    if session_key:
        UserSession.objects.filter(session_key=session_key).delete()


def _end(rows: list[UserSession]) -> None:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    for row in rows:
        store().delete(row.session_key)
        row.delete()
