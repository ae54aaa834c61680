"""Accounts that are nobody's: who acts when no person does."""

from __future__ import annotations

from backoffice.models import User

COMMAND_EMAIL = "system@localhost"


def command_user() -> User:
    """Return the account that commands act as when they are not told whose work they do.

    It may do everything and can never sign in: it has no password, and its address receives no
    mail that could give it one.
    """
    user = User.objects.get_or_none(email=COMMAND_EMAIL)
    if user is None:
        user = User.objects.create_superuser(COMMAND_EMAIL, None, first_name="System")
    return user
