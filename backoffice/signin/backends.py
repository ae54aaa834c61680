"""The one place where a password is looked at, whichever door it came in by."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from backoffice.models import User
from backoffice.signin import limits, second_factor


class PasswordBackend(AuthenticationBackend):
    """Counts attempts, and asks doors that know no second factor for it.

    A door whose pages ask for the second factor next says so beforehand:
    `request.second_factor_follows = True`.
    """

    def authenticate(self, request: Any, **credentials: Any) -> User | None:  # type: ignore[override]
        """Return the person whose password it is, or None.

        Refuses: TooManyAttempts; SecondFactorNeeded when the password alone is not enough here.
        """
        email = credentials.get("email") or credentials.get("username")
        if not email or not credentials.get("password"):
            return None
        attempt = limits.begin_sign_in(request, str(email))
        user = super().authenticate(request, **credentials)
        if user is None:
            return None
        attempt.succeeded()
        if not getattr(request, "second_factor_follows", False):
            second_factor.refuse_password_alone(user)
        return user
