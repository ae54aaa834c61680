"""Every table is audited, sealed, or declared to be neither, with a reason."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest

from backoffice import sealed
from backoffice.models import Audited, User
from backoffice.seals.reconcile import audited_models
from tests.backoffice.record.exemptions import EXEMPT

pytestmark = pytest.mark.row("A3")


# What no history may show: personal data, and a key that signs.
LEFT_OUT = {
    "backoffice.User": {"email", "first_name", "last_name", "password"},
    "backoffice.WebhookEndpoint": {"secret"},
}


def label(model) -> str:
    return model._meta.label


def is_recorded(model) -> bool:
    facts = {entry.model for entry in sealed.registry()}
    return model in facts or model in set(audited_models())


def tables() -> list:
    return [m for m in apps.get_models(include_auto_created=True) if not m._meta.proxy]


@pytest.mark.parametrize("model", tables(), ids=label)
def test_each_table_is_audited_or_sealed_or_says_why_not(model):
    assert is_recorded(model) != (label(model) in EXEMPT), (
        f"{label(model)}: give it a history (Audited, History()), seal it, or declare in "
        "exemptions.py why it needs neither."
    )


def test_what_is_exempt_exists_and_says_why():
    assert set(EXEMPT) <= {label(model) for model in tables()}
    assert all(len(reason) > 20 for reason in EXEMPT.values())


@pytest.mark.parametrize("model", audited_models(), ids=label)
def test_an_audited_model_is_guarded_at_each_of_its_managers(model):
    assert issubclass(model, Audited)
    for manager in (model._default_manager, model._base_manager):
        assert "_guard" in dir(manager.get_queryset()), manager


@pytest.mark.parametrize("model", audited_models(), ids=label)
def test_a_history_holds_each_column_but_personal_ones_and_the_time_of_writing(model):
    kept = {field.name for field in model.history.model.tracked_fields}

    left_out = {field.name for field in model._meta.concrete_fields} - kept

    assert left_out - {"updated_at"} == LEFT_OUT.get(label(model), set())


def test_no_relation_of_many_to_many_is_silent():
    """Django writes such a table past every history: a model of ours stands between, or events."""
    silent = [
        field.remote_field.through
        for model in apps.get_models()
        for field in model._meta.local_many_to_many
        if field.remote_field.through._meta.auto_created and not hasattr(model, "tracked_fields")
    ]

    assert {label(through) for through in silent} <= set(EXEMPT)


def test_whatever_staff_can_write_in_the_console_is_recorded():
    request = HttpRequest()
    request.user = User(is_staff=True, is_superuser=True)
    writable = [
        model
        for model, model_admin in admin.site._registry.items()
        if not getattr(model_admin, "is_looked_at_only", False)
        and (
            model_admin.has_add_permission(request)
            or model_admin.has_change_permission(request)
            or model_admin.has_delete_permission(request)
        )
    ]

    for model in writable:
        owner = model._meta.concrete_model
        reason = EXEMPT.get(label(owner), "")
        assert is_recorded(owner) or "event" in reason.lower() or "derived" in reason, label(model)


# COPY and the driver's own cursor pass every wrapper: only these modules may use them.
PAST_THE_WRAPPERS = {
    "backoffice/imports/loading.py": "stages rows of a run, never of an audited table",
    "backoffice/imports/sources.py": "COPY … TO: it reads",
    "catalog/benchmarks/copying.py": "the bare way that ours is compared with",
}


def test_nobody_passes_the_guard_by_copy_or_by_the_driver_s_cursor():
    found = set()
    for app in ("backoffice", "catalog", "orders", "config"):
        for path in sorted((Path(settings.BASE_DIR) / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Attribute) and (
                    node.attr in {"copy_expert", "copy_from"}
                    or (
                        node.attr in {"execute", "executemany"}
                        and isinstance(node.value, ast.Attribute)
                        and node.value.attr in {"cursor", "connection"}
                    )
                ):
                    found.add(str(path.relative_to(settings.BASE_DIR)))

    assert found <= set(PAST_THE_WRAPPERS)
