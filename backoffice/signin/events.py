"""What happened to somebody's way in, as events of the record; never an address, never a code."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as social
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver

from backoffice import changes
from backoffice.models import AuditEvent, User
from backoffice.signin import second_factor, sessions


def record(kind: str, user: User, action: str, **detail: Any) -> None:
    """Record an event about somebody, as their own act unless somebody else signed in did it."""
    change = changes.current()
    if change is None:
        return
    if not change.is_written and not getattr(change.actor, "is_authenticated", False):
        change.actor = user
    change.fill(action=action)
    AuditEvent.record(kind, subject=user, **detail)


@receiver(user_logged_in)
def begin_session(request: Any, user: User, **_: Any) -> None:
    if request is not None:
        sessions.begin(request, user)


@receiver(user_logged_out)
def forget_session(request: Any, **_: Any) -> None:
    session = getattr(request, "session", None)
    sessions.forget(session.session_key if session is not None else None)


@receiver(account.user_signed_up)
def note_sign_up(user: User, sociallogin: Any = None, **_: Any) -> None:
    door = sociallogin.account.provider if sociallogin is not None else "password"
    record("sign_up", user, "account.sign_up", door=door)


@receiver([account.password_changed, account.password_set])
def note_new_password(user: User, **_: Any) -> None:
    record("password_changed", user, "account.change_password")


@receiver(account.password_reset)
def note_reset(user: User, **_: Any) -> None:
    record("password_reset", user, "account.reset_password", sessions=sessions.end_all(user))


@receiver(account.email_confirmed)
def note_confirmed(email_address: Any, **_: Any) -> None:
    record("email_confirmed", email_address.user, "account.confirm_email")


@receiver(account.email_changed)
def note_new_email(user: User, **_: Any) -> None:
    record("user_details_changed", user, "account.change_email", fields=["email"])


@receiver(mfa.authenticator_added)
def note_added(user: User, authenticator: Authenticator, **_: Any) -> None:
    record("second_factor_added", user, "account.add_second_factor", type=authenticator.type)


@receiver(mfa.authenticator_removed)
def note_removed(request: Any, user: User, authenticator: Authenticator, **_: Any) -> None:
    record("second_factor_removed", user, "account.remove_second_factor", type=authenticator.type)
    if not second_factor.has_one(user):
        request.session.pop(second_factor.SESSION_KEY, None)
        # Others of their sessions were let in by what is no more.
        sessions.end_all(user, but=request.session.session_key or "")


@receiver(mfa.authenticator_reset)
def note_renewed(user: User, **_: Any) -> None:
    record("recovery_codes_renewed", user, "account.renew_recovery_codes")


@receiver(mfa.authenticator_used)
def note_used(user: User, authenticator: Authenticator, **_: Any) -> None:
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        # What was sent along is the row as it was before this use.
        now = Authenticator.objects.get(pk=authenticator.pk)
        left = len(now.wrap().get_unused_codes())
        record("recovery_code_used", user, "auth.sign_in", left=left)


@receiver(mfa.authentication_failed)
def note_wrong_code(user: User, authenticator: Authenticator, **_: Any) -> None:
    changes.say(action="auth.second_factor_failed", by=None, reason="")
    AuditEvent.record("second_factor_failed", subject=user, type=authenticator.type)


@receiver(social.social_account_added)
def note_connected(sociallogin: Any, **_: Any) -> None:
    account_ = sociallogin.account
    record("social_connected", account_.user, "account.connect_google", provider=account_.provider)


@receiver(social.social_account_removed)
def note_disconnected(socialaccount: Any, **_: Any) -> None:
    record(
        "social_disconnected",
        socialaccount.user,
        "account.disconnect_google",
        provider=socialaccount.provider,
    )
