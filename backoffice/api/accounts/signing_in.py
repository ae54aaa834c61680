"""Signing in by password where no page asks for more, and confirming the address before that."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.contrib.auth import authenticate
from django.utils.translation import gettext_lazy as _

from backoffice.models import User
from backoffice.refused import Refused


class WrongPassword(Refused):
    sentence = _("No open account has this e-mail address and password.")
    hint = _("Check both; after some attempts, wait a minute.")
    http_status = 401


class AddressNotConfirmed(Refused):
    sentence = _("This e-mail address is not confirmed yet.")
    hint = _("Open the link in the letter that we sent, or send its key to auth/confirm/.")
    http_status = 403


class ConfirmationOver(Refused):
    sentence = _("This key confirms nothing: it was used, is too old, or is none of ours.")
    hint = _("Sign in by browser; you will be sent another one.")


def person_of(request: Any, *, email: str, password: str) -> User:
    """Return who signs in with a password alone.

    Refuses: WrongPassword, the same for an unknown address, a wrong password and a closed account;
    TooManyAttempts; SecondFactorNeeded for accounts that have one, and for roles that must;
    AddressNotConfirmed for who registered and did not confirm yet.
    """
    user = authenticate(request._request, email=email.strip().lower(), password=password)
    if not isinstance(user, User):
        raise WrongPassword
    if EmailAddress.objects.filter(user=user, email=user.email, verified=False).exists():
        raise AddressNotConfirmed
    return user


def confirm_address(request: Any, *, key: str) -> None:
    """Take an address for confirmed. Refuses: ConfirmationOver."""
    confirmation = EmailConfirmationHMAC.from_key(key)
    if confirmation is None or confirmation.confirm(request._request) is None:
        raise ConfirmationOver
