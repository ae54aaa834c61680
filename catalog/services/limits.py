"""How many characters a column takes, and what the screen calls it: the model says, nobody else."""

from __future__ import annotations

from typing import Any

from django.db import models

from backoffice.refused import Text


def column(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field)
    return field


def limit_of(model: type[models.Model], name: str) -> int | None:
    """Return how many characters fit; None: any number."""
    return column(model, name).max_length


def slug_limit(model: type[models.Model]) -> int:
    limit = limit_of(model, "slug")
    assert limit is not None
    return limit


def label_of(model: type[models.Model], name: str) -> Text:
    return column(model, name).verbose_name
