"""Who calls in the fuzz and in the matrix: nobody, a customer, and one of each role."""

from __future__ import annotations

from rest_framework_simplejwt.tokens import AccessToken

from backoffice.models import User
from tests.conftest import ROLES

CALLERS = ("anonymous", "customer", *ROLES)


def tokens_of(users: dict[str, User]) -> dict[str, dict[str, str]]:
    """Return the headers by which each caller is known."""
    plain = {"Accept-Encoding": "identity"}
    return {
        name: {**plain, "Authorization": f"Bearer {AccessToken.for_user(user)}"}
        for name, user in users.items()
    } | {"anonymous": plain}
