"""Short and long tokens for apps (JWT): obtained, refreshed in rotation, ended.

A refresh token works once. One that comes a second time was stolen, or its thief was first: then
every refresh token of the account ends.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from backoffice import changes
from backoffice.models import AuditEvent, User
from backoffice.refused import Refused


class TokenEnded(Refused):
    sentence = _("This token is over, or it is none of ours.")
    hint = _("Sign in again.")
    http_status = 401


class _Refresh(RefreshToken):
    """A refresh token that is read to find out whether it was used before."""

    def check_blacklist(self) -> None:
        pass


@dataclass(frozen=True)
class Pair:
    access: str
    refresh: str


def obtain_pair(*, by: User) -> Pair:
    """Give a person who has just signed in an access and a refresh token.

    Atomic: notes the refresh token, by its id and not its text.
    """
    return _pair(RefreshToken.for_user(by))


def rotate_pair(*, refresh: str) -> Pair:
    """Exchange a refresh token for a new pair; the old one is over.

    Refuses: TokenEnded: expired, forged, ended, of a closed account or an older password; when it
    was exchanged before, all refresh tokens of the account end.
    Atomic: locks the token: of two that come at once, one is the second.
    """
    token = _read(refresh)
    with transaction.atomic():
        known = _locked(token)
        if known is not None and not BlacklistedToken.objects.filter(token=known).exists():
            user = User.objects.filter(pk=known.user_id, is_active=True).first()
            claim = token.get(api_settings.REVOKE_TOKEN_CLAIM)
            if user is not None and claim == get_md5_hash_password(user.password):
                BlacklistedToken.objects.create(token=known)
                return _pair(RefreshToken.for_user(user))
            raise TokenEnded
    if known is not None and known.user_id is not None:
        end_all_pairs(user=User.objects.get(pk=known.user_id))
    raise TokenEnded


def end_pair(*, refresh: str) -> None:
    """End a refresh token; one that is over already stays so.

    Refuses: TokenEnded for what is no token of ours. Atomic: locks the token.
    """
    token = _read(refresh)
    with transaction.atomic():
        if (known := _locked(token)) is not None:
            BlacklistedToken.objects.get_or_create(token=known)


def end_all_pairs(*, user: User) -> int:
    """End every refresh token of a person; return how many were still good.

    Atomic: one event when there were any.
    """
    with transaction.atomic():
        living = OutstandingToken.objects.filter(user=user, blacklistedtoken=None)
        ended = [BlacklistedToken(token=token) for token in living]
        BlacklistedToken.objects.bulk_create(ended, ignore_conflicts=True)
        if ended:
            changes.say(action="auth.end_tokens", by=user, reason="")
            AuditEvent.record("tokens_ended", subject=user, count=len(ended))
    return len(ended)


def _read(refresh: str) -> RefreshToken:
    """Return a token whose signature, kind and time are good; ended or not."""
    try:
        token = _Refresh(refresh)  # type: ignore[arg-type]
    except TokenError as error:
        raise TokenEnded from error
    return token


def _locked(token: RefreshToken) -> OutstandingToken | None:
    jti = token.get(api_settings.JTI_CLAIM)
    return OutstandingToken.objects.select_for_update(of=("self",)).filter(jti=jti).first()


def _pair(token: RefreshToken) -> Pair:
    # Whoever reads the table must not be able to act for everybody.
    jti = token[api_settings.JTI_CLAIM]
    OutstandingToken.objects.filter(jti=jti).update(token="")
    return Pair(access=str(token.access_token), refresh=str(token))
