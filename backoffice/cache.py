"""Keeping answers for a while: by generation, so that a change makes all of them old at once.

A key holds the subject's generation. Whatever writes calls `move_on_commit`; what was kept under
the older number is never asked for again and runs out by itself. What is kept is plain JSON. A
cache that is gone is a miss, never an error (`IGNORE_EXCEPTIONS`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cache as once
from typing import TypeVar

from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.translation import get_language

from backoffice.models import CacheGeneration

T = TypeVar("T")

FRAGMENT_SECONDS = 500


def generation(subject: str) -> int:
    """Return the number of a subject's data as they are now; one query."""
    found = CacheGeneration.objects.filter(pk=subject).values_list("number", flat=True).first()
    return found or 0


def generation_of(request: HttpRequest, subject: str) -> int:
    """Return it as of this request: asked once, however many answers the page keeps."""
    known: dict[str, int] = request.__dict__.setdefault("_cache_generations", {})
    if subject not in known:
        known[subject] = generation(subject)
    return known[subject]


def move(subject: str) -> None:
    """Make everything that is kept about a subject old."""
    if not CacheGeneration.objects.filter(pk=subject).update(number=F("number") + 1):
        CacheGeneration.objects.bulk_create([CacheGeneration(pk=subject)], ignore_conflicts=True)


def move_on_commit(subject: str) -> None:
    """Do that once the open transaction commits: earlier, somebody would keep the old rows anew.

    Once per transaction, and in a statement of its own, so that writers never queue for this row.
    """
    mover = _mover(subject)
    waiting = transaction.get_connection().run_on_commit
    if not any(hook is mover for _sids, hook, _robust in waiting):
        # robust: the change itself has been made; the page is old for minutes, at worst.
        transaction.on_commit(mover, robust=True)


@once
def _mover(subject: str) -> Callable[[], None]:
    def mover() -> None:
        move(subject)

    return mover


def key(name: str, *, number: int, vary: Sequence[str] = ()) -> str:
    """Return the key of an answer; `vary` is what it depends on beside the data."""
    told = "\x1f".join([get_language() or "", *vary])
    return f"{name}:{number}:{hashlib.sha256(told.encode()).hexdigest()[:40]}"


def kept(
    name: str, seconds: int, make: Callable[[], T], *, number: int, vary: Sequence[str] = ()
) -> T:
    """Return what was kept under a name, or make it and keep it; it must be plain JSON."""
    where = key(name, number=number, vary=vary)
    found = cache.get(where)
    if isinstance(found, dict) and "kept" in found:
        return found["kept"]
    made = make()
    cache.set(where, {"kept": made}, seconds)
    return made
