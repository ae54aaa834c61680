"""Verbs over the people who work here: accounts, roles, passwords. Customers are not among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes
from backoffice.models import AuditEvent, Profile, User
from backoffice.refused import BadValue, ReasonMissing, Refused, UnknownRow
from backoffice.signin import sessions
from backoffice.steps import require_permission

ADD = "backoffice.add_user"
CHANGE = "backoffice.change_user"

DETAILS = ("email", "first_name", "last_name")
PROFILE = ("time_zone", "language")


class EmailTaken(Refused):
    sentence = _("Somebody with the address {email} is already here.")
    hint = _("Open their account instead, or use another address.")
    http_status = 409


class OwnAccount(Refused):
    sentence = _("Nobody changes their own {what}.")
    hint = _("Ask another administrator.")
    http_status = 403


class SuperuserOnly(Refused):
    sentence = _("{user} is a superuser; only a superuser may change that account.")
    http_status = 403


class UnknownRole(Refused):
    sentence = _("There is no role {role}.")


class NoSecondFactor(Refused):
    sentence = _("{user} has no second factor.")
    http_status = 409


class AlreadySo(Refused):
    sentence = _("{user} is {state} already.")
    http_status = 409


def create_staff(
    *,
    email: str,
    first_name: str,
    last_name: str,
    roles: Sequence[str],
    password: str,
    by: User,
    reason: str,
    profile: Mapping[str, str] | None = None,
) -> User:
    """Give somebody an account of this console.

    password: temporary; the person changes it at their first visit.
    Refuses: NotAllowed; EmailTaken; BadValue for a weak password or a bad address; UnknownRole.
    Atomic: writes the user, its profile and history, and an event for each kind of change.
    """
    require_permission(by, ADD, _("add people"))
    groups = _groups(roles)
    user = User(email=email, first_name=first_name, last_name=last_name, is_staff=True)
    _check_password(user, password)
    with transaction.atomic():
        _say("backoffice.create_user", by, reason)
        user.set_password(password)
        _save(user)
        _write_profile(user, profile or {})
        user.groups.set(groups)
    return user


def edit_staff(
    *,
    user_id: Any,
    changes: Mapping[str, Any],
    by: User,
    reason: str,
    roles: Sequence[str] | None = None,
) -> User:
    """Edit a person's address, names, time zone and language, and, when given, their roles.

    changes: any of email, first_name, last_name, time_zone, language.
    Refuses: NotAllowed; UnknownRow; SuperuserOnly; OwnAccount for one's own roles; EmailTaken.
    Atomic: locks the user; personal values stay out of history, that they changed is an event.
    """
    with _editing(user_id, "backoffice.edit_user", by, reason) as user:
        edited = [n for n in DETAILS if n in changes and changes[n] != getattr(user, n)]
        for name in edited:
            setattr(user, name, changes[name])
        if edited:
            _save(user)
            AuditEvent.record("user_details_changed", subject=user, fields=edited)
        _write_profile(user, {k: v for k, v in changes.items() if k in PROFILE})
        if roles is not None:
            _write_roles(user, roles, by)
    return user


def set_roles(*, user_id: Any, roles: Sequence[str], by: User, reason: str) -> User:
    """Give a person these roles and no others.

    Refuses: NotAllowed; UnknownRow; UnknownRole; OwnAccount; SuperuserOnly.
    Atomic: locks the user; one event for what was added and one for what was removed.
    """
    with _editing(user_id, "backoffice.set_roles", by, reason) as user:
        _write_roles(user, roles, by)
    return user


def deactivate_user(*, user_id: Any, by: User, reason: str) -> User:
    """Close a person's account: every session of theirs ends with its next request.

    reason: required. Refuses: NotAllowed; ReasonMissing; UnknownRow; OwnAccount; AlreadySo;
    SuperuserOnly. Atomic: locks the user; one history row.
    """
    return _switch(user_id, by, reason, is_active=False)


def reactivate_user(*, user_id: Any, by: User, reason: str) -> User:
    """Open a closed account again, with the roles it had.

    reason: required. Refuses: as `deactivate_user`. Atomic: locks the user; one history row.
    """
    return _switch(user_id, by, reason, is_active=True)


def set_temporary_password(*, user_id: Any, password: str, by: User, reason: str) -> User:
    """Replace a forgotten password; all sessions of the account end.

    Refuses: NotAllowed; UnknownRow; BadValue for a weak one; OwnAccount (there is a page for
    that); SuperuserOnly. Atomic: locks the user; an event, never the password.
    """
    with _editing(user_id, "backoffice.set_password", by, reason) as user:
        if user.pk == by.pk:
            raise OwnAccount(what=_("password here"), hint=_("Use “Change password” in your menu."))
        _check_password(user, password)
        user.set_password(password)
        user.save()
        AuditEvent.record("password_replaced", subject=user)
    return user


def reset_second_factor(*, user_id: Any, by: User, reason: str) -> User:
    """Take away somebody's second factors: they lost phone and codes, and set up a new one.

    reason: required (how it was made sure who asked). All sessions of the account end.
    Refuses: NotAllowed; ReasonMissing; UnknownRow; OwnAccount; SuperuserOnly; NoSecondFactor.
    Atomic: locks the user; one event.
    """
    if not reason:
        raise ReasonMissing(step=_("Reset the second factor"))
    with _editing(user_id, "backoffice.reset_second_factor", by, reason) as user:
        if user.pk == by.pk:
            raise OwnAccount(what=_("second factor here"), hint=_("Use “Second factor”."))
        gone = Authenticator.objects.filter(user=user).delete()[0]
        if not gone:
            raise NoSecondFactor(user=user)
        ended = sessions.end_all(user)
        AuditEvent.record("second_factor_reset", subject=user, count=gone, sessions=ended)
    return user


def sign_out_everywhere(*, user_id: Any, by: User, reason: str) -> User:
    """End every session of somebody: a lost laptop, a doubt.

    Refuses: NotAllowed; UnknownRow; SuperuserOnly. Atomic: locks the user; one event.
    """
    with _editing(user_id, "backoffice.sign_out_everywhere", by, reason) as user:
        AuditEvent.record("session_ended", subject=user, count=sessions.end_all(user))
    return user


def _switch(user_id: Any, by: User, reason: str, *, is_active: bool) -> User:
    verb = "reactivate" if is_active else "deactivate"
    if not reason:
        raise ReasonMissing(step=_("Reactivate") if is_active else _("Deactivate"))
    with _editing(user_id, f"backoffice.{verb}_user", by, reason) as user:
        if user.pk == by.pk:
            raise OwnAccount(what=_("access"))
        if user.is_active == is_active:
            raise AlreadySo(user=user, state=_("active") if is_active else _("deactivated"))
        user.is_active = is_active
        user.save()
    return user


@contextmanager
def _editing(user_id: Any, action: str, by: User, reason: str) -> Iterator[User]:
    """Lock a person for a change by `by`."""
    require_permission(by, CHANGE, _("change people"))
    with transaction.atomic():
        user = User.objects.select_for_update(of=("self",)).filter(pk=user_id).first()
        if user is None:
            raise UnknownRow(what=_("person"), key=user_id)
        if user.is_superuser and not by.is_superuser:
            raise SuperuserOnly(user=user)
        _say(action, by, reason)
        yield user


def _say(action: str, by: User, reason: str) -> None:
    if (change := changes.current()) is not None:
        change.fill(action=action, by=by, note=reason)


def _save(user: User) -> None:
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        name, problems = next(iter(error.message_dict.items()))
        field = user._meta.get_field(name)
        label = getattr(field, "verbose_name", name)
        raise BadValue(field=label, problem=problems[0]) from error
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise EmailTaken(email=user.email) from error


def _write_profile(user: User, values: Mapping[str, str]) -> None:
    if values:
        Profile.objects.filter(user=user).update(**values)


def _write_roles(user: User, roles: Sequence[str], by: User) -> None:
    groups = _groups(roles)
    if {group.pk for group in groups} == set(user.groups.values_list("pk", flat=True)):
        return
    if user.pk == by.pk:
        raise OwnAccount(what=_("roles"))
    user.groups.set(groups)


def _groups(roles: Sequence[str]) -> list[Group]:
    found = {group.name: group for group in Group.objects.filter(name__in=roles)}
    for role in roles:
        if role not in found:
            raise UnknownRole(role=role)
    return list(found.values())


def _check_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise BadValue(field=_("Password"), problem=" ".join(error.messages)) from error
