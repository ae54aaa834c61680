"""Doing once what was sent twice: a claim row in a transaction of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.models import IdempotencyKey, User
from backoffice.refused import Refused

# A process that died leaves its claim open; after this long it may be claimed again.
ABANDONED_MINUTES = 10
KEPT_HOURS = 48


class StillRunning(Refused):
    sentence = _("This was sent twice; the first one is still being worked on.")
    hint = _("Look at the row in a moment: it is done once.")
    http_status = 409


class KeyReused(Refused):
    sentence = _("This form was sent before with other answers.")
    hint = _("Open it again.")
    http_status = 422


def once(*, by: User, key: str, content: Mapping[str, Any], work: Callable[[], str]) -> str:
    """Do `work` unless this person's key was used; return where its answer is (a path).

    content: what was asked; the same key with other content is refused.
    Refuses: StillRunning, KeyReused, and what `work` refuses (the key is free again then).
    Atomic: the claim and its outcome are each a transaction of their own.
    """
    wanted = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
    IdempotencyKey.objects.filter(
        claimed_at__lt=timezone.now() - timedelta(hours=KEPT_HOURS)
    ).delete()
    earlier = _claim(by, key, wanted)
    if earlier is not None:
        return earlier
    claim = IdempotencyKey.objects.filter(user=by, key=key)
    try:
        answer = work()
    except BaseException:
        claim.delete()
        raise
    claim.update(state=IdempotencyKey.State.DONE, answer=answer)
    return answer


def answered(*, by: User, key: str) -> str | None:
    """Return where the answer of a key is that was done before; None for one that is new.

    For a form that is no longer valid, because the first press has done what it asks for.
    Refuses: StillRunning while the first press is being worked on.
    """
    # No form was ever done under a key with a NUL; PostgreSQL would not even look for it.
    if not key or "\x00" in key:
        return None
    earlier = IdempotencyKey.objects.filter(user=by, key=key).first()
    if earlier is None:
        return None
    if earlier.state == IdempotencyKey.State.OPEN:
        abandoned_at = timezone.now() - timedelta(minutes=ABANDONED_MINUTES)
        if earlier.claimed_at < abandoned_at:
            return None
        raise StillRunning
    return earlier.answer


def _claim(by: User, key: str, wanted: str) -> str | None:
    """Claim the key: None when it is ours now, else the answer of the first time."""
    try:
        with transaction.atomic():
            IdempotencyKey.objects.create(user=by, key=key, request_hash=wanted)
    except IntegrityError:
        pass
    else:
        return None
    now = timezone.now()
    taken_over = IdempotencyKey.objects.filter(
        user=by,
        key=key,
        request_hash=wanted,
        state=IdempotencyKey.State.OPEN,
        claimed_at__lt=now - timedelta(minutes=ABANDONED_MINUTES),
    ).update(claimed_at=now)
    if taken_over:
        return None
    earlier = IdempotencyKey.objects.filter(user=by, key=key).first()
    if earlier is None or earlier.state == IdempotencyKey.State.OPEN:
        raise StillRunning
    if earlier.request_hash != wanted:
        raise KeyReused
    return earlier.answer
