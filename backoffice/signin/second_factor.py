"""Who needs a second factor, who has one, and what a code is good for: once."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from backoffice.models import User
from backoffice.refused import Refused

# A superuser stands above every role; the rule for administrators holds for them.
SUPERUSERS_ROLE = "admin"
# The session's note that this very account has one; it is asked again until then.
SESSION_KEY = "has_second_factor"


class SecondFactorNeeded(Refused):
    sentence = _("This account needs more than its password.")
    hint = _("Sign in by the page “Sign in”, where the second factor is asked for.")
    http_status = 403


class SecondFactorMissing(Refused):
    sentence = _("Your role needs a second factor, and you have none yet.")
    hint = _("Set one up under “Second factor” in your account.")
    http_status = 403


def is_required(user: Any) -> bool:
    """Return whether a role of this person is among those that need one."""
    roles = set(settings.MFA_REQUIRED_ROLES)
    if not roles or not user.is_authenticated:
        return False
    if user.is_superuser:
        return SUPERUSERS_ROLE in roles
    return user.groups.filter(name__in=roles).exists()


def has_one(user: Any) -> bool:
    """Return whether this person has set one up; recovery codes alone are none."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return Authenticator.objects.filter(user_id=user.pk, type__in=kinds).exists()


def is_missing(user: Any) -> bool:
    """Return whether this person has to set one up before anything else."""
    return is_required(user) and not has_one(user)


def refuse_password_alone(user: User) -> None:
    """Of doors that ask for a password only. Refuses: SecondFactorNeeded."""
    if has_one(user) or is_required(user):
        raise SecondFactorNeeded


def is_last(authenticator: Authenticator) -> bool:
    """Return whether without this one its owner had none."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    others = Authenticator.objects.filter(user_id=authenticator.user_id, type__in=kinds)
    return authenticator.type in kinds and not others.exclude(pk=authenticator.pk).exists()


def use_app_code(authenticator: Authenticator, code: str) -> bool:
    """Return whether a code of the app is right and was not used before (nor a later one)."""
    typed = "".join(code.split())
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
        secret = decrypt(row.data["secret"])
        for counter in yield_hotp_counters_from_time():
            expected = format_hotp_value(hotp_value(secret, counter))
            if constant_time_compare(typed, expected) and counter > row.data.get("used", 0):
                row.data = {**row.data, "used": counter}
                row.save(update_fields=["data"])
                authenticator.data = row.data
                return True
    return False
