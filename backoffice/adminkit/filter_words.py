"""What a filter of a list is called in an address, and how its value reads."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

RANGE_PARTS = ("after", "before", "min", "max", "0", "1")


def is_of(key: str, name: str) -> bool:
    """True when a parameter belongs to a filter; ranges have two ("placed_at_after")."""
    return key == name or key in {f"{name}_{part}" for part in RANGE_PARTS}


def shown(field: Any, value: Any) -> str:
    """Return a filter's value in words."""
    if isinstance(value, slice):
        parts = [_("from {day}").format(day=value.start)] if value.start is not None else []
        parts += [_("to {day}").format(day=value.stop)] if value.stop is not None else []
        return " ".join(parts)
    if value is True or value is False:
        return str(_("Yes") if value else _("No"))
    labels: dict[str, str] = {}
    if not hasattr(field, "queryset"):
        choices = getattr(field, "choices", ())
        labels = {str(k): str(v) for k, v in choices if not isinstance(v, list | tuple)}
    if isinstance(value, list | tuple | set | QuerySet):
        return ", ".join(labels.get(str(item), str(item)) for item in value)
    return labels.get(str(value), str(value))
