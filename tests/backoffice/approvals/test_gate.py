"""What passes the gate, and what is asked for in its place."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from backoffice import approvals
from backoffice.models import Approval, ApprovalRule, User
from backoffice.refused import NotAllowed
from tests.backoffice.approvals.conftest import PAY_OUT, TillEmpty

pytestmark = pytest.mark.django_db


def test_what_is_not_above_the_rule_is_done_at_once(till, rule, support):
    till.pay_out(amount="200.00", by=support, reason="")

    assert len(till.paid) == 1
    assert not Approval.objects.exists()


def test_what_is_above_it_is_asked_for_and_not_done(till, ask, rule, support):
    approval = ask("480.00", reason="two broken chairs")

    assert till.paid == []
    assert approval.state == "waiting"
    assert (approval.action, approval.measure, approval.currency) == (PAY_OUT, 480, "EUR")
    assert (approval.asked_by, approval.reason) == (support, "two broken chairs")
    assert approval.arguments == {"amount": "480.00"}
    assert approval.plan_rows == [("Pay out", "480.00 EUR"), ("Amount", "480.00")]
    hours = (approval.expires_at - timezone.now()) / timedelta(hours=1)
    assert rule.expires_hours - 1 < hours <= rule.expires_hours
    assert approval.history.get().step == "ask"


def test_the_sentence_says_until_when_somebody_decides(ask):
    asked = approvals.ApprovalAsked(approval=ask(), until="4 May, 12:00")

    assert asked.message == "Asked for approval: a manager decides until 4 May, 12:00."
    assert asked.http_status == 202
    assert asked.code == "approval_asked"


def test_without_a_rule_in_force_nobody_is_asked(till, rule, support, admin):
    approvals.edit_rule(rule_id=rule.pk, values={"is_active": False}, by=admin, reason="holidays")

    till.pay_out(amount="9000.00", by=support, reason="")

    assert len(till.paid) == 1


def test_a_rule_of_another_currency_does_not_ask(till, admin, support):
    approvals.make_rule(action=PAY_OUT, above=Decimal(1), currency="USD", by=admin, reason="")

    till.pay_out(amount="480.00", by=support, reason="")

    assert len(till.paid) == 1


def test_the_rule_for_every_currency_asks_where_a_currency_has_none(till, ask, admin, rule):
    approvals.edit_rule(rule_id=rule.pk, values={"is_active": False}, by=admin, reason="")
    everywhere = approvals.make_rule(action=PAY_OUT, above=Decimal(50), by=admin, reason="")

    assert ask("60.00").rule == everywhere


def test_a_currency_s_own_rule_goes_before_the_one_for_all(till, rule, admin, support):
    approvals.make_rule(action=PAY_OUT, above=Decimal(50), by=admin, reason="")

    till.pay_out(amount="60.00", by=support, reason="")

    assert len(till.paid) == 1


def test_the_same_ask_twice_is_the_first_one(ask):
    first = ask("480.00")

    assert ask("480.00") == first
    assert Approval.objects.count() == 1


def test_another_sum_or_another_asker_is_another_request(ask, make_user):
    first = ask("480.00")

    others = {ask("481.00"), ask("480.00", by=make_user("support", email="second@example.com"))}

    assert first not in others
    assert Approval.objects.count() == 3


def test_what_is_decided_can_be_asked_for_again(ask, manager):
    first = ask("480.00")
    approvals.decline_approval(approval_id=first.pk, by=manager, reason="not yet")

    assert ask("480.00") != first


def test_what_is_overdue_can_be_asked_for_again(ask, settings):
    first = ask("480.00")
    _let_expire(first)

    second = ask("480.00")

    assert second != first
    assert Approval.objects.get(pk=first.pk).state == "expired"


def test_whoever_may_not_do_it_cannot_ask_for_it(till, rule, auditor):
    with pytest.raises(NotAllowed):
        till.pay_out(amount="480.00", by=auditor, reason="")

    assert not Approval.objects.exists()


def test_what_is_refused_at_once_is_not_asked_for(till, rule, support):
    till.is_empty = True

    with pytest.raises(TillEmpty):
        till.pay_out(amount="480.00", by=support, reason="")

    assert not Approval.objects.exists()


def test_superusers_are_asked_too(till, rule):
    root = User.objects.create_superuser("root@example.com", "a-good-password")

    with pytest.raises(approvals.ApprovalAsked):
        till.pay_out(amount="480.00", by=root, reason="")

    assert till.paid == []


def test_an_action_that_nobody_registered_is_a_refusal(support):
    with pytest.raises(approvals.UnknownAction, match=r"nothing\.such"):
        approvals.gate(action="nothing.such", measure=1, arguments={}, by=support, reason="")


def test_a_run_that_has_grown_beyond_what_was_approved_is_refused(ask, till, support):
    approval = ask("480.00")
    approval.state = "approved"

    with approvals.vouched(approval), pytest.raises(approvals.MoreThanApproved) as refusal:
        till.pay_out(amount="520.00", by=support, reason="")

    assert refusal.value.message == "Approved were 480.00 EUR; by now it would be 520.00 EUR."
    assert till.paid == []


def test_an_approval_opens_the_gate_of_its_own_action_only(ask, till, support, rule):
    approval = ask("480.00")
    approval.state, approval.action = "approved", "tests.something_else"

    with approvals.vouched(approval), pytest.raises(approvals.ApprovalAsked):
        till.pay_out(amount="480.00", by=support, reason="")


def test_a_request_that_only_waits_opens_no_gate(ask, till, support):
    approval = ask("480.00")

    with approvals.vouched(approval), pytest.raises(approvals.ApprovalAsked):
        till.pay_out(amount="480.00", by=support, reason="")
    with approvals.vouched_by(approval.uuid), pytest.raises(approvals.ApprovalAsked):
        till.pay_out(amount="480.00", by=support, reason="")

    assert till.paid == []


def _let_expire(approval: Approval) -> None:
    past = timezone.now() - timedelta(minutes=1)
    approval.expires_at = past
    approval.save()
    assert ApprovalRule.objects.filter(pk=approval.rule_id).exists()
