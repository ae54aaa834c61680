"""System checks of the console: what would otherwise be a hole that nobody sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.core.checks import Error, Tags, register

from backoffice.adminkit.console import ConsoleAdmin
from backoffice.cards import Card, cards

OURS = ("backoffice", "catalog", "orders")
NAVIGATION = "backoffice.adminkit.site.navigation"
_ACT_NAME = re.compile(r"[a-z][a-z0-9_]*")
_UNFOLD_ACTIONS = ("actions_list", "actions_row", "actions_detail", "actions_submit_line")


@register(Tags.admin)
def check_console(**_: Any) -> list[Error]:
    """Walk every registered admin, and every card."""
    known = declared_permissions()
    errors: list[Error] = []
    for model, model_admin in admin.site._registry.items():
        if model._meta.app_label in OURS and not isinstance(model_admin, ConsoleAdmin):
            errors.append(
                Error(
                    f"{model.__name__} is registered without ConsoleAdmin.",
                    hint="Its history form would take a POST, its list would count everything.",
                    obj=type(model_admin),
                    id="backoffice.E020",
                )
            )
        errors += check_admin(model_admin, known)
    return [*errors, *check_cards(known), *check_sidebar()]


def check_admin(model_admin: ModelAdmin[Any], known: set[str]) -> list[Error]:
    """Return what is wrong with one admin."""
    who = type(model_admin)
    errors = [
        Error(
            f"Action {name} runs without being asked: it is no act, and lacks "
            f"{' and '.join(missing)}.",
            hint="Make it an Act; stock actions run on GET, for any staff user.",
            obj=who,
            id="backoffice.E021",
        )
        for name, action in _actions(model_admin)
        if (missing := _missing(action))
    ]
    if getattr(model_admin, "list_editable", ()):
        errors.append(
            Error(
                "list_editable saves rows without a service, a reason and a version.",
                obj=who,
                id="backoffice.E022",
            )
        )
    if getattr(model_admin, "custom_urls", ()):
        errors.append(
            Error(
                "custom_urls are served for every method; use get_urls with a view that refuses "
                "what it does not expect.",
                obj=who,
                id="backoffice.E023",
            )
        )
    if isinstance(model_admin, ConsoleAdmin):
        errors += _check_acts(model_admin, known)
    return errors


def _check_acts(model_admin: ConsoleAdmin, known: set[str]) -> Iterator[Error]:
    who = type(model_admin)
    for name, act in model_admin.get_acts().items():
        if act.permission not in known:
            yield Error(
                f"Act {name} asks for {act.permission!r}, which no model declares.",
                obj=who,
                id="backoffice.E024",
            )
        if not _ACT_NAME.fullmatch(act.name):
            yield Error(f"{act.name!r} cannot be an act's name.", obj=who, id="backoffice.E025")
        if act.for_one is None and act.for_many is None:
            yield Error(f"Act {name} has no verb.", obj=who, id="backoffice.E026")


def check_cards(known: set[str]) -> list[Error]:
    """Every card names permissions that exist."""
    return [
        Error(
            f"{type(card).__name__} {card.name} asks for {name!r}, which no model declares.",
            id="backoffice.E027",
        )
        for card in cards(Card)
        for name in card.permissions
        if name not in known
    ]


def check_sidebar() -> list[Error]:
    """The sidebar is printed from cards; Unfold shows items without permission to all staff."""
    unfold = settings.UNFOLD
    errors = []
    navigation = unfold.get("SIDEBAR", {}).get("navigation")
    if navigation != NAVIGATION:
        groups = navigation if isinstance(navigation, list) else []
        items = [item for group in groups for item in group.get("items", ())]
        if not items or any(not item.get("permission") for item in items):
            errors.append(
                Error(
                    "The sidebar has items without permission.",
                    hint="Register NavItems in an app's cards.py.",
                    id="backoffice.E028",
                )
            )
    return errors + [
        Error("A tab has no permission.", id="backoffice.E029")
        for tab in unfold.get("TABS") or ()
        if any(not item.get("permission") for item in tab.get("items", ()))
    ]


def declared_permissions() -> set[str]:
    """Return all permissions that models declare, as `has_perm` takes them."""
    names = set()
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        codes = [f"{action}_{meta.model_name}" for action in meta.default_permissions]
        codes += [code for code, _name in meta.permissions]
        names |= {f"{meta.app_label}.{code}" for code in codes}
    return names


def _actions(model_admin: ModelAdmin[Any]) -> Iterator[tuple[str, Any]]:
    for entry in model_admin.actions or ():
        action = entry if callable(entry) else getattr(model_admin, entry, None)
        yield getattr(action, "__name__", str(entry)), action
    for place in _UNFOLD_ACTIONS:
        for entry in getattr(model_admin, place, ()):
            for name in entry["items"] if isinstance(entry, dict) else (entry,):
                yield name, getattr(model_admin, name, None)


def _missing(action: Any) -> list[str]:
    """Return what a hand-written action lacks. `reads_only` marks one that changes nothing."""
    missing = []
    if not getattr(action, "allowed_permissions", None):
        missing.append("permissions=")
    if not (getattr(action, "dialog", None) or getattr(action, "reads_only", False)):
        missing.append("dialog=")
    return missing
