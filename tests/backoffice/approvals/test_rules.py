from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice import approvals
from backoffice.models import ApprovalRule
from backoffice.refused import BadValue, NotAllowed, StaleVersion, UnknownRow
from tests.backoffice.approvals.conftest import PAY_OUT
from tests.conftest import ROLES as PERSONAS

pytestmark = pytest.mark.django_db


def test_make_rule_leaves_a_rule_with_its_reason(rule, admin):
    assert str(rule) == "Pay out above 200.00 EUR"
    assert rule.is_active
    assert rule.history.get().history_type == "+"


def test_edit_rule_counts_versions_and_keeps_the_history(rule, admin):
    edited = approvals.edit_rule(
        rule_id=rule.pk, values={"above": Decimal(300)}, by=admin, reason="prices rose"
    )

    assert (edited.above, edited.version) == (300, 2)
    assert edited.history.count() == 2
    with pytest.raises(StaleVersion):
        approvals.edit_rule(
            rule_id=rule.pk, values={"above": Decimal(1)}, by=admin, reason="", version=1
        )


@pytest.mark.parametrize("role", [role for role in PERSONAS if role != "admin"])
def test_only_administrators_make_rules(role, rule, make_user):
    who = make_user(role, email="another@example.com")

    with pytest.raises(NotAllowed):
        approvals.make_rule(action=PAY_OUT, above=Decimal(1), by=who, reason="")
    with pytest.raises(NotAllowed):
        approvals.edit_rule(rule_id=rule.pk, values={"above": Decimal(9999)}, by=who, reason="")


def test_two_rules_for_the_same_are_not_in_force_at_once(rule, admin):
    with pytest.raises(approvals.RuleInForce, match="Pay out in EUR"):
        approvals.make_rule(action=PAY_OUT, above=Decimal(1), currency="eur", by=admin, reason="")
    spare = approvals.make_rule(
        action=PAY_OUT, above=Decimal(1), currency="EUR", is_active=False, by=admin, reason=""
    )
    with pytest.raises(approvals.RuleInForce):
        approvals.edit_rule(rule_id=spare.pk, values={"is_active": True}, by=admin, reason="")

    assert ApprovalRule.objects.filter(is_active=True).get() == rule


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"above": Decimal(-1)}, "Above"),
        ({"above": Decimal("1e20")}, "Above"),
        ({"expires_hours": 0}, "Hours"),
        ({"expires_hours": 9_999}, "Hours"),
        ({"currency": "€"}, "Currency"),
        ({"currency": "EURO"}, "Currency"),
    ],
)
def test_nonsense_in_a_rule_is_a_sentence(till, admin, wrong, field):
    values = {"action": PAY_OUT, "above": Decimal(1), **wrong}

    with pytest.raises(BadValue, match=field):
        approvals.make_rule(**values, by=admin, reason="")

    assert not ApprovalRule.objects.exists()


def test_a_rule_for_nothing_known_is_refused(admin):
    with pytest.raises(approvals.UnknownAction):
        approvals.make_rule(action="nothing.such", above=Decimal(1), by=admin, reason="")
    with pytest.raises(UnknownRow):
        approvals.edit_rule(rule_id=10**9, values={}, by=admin, reason="")


def test_a_count_has_no_currency(admin):
    approvals.action("tests.count", label="Count", unit="count", verb=print)

    with pytest.raises(BadValue, match="count of rows"):
        approvals.make_rule(
            action="tests.count", above=Decimal(1), currency="EUR", by=admin, reason=""
        )
    rule = approvals.make_rule(action="tests.count", above=Decimal(100), by=admin, reason="")

    assert str(rule) == "Count above 100"
    del approvals.registry._actions["tests.count"]
