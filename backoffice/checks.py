"""System checks of our own: what a reviewer would otherwise have to remember."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from backoffice import flows, sealed
from backoffice.models import Audited
from backoffice.seals import canonical

# `migrate` asks the checks first, so that this one would keep it from mending what is wrong.
MIGRATE = "Run `manage.py migrate --skip-checks`."

STAR = re.compile(r"^\s*from\s+\S+\s+import\s+\(?\s*\*", re.MULTILINE)
PLACES = 2
OURS = ("backoffice", "catalog", "orders")


def our_models() -> list[type[models.Model]]:
    return [m for m in apps.get_models() if m._meta.app_label in OURS]


@register(Tags.models)
def check_relations(**_: Any) -> list[Error]:
    """Every relation names its reverse; from audited models nothing is silently set to NULL."""
    errors = []
    for model in our_models():
        for field in model._meta.local_fields + model._meta.local_many_to_many:
            if not field.remote_field or getattr(field, "history_model", False):
                continue
            if field.remote_field.related_name is None:
                errors.append(Error(f"{field} does not name its reverse.", id="backoffice.E001"))
            if issubclass(model, Audited) and field.remote_field.on_delete is models.SET_NULL:
                errors.append(Error(f"{field} would rewrite history.", id="backoffice.E002"))
    return errors


# Columns with one of these words hold an amount of money; of `units` or `rows` they are a count.
MONEY = re.compile(r"(^|_)(price|amount|cost|discount|subtotal|shipping|refunded|paid|due)(_|$)")


@register(Tags.models)
def check_money(**_: Any) -> list[Error]:
    """No number of ours is a float, and what is called money is a Decimal with two places."""
    errors = []
    for model in our_models():
        for field in model._meta.local_fields:
            if isinstance(field, models.FloatField):
                errors.append(Error(f"{field} is a float; money is Decimal.", id="backoffice.E003"))
            is_number = isinstance(field, (models.IntegerField, models.DecimalField))
            if (
                is_number
                and MONEY.search(field.name)
                and getattr(field, "decimal_places", 0) != PLACES
            ):
                words = f"{field} is called money; it has to be a Decimal with two places."
                errors.append(Error(words, id="backoffice.E009"))
    return errors


@register(Tags.models)
def check_star_imports(**_: Any) -> list[Error]:
    """Each name of our apps says where it comes from."""
    return [
        Error(f"{path.relative_to(settings.BASE_DIR)} imports a star.", id="backoffice.E010")
        for label in OURS
        for path in sorted(Path(apps.get_app_config(label).path).rglob("*.py"))
        if STAR.search(path.read_text(encoding="utf-8"))
    ]


@register(Tags.models)
def check_flows(**_: Any) -> list[Error]:
    """No unreachable state, no step to an unknown one, no step without a verb."""
    errors = []
    for flow in flows.all_flows():
        errors += [
            Error(f"{flow.model_name}: {state} is unreachable.", id="backoffice.E004")
            for state in sorted(flow.unreachable_states())
        ]
        for step in flow.steps.values():
            if {*step.sources, step.target} - {"", *flow.states}:
                errors.append(Error(f"{step.action}: unknown state.", id="backoffice.E005"))
            if not step.is_entry and step.name not in flow.verbs:
                errors.append(Error(f"{step.action} has no verb.", id="backoffice.E006"))
    return errors


@register(Tags.models)
def check_sealed_columns(**_: Any) -> list[Error]:
    """Each column of a sealed table has a rule by which a seal makes text of it."""
    errors = []
    for entry in sealed.registry():
        if not entry.is_chained:
            continue
        try:
            canonical.layout_of(entry)
        except ImproperlyConfigured as error:
            errors.append(Error(str(error), id="backoffice.E008"))
    return errors


@register(Tags.database)
def check_seals(databases: Any = None, **_: Any) -> list[Error]:
    """The triggers of sealed tables are there (SQLite drops them at each remake of a table)."""
    if not databases:
        return []
    return [
        Error(f"Trigger {name} is missing.", hint=MIGRATE, id="backoffice.E007")
        for name in sealed.missing()
    ]
