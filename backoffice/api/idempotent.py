"""Calls that must happen once: an Idempotency-Key, kept in `backoffice.idempotency`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from backoffice import idempotency
from backoffice.models import User
from backoffice.refused import Refused

HEADER = "Idempotency-Key"
_CLEAN_KEY = re.compile(r"[\x21-\x7e]{8,64}")

R = TypeVar("R")


class IdempotencyKeyNeeded(Refused):
    sentence = _("This call moves money or stock; it needs an Idempotency-Key header.")
    hint = _("Send 8 to 64 printable characters that are new for each intent, such as a UUID.")
    http_status = 400


class IdempotencyKeyReused(Refused):
    sentence = _("This Idempotency-Key was used for another call.")
    hint = _("Use a new key for a new intent; the same key only to repeat the same call.")
    http_status = 422


def key_of(request: Request) -> str:
    """Return the caller's key. Refuses: IdempotencyKeyNeeded."""
    key = request.headers.get(HEADER, "")
    if not _CLEAN_KEY.fullmatch(key):
        raise IdempotencyKeyNeeded
    return key


def once(
    request: Request,
    *,
    work: Callable[[], R],
    name: Callable[[R], Any],
    find: Callable[[str], R],
    content: Mapping[str, Any] | None = None,
) -> tuple[R, bool]:
    """Do `work` unless this person's key was used; return what it made, and whether it was there.

    name: what of the result is kept, so that `find` finds it again: a key or a uuid, never the
    answer itself, which may hold personal data. content: what was asked; None: the body.
    Refuses: IdempotencyKeyNeeded; StillRunning; IdempotencyKeyReused; and what `work` refuses
    (the key is free again then).
    """
    made: list[R] = []

    def working() -> str:
        made.append(work())
        return str(name(made[0]))

    asked = {
        "call": f"{request.method} {request.path}",
        "content": dict(request.data if content is None else content),
    }
    try:
        answer = idempotency.once(
            by=cast("User", request.user), key=key_of(request), content=asked, work=working
        )
    except idempotency.KeyReused as error:
        raise IdempotencyKeyReused from error
    return (made[0], False) if made else (find(answer), True)
