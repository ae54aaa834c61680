"""Who may do what has changed: each change of roles, permissions and accounts is an event."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver

from backoffice import changes
from backoffice.models import AuditEvent, User

WORDS = {"post_add": "add", "post_remove": "remove", "pre_clear": "clear"}
# What an administrator's tick can do to an account → the event that tells it.
SWITCHES = {
    ("is_active", False): "user_deactivated",
    ("is_active", True): "user_reactivated",
    ("is_staff", False): "staff_right_taken",
    ("is_staff", True): "staff_right_given",
    ("is_superuser", False): "superuser_right_taken",
    ("is_superuser", True): "superuser_right_given",
}

_is_written_from_code: ContextVar[bool] = ContextVar("rights_from_code", default=False)


@contextmanager
def written_from_code() -> Iterator[None]:
    """The table of roles writes its groups: `roles` tells what changed, in one event."""
    token = _is_written_from_code.set(True)
    try:
        yield
    finally:
        _is_written_from_code.reset(token)


@receiver(m2m_changed, sender=User.groups.through)
def note_roles(instance: Any, action: str, reverse: bool, pk_set: Any, **_: Any) -> None:
    if (word := WORDS.get(action)) is None:
        return
    if reverse:
        users = pk_set if pk_set is not None else instance.user_set.values_list("pk", flat=True)
        for user in User.objects.filter(pk__in=list(users)).order_by("pk"):
            AuditEvent.record(f"roles_{word}", subject=user, roles=[instance.name])
        return
    groups = Group.objects.filter(pk__in=pk_set) if pk_set is not None else instance.groups.all()
    names = sorted(groups.values_list("name", flat=True))
    if names:
        AuditEvent.record(f"roles_{word}", subject=instance, roles=names)


@receiver(m2m_changed, sender=User.user_permissions.through)
@receiver(m2m_changed, sender=Group.permissions.through)
def note_permissions(instance: Any, action: str, reverse: bool, pk_set: Any, **facts: Any) -> None:
    word = WORDS.get(action)
    if word is None or _is_written_from_code.get():
        return
    if reverse:
        model = facts["model"]
        owners = model._default_manager.filter(pk__in=pk_set or ())
        for owner in owners.order_by("pk"):
            AuditEvent.record(f"permissions_{word}", subject=owner, permissions=[name_of(instance)])
        return
    found = getattr(instance, "permissions" if isinstance(instance, Group) else "user_permissions")
    chosen = Permission.objects.filter(pk__in=pk_set) if pk_set is not None else found.all()
    names = sorted(name_of(p) for p in chosen.select_related("content_type"))
    if names:
        AuditEvent.record(f"permissions_{word}", subject=instance, permissions=names)


def name_of(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


@receiver(post_save, sender=Group)
def note_group(instance: Group, created: bool, **_: Any) -> None:
    if not _is_written_from_code.get():
        kind = "role_created" if created else "role_renamed"
        AuditEvent.record(kind, subject=instance, name=instance.name)


@receiver(post_delete, sender=Group)
def note_group_gone(instance: Group, **_: Any) -> None:
    AuditEvent.record("role_deleted", subject=instance, name=instance.name)


@receiver(pre_save, sender=User)
def note_switches(instance: User, **_: Any) -> None:
    """An account was closed or opened, or made more than it was; a new one says it itself."""
    if instance._state.adding or changes.current() is None:
        return
    changed = instance.changed_fields()
    for (name, value), kind in SWITCHES.items():
        if name in changed and getattr(instance, name) == value:
            AuditEvent.record(kind, subject=instance)
    if "password" in changed and changes.require().action == "command.changepassword":
        AuditEvent.record("password_replaced", subject=instance)
