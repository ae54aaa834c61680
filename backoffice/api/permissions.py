"""Who may call what: one table on each view, and nothing that it does not name.

`access = {"list": ANYONE, "create": "catalog.add_product", "partial_update": STAFF}`: an action of
a view set, or a method of a plain view (`"post"`). Which rows somebody sees is the query's work
(`get_queryset`): what is not theirs does not exist for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from backoffice.signin import second_factor

ANYONE = "anyone"
SIGNED_IN = "signed in"
STAFF = "staff"

AccessTable = Mapping[str, str]


def may(user: Any, wanted: str) -> bool:
    """Return whether a person is what the table asks for: a word of the three, or a permission."""
    if wanted == ANYONE:
        return True
    if not (user.is_authenticated and user.is_active):
        return False
    if wanted == SIGNED_IN:
        return True
    if wanted == STAFF:
        return bool(user.is_staff)
    return bool(user.has_perm(wanted))


def action_of(request: Request, view: Any) -> str | None:
    """Return what the table calls this request; None: the view does not answer such a method."""
    method = str(request.method).lower()
    if method == "options":
        return None
    if hasattr(view, "action_map"):
        return getattr(view, "action", None)
    method = "get" if method == "head" else method
    return method if hasattr(view, method) and method in view.http_method_names else None


class Access(BasePermission):
    """Lets in whom the view's `access` table names for this action; a view without one, nobody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        action = action_of(request, view)
        if action is None:
            return True  # 405 follows
        if request.auth is not None and second_factor.is_missing(request.user):
            # A token from before the role asked for one; sessions meet the same in middleware.
            raise second_factor.SecondFactorMissing
        if getattr(request.auth, "is_read_only", False) and request.method not in SAFE_METHODS:
            return False
        wanted = getattr(view, "access", {}).get(action)
        return wanted is not None and may(request.user, wanted)
