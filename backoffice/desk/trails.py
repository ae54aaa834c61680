"""Trails: which models' record belongs together, and who may look through it. Apps register theirs.

Whoever sees the whole record sees every audited model, registered or not, and all events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import models

from backoffice.models import User
from backoffice.refused import Text

SEES_ALL = "backoffice.view_changeset"
SEES_EVENTS = "backoffice.view_auditevent"

Model = type[models.Model]


@dataclass(frozen=True, kw_only=True)
class Trail:
    """Models whose record is looked through together.

    permission: whoever has it may do so, without seeing the rest of the record. called: the columns
    by which people call a row of a model (a number, an SKU), beside its key.
    """

    name: str
    label: Text
    permission: str
    models: Sequence[Model]
    called: Mapping[Model, Sequence[str]] = field(default_factory=dict)
    order: int = 100


_trails: dict[str, Trail] = {}


def register(*trails: Trail) -> None:
    """Put trails at the desk; the same name replaces."""
    for trail in trails:
        _trails[trail.name] = trail


def all_trails() -> list[Trail]:
    return sorted(_trails.values(), key=lambda trail: (trail.order, trail.name))


def names_of(model: Model) -> Sequence[str]:
    """Return the columns that people call a row of this model by."""
    return next((t.called[model] for t in _trails.values() if model in t.called), ())


def sees_all(user: User) -> bool:
    return user.is_active and user.has_perm(SEES_ALL)


def trails_of(user: User) -> list[Trail]:
    """Return the trails that somebody may look through by their own permission."""
    return [t for t in all_trails() if user.is_active and user.has_perm(t.permission)]


def may_enter(user: User) -> bool:
    """Tell whether the desk has anything for this person."""
    return sees_all(user) or bool(trails_of(user))


def door_permissions() -> tuple[str, ...]:
    """Return the permissions of which one opens the desk."""
    return (SEES_ALL, *(trail.permission for trail in all_trails()))
