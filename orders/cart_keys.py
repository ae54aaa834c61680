"""How a visitor's cart is found again: a random word in their session, never the session's key.

The session's own key changes at sign-in (it must), and would hand over the session to whoever
reads the table of carts.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.http import HttpRequest

from backoffice.models import User

IN_SESSION = "cart"


def visitor_key(request: HttpRequest) -> str:
    """Return the key of the visitor's cart, or "" when they never had one."""
    return str(_session(request).get(IN_SESSION, ""))


def ensure_visitor_key(request: HttpRequest) -> str:
    """Return the key of the visitor's cart, made now if there is none."""
    if not (key := visitor_key(request)):
        key = _session(request)[IN_SESSION] = secrets.token_urlsafe(32)
    return key


def owner_of(request: HttpRequest) -> dict[str, Any]:
    """Return whose cart a request is about, as `find_cart` takes it; writes nothing."""
    by = _person(request)
    return {"by": by, "session_key": "" if by else visitor_key(request)}


def ensure_owner(request: HttpRequest) -> dict[str, Any]:
    """Return whose cart a request is about, as `cart_of` takes it."""
    by = _person(request)
    return {"by": by, "session_key": "" if by else ensure_visitor_key(request)}


def _person(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None


def _session(request: HttpRequest) -> Any:
    # A request by token has a session, too: the middleware opens it, unsaved while it is empty.
    return request.session
