"""Who may decide, what a decision leaves, and that it has its effect once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from backoffice import approvals, changes, jobs
from backoffice.approval_flow import ApprovalOverdue
from backoffice.approvals import verbs
from backoffice.history import update_rows
from backoffice.models import Approval, AuditEvent, ChangeSet, Job, User
from backoffice.refused import NotAllowed, ReasonMissing, StaleVersion, StepNotOpen, UnknownRow
from tests.backoffice.approvals.conftest import MAY
from tests.conftest import ROLES as PERSONAS

pytestmark = pytest.mark.django_db


def test_approving_runs_the_verb_for_the_one_who_asked(ask, approve, till, support, manager):
    approval = approve(ask("480.00", reason="two broken chairs"), reason="seen the photos")

    (paid,) = till.paid
    assert paid.detail == {"amount": "480.00"}
    assert paid.change_set.actor == support
    assert paid.change_set.note == "two broken chairs"
    assert paid.change_set.channel == "job"
    assert (approval.state, approval.result) == ("approved", "done")
    assert (approval.decided_by, approval.decision_reason) == (manager, "seen the photos")
    assert approval.ran_as == paid.change_set


def test_the_approver_stands_in_the_record(ask, approve, manager):
    approval = approve(ask())

    event = AuditEvent.objects.get(kind="approval_approved")
    assert event.subject_key == str(approval.pk)
    assert event.change_set.actor == manager
    assert approval.history.get(step="approve").change_set.actor == manager
    assert list(approval.history.order_by("history_id").values_list("step", flat=True)) == [
        "ask", "approve", "run",
    ]  # fmt: skip


def test_nobody_approves_their_own_request(ask, manager, till):
    approval = ask(by=manager)

    with pytest.raises(approvals.OwnRequest) as refusal:
        approvals.approve_approval(approval_id=approval.pk, by=manager, reason="")

    assert refusal.value.http_status == 403
    assert Approval.objects.get(pk=approval.pk).state == "waiting"
    assert till.paid == []


def test_a_superuser_approves_others_requests_and_never_their_own(ask, approve, till):
    root = User.objects.create_superuser("root@example.com", "a-good-password")
    own = ask("480.00", by=root)

    with pytest.raises(approvals.OwnRequest):
        approvals.approve_approval(approval_id=own.pk, by=root, reason="")
    with pytest.raises(approvals.OwnRequest):
        approvals.decline_approval(approval_id=own.pk, by=root, reason="no")
    approve(ask("481.00"), by=root)

    assert [event.detail["amount"] for event in till.paid] == ["481.00"]


def test_the_database_holds_the_law_too(ask, support):
    approval = ask()

    with pytest.raises(IntegrityError), transaction.atomic():
        approval.state, approval.decided_by = "approved", support
        update_rows([approval])


@pytest.mark.parametrize("role", [role for role in PERSONAS if role != "manager"])
def test_only_managers_decide(role, ask, make_user, till):
    approval = ask()
    who = make_user(role, email="another@example.com")

    with pytest.raises(NotAllowed):
        approvals.approve_approval(approval_id=approval.pk, by=who, reason="")
    with pytest.raises(NotAllowed):
        approvals.decline_approval(approval_id=approval.pk, by=who, reason="no")

    assert till.paid == []


def test_an_approver_needs_the_permission_of_the_thing_itself(ask, make_user, till):
    from django.contrib.auth.models import Permission

    approval = ask()
    who = make_user("auditor", email="another@example.com")
    who.user_permissions.add(Permission.objects.get(codename="approve_approval"))
    assert not who.has_perm(MAY)

    with pytest.raises(NotAllowed, match="pay out"):
        approvals.approve_approval(approval_id=approval.pk, by=who, reason="")

    assert till.paid == []


def test_a_manager_whose_account_is_closed_decides_nothing(ask, manager):
    approval = ask()
    manager.is_active = False

    with pytest.raises(NotAllowed):
        approvals.approve_approval(approval_id=approval.pk, by=manager, reason="")


def test_declining_needs_a_reason_and_does_nothing(ask, manager, till):
    approval = ask()

    with pytest.raises(ReasonMissing):
        approvals.decline_approval(approval_id=approval.pk, by=manager, reason=" ")
    declined = approvals.decline_approval(approval_id=approval.pk, by=manager, reason="no photos")

    assert (declined.state, declined.decided_by, declined.decision_reason) == (
        "declined", manager, "no photos",
    )  # fmt: skip
    assert till.paid == []
    assert AuditEvent.objects.filter(kind="approval_declined").count() == 1
    with pytest.raises(StepNotOpen):
        approvals.approve_approval(approval_id=approval.pk, by=manager, reason="")


def test_withdrawing_is_for_whoever_asked(ask, support, manager, make_user):
    approval = ask()
    colleague = make_user("support", email="another@example.com")

    for other in (manager, colleague):
        with pytest.raises(approvals.NotYourRequest):
            approvals.withdraw_approval(approval_id=approval.pk, by=other, reason="")
    withdrawn = approvals.withdraw_approval(approval_id=approval.pk, by=support, reason="")

    assert withdrawn.state == "withdrawn"
    with pytest.raises(StepNotOpen):
        approvals.approve_approval(approval_id=approval.pk, by=manager, reason="")


def test_a_second_approver_is_told_who_was_first(ask, approve, make_user, till):
    approval = approve(ask())
    late = make_user("manager", email="late@example.com")

    with pytest.raises(StepNotOpen):
        approvals.approve_approval(approval_id=approval.pk, by=late, reason="")

    assert len(till.paid) == 1


def test_an_approval_that_changed_meanwhile_is_refused(ask, manager):
    approval = ask()

    with pytest.raises(StaleVersion):
        approvals.approve_approval(approval_id=approval.pk, by=manager, reason="", version=99)


def test_an_unknown_approval_is_a_refusal(manager):
    with pytest.raises(UnknownRow):
        approvals.approve_approval(approval_id=10**9, by=manager, reason="")


def test_what_is_overdue_cannot_be_approved(ask, manager, till):
    approval = ask()
    _put_expiry(approval, minutes=-1)

    with pytest.raises(ApprovalOverdue):
        approvals.approve_approval(approval_id=approval.pk, by=manager, reason="")

    assert till.paid == []


def test_the_clock_closes_what_nobody_decided(ask, approve):
    late, waiting, done = ask("301.00"), ask("302.00"), approve(ask("303.00"))
    _put_expiry(late, minutes=-1)
    with changes.change(separate=True, channel="job"):
        expired = approvals.expire_approvals(now=timezone.now())

    assert expired == [late]
    states = dict(Approval.objects.values_list("pk", "state"))
    assert states == {late.pk: "expired", waiting.pk: "waiting", done.pk: "approved"}
    assert late.history.get(step="expire").change_set.actor is None


def test_expiry_is_a_periodic_job(ask, django_capture_on_commit_callbacks):
    approval = ask()
    _put_expiry(approval, minutes=-1)

    with django_capture_on_commit_callbacks(execute=True):
        jobs.start("backoffice.expire_approvals", by=None)

    assert Job.objects.get(kind="backoffice.expire_approvals").result == {"expired": 1}
    assert Approval.objects.get(pk=approval.pk).state == "expired"


def test_nothing_runs_when_the_approving_transaction_is_rolled_back(
    ask, manager, till, django_capture_on_commit_callbacks
):
    approval = ask()

    with (
        django_capture_on_commit_callbacks(execute=True),
        pytest.raises(ZeroDivisionError),
        transaction.atomic(),
    ):
        approvals.approve_approval(approval_id=approval.pk, by=manager, reason="")
        raise ZeroDivisionError

    assert Approval.objects.get(pk=approval.pk).state == "waiting"
    assert not Job.objects.filter(kind=verbs.RUN_KIND).exists()
    assert till.paid == []
    assert not ChangeSet.objects.filter(once_key=approval.run_key).exists()


def _put_expiry(approval: Approval, *, minutes: int) -> None:
    row = Approval.objects.get(pk=approval.pk)
    row.expires_at = timezone.now() + timedelta(minutes=minutes)
    row.save()
