"""Who may open a page outside the console: whoever signed in, staff, a role, an owner.

Strangers are led to the sign-in and come back; whoever is signed in and may not, reads why.
What belongs to somebody else does not exist: 404, as for a number that was made up.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

View = Callable[..., HttpResponse]
Question = Callable[[Any], bool]


def is_staff(user: Any) -> bool:
    return user.is_active and user.is_staff


def has_role(user: Any, *roles: str) -> bool:
    """Return whether somebody has one of the roles; a superuser has them all."""
    return user.is_superuser or user.groups.filter(name__in=roles).exists()


def owns(user: Any, row: Any, field: str) -> bool:
    """Return whether a row is this person's; nobody's rows are nobody's."""
    owner = getattr(row, f"{field}_id", None)
    return owner is not None and owner == user.pk


# --- Decorators -------------------------------------------------------------------------------


def _only(question: Question, refusal: Any) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            if not question(request.user):
                raise PermissionDenied(refusal)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def signed_in(view: View) -> View:
    """Decorator: whoever signed in."""
    return _only(lambda _user: True, "")(view)


def staff_only(view: View) -> View:
    """Decorator: whoever works here."""
    return _only(is_staff, _("This page is for staff."))(view)


def role_only(*roles: str) -> Callable[[View], View]:
    """Decorator: whoever has one of these roles."""
    words = _("This page is for: {roles}.")
    return _only(lambda user: has_role(user, *roles), str(words).format(roles=", ".join(roles)))


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to the sign-in; a form that was sent comes back as the page it stood on."""
    address = request.get_full_path() if request.method in {"GET", "HEAD"} else request.path
    if "HX-Request" in request.headers:
        return HttpResponse(headers={"HX-Redirect": redirect_to_login(address).url})
    return redirect_to_login(address)


# --- Mixins -----------------------------------------------------------------------------------


class SignedInMixin:
    """Whoever signed in; stands before the view class."""

    refusal: ClassVar[Any] = ""

    def may_open(self, user: Any) -> bool:
        return True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        guard = _only(self.may_open, self.refusal)
        return guard(super().dispatch)(request, *args, **kwargs)  # type: ignore[misc]


class StaffOnlyMixin(SignedInMixin):
    """Whoever works here."""

    refusal = _("This page is for staff.")

    def may_open(self, user: Any) -> bool:
        return is_staff(user)


class RoleOnlyMixin(SignedInMixin):
    """Whoever has one of `roles`."""

    roles: ClassVar[tuple[str, ...]] = ()
    refusal = _("Your role does not open this page.")

    def may_open(self, user: Any) -> bool:
        return has_role(user, *self.roles)


class OwnerOnlyMixin(SignedInMixin):
    """The owner of the row that `get_object` returns; others do not learn that it exists.

    owner_field: the foreign key to the owner. staff_may_look: staff open it, too.
    """

    owner_field: ClassVar[str] = "customer"
    staff_may_look: ClassVar[bool] = False

    def get_object(self, *args: Any, **kwargs: Any) -> Any:
        row = super().get_object(*args, **kwargs)  # type: ignore[misc]
        user = self.request.user  # type: ignore[attr-defined]
        if owns(user, row, self.owner_field) or (self.staff_may_look and is_staff(user)):
            return row
        raise Http404
