"""Which sizes of an action need a second person: verbs over the rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history
from backoffice.approvals.registry import action_named, label_of
from backoffice.models import ApprovalRule, User
from backoffice.models.approvals import EXPIRES_HOURS_DEFAULT
from backoffice.refused import BadValue, Refused, Text
from backoffice.steps import editing, require_permission

EDITABLE = ("above", "expires_hours", "is_active")


class RuleInForce(Refused):
    sentence = _("There is a rule in force for {action} in {currency} already.")
    hint = _("Edit that one, or switch it off first.")
    http_status = 409


def make_rule(
    *,
    action: str,
    above: Decimal,
    currency: str = "",
    expires_hours: int = EXPIRES_HOURS_DEFAULT,
    is_active: bool = True,
    by: User,
    reason: str,
) -> ApprovalRule:
    """Have an action approved by a second person above a size.

    action: a registered one. above: an amount, or a count. currency: of an amount; blank: every
    currency without a rule of its own. expires_hours: how long others have to decide.
    Refuses: NotAllowed; UnknownAction; BadValue; RuleInForce.
    Atomic: one row with its history.
    """
    require_permission(by, "backoffice.add_approvalrule", _("make approval rules"))
    kind, currency = action_named(action), currency.strip().upper()
    if currency and (kind.unit != "money" or not re.fullmatch(r"[A-Z]{3}", currency)):
        problem: Text = _("three letters, for example EUR.")
        if kind.unit != "money":
            problem = _("this is about a count of rows; leave it blank.")
        raise BadValue(field=_("Currency"), problem=problem)
    rule = ApprovalRule(
        action=action,
        above=above,
        currency=currency,
        expires_hours=expires_hours,
        is_active=is_active,
    )
    _require_sound(rule)
    changes.say(action="backoffice.add_approvalrule", by=by, reason=reason)
    try:
        with transaction.atomic():
            return history.insert_rows([rule])[0]
    except IntegrityError as error:
        raise _in_force(rule) from error


def edit_rule(
    *,
    rule_id: int,
    values: Mapping[str, Any],
    by: User,
    reason: str,
    version: int | None = None,
) -> ApprovalRule:
    """Change from which size on a rule asks, how long others have, or whether it is in force.

    values: any of above, expires_hours, is_active. What was asked before is not touched.
    Refuses: what `editing` refuses; BadValue; RuleInForce.
    Atomic: locks the rule; one history row when something changed.
    """
    with editing(
        ApprovalRule,
        rule_id,
        by=by,
        permission="backoffice.change_approvalrule",
        reason=reason,
        version=version,
    ) as rule:
        for name in EDITABLE:
            if name in values:
                setattr(rule, name, values[name])
        _require_sound(rule)
        # The constraint is the guarantee; this is the sentence.
        if rule.is_active and _rivals(rule).exists():
            raise _in_force(rule)
    return rule


def _rivals(rule: ApprovalRule) -> Any:
    return ApprovalRule.objects.filter(
        action=rule.action, currency=rule.currency, is_active=True
    ).exclude(pk=rule.pk)


def _in_force(rule: ApprovalRule) -> RuleInForce:
    return RuleInForce(action=label_of(rule.action), currency=rule.currency or _("every currency"))


def _require_sound(rule: ApprovalRule) -> None:
    try:
        rule.clean_fields()
    except ValidationError as error:
        name, problems = next(iter(error.message_dict.items()))
        field = ApprovalRule._meta.get_field(name)
        label = str(getattr(field, "verbose_name", name)).capitalize()
        raise BadValue(field=label, problem=problems[0]) from error
