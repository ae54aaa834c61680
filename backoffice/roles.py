"""Roles are groups, written from one table in code (settings.ROLES_TABLE) after every migrate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from backoffice import changes, rights
from backoffice.models import AuditEvent

RolesTable = Mapping[str, Sequence[str]]


def table() -> RolesTable:
    """Return role name → permissions as `has_perm` takes them."""
    return import_string(settings.ROLES_TABLE)


def sync_roles(last_app: Any = None) -> None:
    """Make the groups what the table says; a permission that does not exist is an error."""
    if last_app is not None:
        # Its own permissions may not be there yet: receivers run in an order nobody promises.
        create_permissions(last_app, verbosity=0)
    known = {
        f"{p.content_type.app_label}.{p.codename}": p
        for p in Permission.objects.select_related("content_type")
    }
    for role, names in table().items():
        if unknown := [name for name in names if name not in known]:
            raise ImproperlyConfigured(f"Role {role} names unknown permissions: {unknown}")
        with rights.written_from_code():
            _write(role, {known[name].pk: name for name in names})


def _write(role: str, wanted: Mapping[int, str]) -> None:
    group, is_new = Group.objects.get_or_create(name=role)
    had = {
        permission.pk: rights.name_of(permission)
        for permission in group.permissions.select_related("content_type")
    }
    if wanted.keys() == had.keys():
        return
    group.permissions.set(wanted)
    # A role's first permissions are the table itself; later ones are a change of it.
    if not is_new:
        given = sorted(name for pk, name in wanted.items() if pk not in had)
        taken = sorted(name for pk, name in had.items() if pk not in wanted)
        with changes.change(action="backoffice.sync_roles"):
            AuditEvent.record("role_rewritten", subject=group, given=given, taken=taken)
