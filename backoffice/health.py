"""Is this process alive, and can it serve? Asked by machines, answered in words without secrets.

Live: it answers, and asks nobody. Ready: 503 where it cannot work (database, disk); 200 and
"degraded" where it works on, slower or later (cache, broker, worker).
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from backoffice.jobs import backends, workers

logger = logging.getLogger(__name__)

BROKER_SECONDS = 1


class Trouble(Exception):  # noqa: N818  (a finding in words, no error of ours)
    """Why a part does not do its work, for whoever reads a monitor."""


@dataclass(frozen=True)
class Part:
    """look: raises Trouble, or returns. is_vital: nothing works without it."""

    name: str
    look: Callable[[], None]
    is_vital: bool


def _database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except Error:
        raise Trouble("away") from None


def _cache() -> None:
    """Our caches swallow their errors, as they should; what was set and is not there tells."""
    word = uuid4().hex
    cache.set(f"health:{word}", word, 10)
    if cache.get(f"health:{word}") != word:
        raise Trouble("away: pages are made anew each time")


def _broker() -> None:
    if settings.JOBS_BACKEND != "celery":
        return
    from kombu.connection import Connection

    options = {"socket_connect_timeout": BROKER_SECONDS, "socket_timeout": BROKER_SECONDS}
    is_redis = settings.CELERY_BROKER_URL.startswith("redis")
    try:
        with Connection(  # type: ignore[no-untyped-call]
            settings.CELERY_BROKER_URL,
            connect_timeout=BROKER_SECONDS,
            transport_options=options if is_redis else {},
        ) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_SECONDS)
    except Exception:  # noqa: BLE001  (each transport has errors of its own)
        raise Trouble("away: jobs wait in the database") from None


def _worker() -> None:
    if backends.chosen().needs_worker and not workers.is_one_here():
        raise Trouble("none: jobs wait")


def _disk() -> None:
    for folder in {Path(settings.PRIVATE_ROOT), Path(settings.MEDIA_ROOT)}:
        place = next(one for one in (folder, *folder.parents) if one.exists())
        if shutil.disk_usage(place).free < settings.HEALTH_MIN_FREE_BYTES:
            raise Trouble("full")
        if not os.access(place, os.W_OK):
            raise Trouble("not writable")


PARTS = (
    Part("database", _database, is_vital=True),
    Part("disk", _disk, is_vital=True),
    Part("cache", _cache, is_vital=False),
    Part("broker", _broker, is_vital=False),
    Part("worker", _worker, is_vital=False),
)


def look_at_all() -> tuple[str, dict[str, str]]:
    """Return "ready", "degraded" or "down", and a word on each part."""
    status, words = "ready", {}
    for part in PARTS:
        if status == "down" and part.name == "worker":
            words[part.name] = "not asked"
            continue
        try:
            part.look()
        except Trouble as trouble:
            words[part.name] = str(trouble)
            status = "down" if part.is_vital or status == "down" else "degraded"
        except Exception:
            logger.exception("the health of %s could not be told", part.name)
            words[part.name] = "unknown"
            status = "down" if part.is_vital or status == "down" else "degraded"
        else:
            words[part.name] = "ok"
    return status, words


@require_safe
@never_cache
def live(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "live"})


@require_safe
@never_cache
def ready(_request: HttpRequest) -> JsonResponse:
    status, words = look_at_all()
    return JsonResponse({"status": status, "parts": words}, status=503 if status == "down" else 200)
