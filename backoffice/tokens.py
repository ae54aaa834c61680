"""Keys of programs: issued once, kept as a digest, revoked at any time."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice import changes
from backoffice.models import ApiToken, AuditEvent, User
from backoffice.refused import BadValue, NotAllowed, TooMany, UnknownRow

PREFIX = "hp_"
MOST_TOKENS = 20
NAME_LENGTH = 80
USED_EVERY_MINUTES = 1


def issue_token(
    *, name: str, by: User, reason: str, is_read_only: bool = False
) -> tuple[ApiToken, str]:
    """Give a person a key for a program of theirs; the key is shown this once.

    name: what will use it. Refuses: NotAllowed (a closed account); BadValue; TooMany.
    Atomic: one token and an event.
    """
    if not by.is_active:
        raise NotAllowed(what=_("have tokens"))
    name = name.strip()
    if not name or len(name) > NAME_LENGTH or "\x00" in name:
        raise BadValue(field=_("Name"), problem=_("1 to 80 characters are needed."))
    key = PREFIX + secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        living = ApiToken.objects.filter(user=by, revoked_at=None, expires_at__gt=now).count()
        if living >= MOST_TOKENS:
            raise TooMany(count=living + 1, limit=MOST_TOKENS, hint=_("Revoke one first."))
        changes.say(action="auth.issue_token", by=by, reason=reason)
        token = ApiToken.objects.create(
            user=by,
            name=name,
            digest=digest_of(key),
            is_read_only=is_read_only,
            created_at=now,
            expires_at=now + timedelta(days=settings.API_TOKEN_DAYS),
        )
        AuditEvent.record("token_issued", subject=by, token=str(token.uuid))
    return token, key


def revoke_token(*, token_uuid: UUID, by: User, reason: str) -> ApiToken:
    """End one of one's own keys now; a second time changes nothing.

    Refuses: UnknownRow, for another person's too. Atomic: one token and an event.
    """
    with transaction.atomic():
        token = (
            ApiToken.objects.select_for_update(of=("self",))
            .filter(user=by, uuid=token_uuid)
            .first()
        )
        if token is None:
            raise UnknownRow(what=_("token"), key=token_uuid)
        if token.revoked_at is None:
            changes.say(action="auth.revoke_token", by=by, reason=reason)
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at"])
            AuditEvent.record("token_revoked", subject=by, token=str(token.uuid))
    return token


def token_of(key: str) -> ApiToken | None:
    """Return the living token of a key whose person still has an account; noted as used."""
    now = timezone.now()
    token = (
        ApiToken.objects.select_related("user")
        .filter(digest=digest_of(key), revoked_at=None, expires_at__gt=now, user__is_active=True)
        .first()
    )
    if token is not None and (
        token.used_at is None or now - token.used_at > timedelta(minutes=USED_EVERY_MINUTES)
    ):
        ApiToken.objects.filter(pk=token.pk).update(used_at=now)
    return token


def digest_of(key: str) -> str:
    """Return what is kept of a key: it has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
