"""Whether a password is enough: who asks with one, and who needs more."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import authenticate
from django.utils.translation import gettext_lazy as _

from backoffice.models import User
from backoffice.refused import Refused


class WrongPassword(Refused):
    sentence = _("No open account has this e-mail address and password.")
    hint = _("Check both; after some attempts, wait a minute.")
    http_status = 401


class SecondFactorNeeded(Refused):
    sentence = _("This account asks for more than a password.")
    hint = _("Sign in by browser, and make a token there for your program.")
    http_status = 403


def person_of(request: Any, *, email: str, password: str) -> User:
    """Return who signs in with a password alone.

    Refuses: WrongPassword, the same for an unknown address, a wrong password and a closed account;
    SecondFactorNeeded for accounts that have one, and for roles that must.
    """
    user = authenticate(request._request, username=email.strip().lower(), password=password)
    if not isinstance(user, User):
        raise WrongPassword
    if _has_second_factor(user) or _must_have_one(user):
        raise SecondFactorNeeded
    return user


def _has_second_factor(user: User) -> bool:
    if not apps.is_installed("allauth.mfa"):
        return False
    from allauth.mfa.utils import is_mfa_enabled

    return bool(is_mfa_enabled(user))


def _must_have_one(user: User) -> bool:
    required = getattr(settings, "MFA_REQUIRED_ROLES", [])
    return bool(required) and user.groups.filter(name__in=required).exists()
