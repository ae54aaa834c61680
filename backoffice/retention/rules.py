"""Verbs over the rules: how long which history, and which personal data, are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history
from backoffice.models import RetentionRule, User
from backoffice.refused import BadValue, ReasonMissing, Refused
from backoffice.retention.subjects import label_of, subject_named
from backoffice.steps import editing, require_permission

EDITABLE = ("keep_years", "keeps_ends", "is_active")


class RuleThere(Refused):
    """facts: what."""

    sentence = _("There is a rule for {what} already.")
    hint = _("Edit that one.")
    http_status = 409


def make_retention_rule(
    *,
    model: str,
    keep_years: int,
    keeps_ends: bool = True,
    is_active: bool = True,
    by: User,
    reason: str,
) -> RetentionRule:
    """Say how long a history, or personal data, are kept.

    model: a name of `subjects`. reason: required; it goes with every expiry.
    Refuses: NotAllowed; ReasonMissing; UnknownSubject; BadValue; RuleThere.
    Atomic: one row with its history.
    """
    require_permission(by, "backoffice.add_retentionrule", _("make retention rules"))
    _require_reason(reason)
    subject_named(model)
    rule = RetentionRule(
        model=model, keep_years=keep_years, keeps_ends=keeps_ends, is_active=is_active
    )
    _require_sound(rule)
    changes.say(action="backoffice.add_retentionrule", by=by, reason=reason)
    try:
        with transaction.atomic():
            return history.insert_rows([rule])[0]
    except IntegrityError as error:
        raise RuleThere(what=label_of(model)) from error


def edit_retention_rule(
    *, rule_id: int, values: Mapping[str, Any], by: User, reason: str, version: int | None = None
) -> RetentionRule:
    """Change how long something is kept, or switch a rule off. What expired stays gone.

    values: any of keep_years, keeps_ends, is_active. reason: required.
    Refuses: what `editing` refuses; ReasonMissing; BadValue.
    Atomic: locks the rule; one history row when something changed.
    """
    _require_reason(reason)
    with editing(
        RetentionRule,
        rule_id,
        by=by,
        permission="backoffice.change_retentionrule",
        reason=reason,
        version=version,
    ) as rule:
        for name in EDITABLE:
            if name in values:
                setattr(rule, name, values[name])
        _require_sound(rule)
    return rule


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing(step=_("Retention rule"))


def _require_sound(rule: RetentionRule) -> None:
    try:
        rule.clean_fields()
    except ValidationError as error:
        name, problems = next(iter(error.message_dict.items()))
        field = RetentionRule._meta.get_field(name)
        label = str(getattr(field, "verbose_name", name)).capitalize()
        raise BadValue(field=label, problem=problems[0]) from error
