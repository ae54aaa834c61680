"""The codes that an authenticator app shows, computed as it does."""

from __future__ import annotations

import re
import time

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def give_app(user) -> Authenticator:
    """Give somebody an app and recovery codes."""
    RecoveryCodes.activate(user)
    return TOTP.activate(user, SECRET).instance


def code_of(secret: str = SECRET, *, later: int = 0) -> str:
    """Return what the app shows now, or so many half minutes later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def secret_on(page: str) -> str:
    return re.search(r"\b[A-Z2-7]{32}\b", page).group()
