"""The run of what was approved: for the asker as they are now, once, whatever happens."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from backoffice import approvals
from backoffice.approvals import verbs
from backoffice.models import Approval, ChangeSet, Job

pytestmark = pytest.mark.django_db


def test_a_verb_that_refuses_by_then_says_so_and_leaves_nothing(ask, approve, till):
    approval = ask()
    till.is_empty = True

    approval = approve(approval)

    assert (approval.state, approval.result) == ("approved", "refused")
    assert approval.result_message == "The till is empty."
    assert approval.ran_as is None
    assert till.paid == []
    assert Job.objects.get(kind=verbs.RUN_KIND).state == "done"


def test_an_asker_who_lost_the_account_is_refused(ask, approve, support, till):
    approval = ask()
    support.is_active = False
    support.save()

    approval = approve(approval)

    assert approval.result == "refused"
    assert "no longer has an account" in approval.result_message
    assert till.paid == []


def test_an_asker_who_lost_the_role_is_refused(ask, approve, support, till):
    approval = ask()
    support.groups.set([Group.objects.get(name="merchandiser")])

    approval = approve(approval)

    assert approval.result == "refused"
    assert "does not allow" in approval.result_message
    assert till.paid == []


def test_a_second_run_does_nothing(ask, approve, till):
    approval = approve(ask())

    again = approvals.carry_out(approval_id=approval.pk)

    assert again.result == "done"
    assert len(till.paid) == 1


def test_what_nobody_approved_does_not_run(ask, till):
    approval = ask()

    approvals.carry_out(approval_id=approval.pk)

    assert till.paid == []
    assert Approval.objects.get(pk=approval.pk).result == ""


def test_a_process_that_died_after_its_first_write_is_not_begun_again(ask, approve, till, support):
    """The verb's write is committed, its result was never noted: exactly what a SIGKILL leaves."""
    approval = approve(ask())
    row = Approval.objects.get(pk=approval.pk)
    row.result, row.result_message, row.result_at, row.ran_as = "", "", None, None
    row.save()

    found = approvals.carry_out(approval_id=approval.pk)

    assert len(till.paid) == 1
    assert found.result == "interrupted"
    assert found.ran_as == till.paid[0].change_set
    assert "not begun a second time" in found.result_message


def test_a_process_that_died_before_its_first_write_is_begun_again(ask, manager, till):
    approval = ask()
    # on_commit does not run here: the job's process died before it began.
    approvals.approve_approval(approval_id=approval.pk, by=manager, reason="")
    assert till.paid == []

    found = approvals.carry_out(approval_id=approval.pk)

    assert found.result == "done"
    assert len(till.paid) == 1


def test_an_error_after_the_first_write_is_told_and_not_repeated(ask, approve, till):
    approval = ask()
    till.breaks = [RuntimeError("a bug")]

    approval = approve(approval)

    assert approval.result == "interrupted"
    assert approval.ran_as == till.paid[0].change_set
    assert approvals.carry_out(approval_id=approval.pk).result == "interrupted"
    assert len(till.paid) == 1


def test_an_error_before_the_first_write_is_tried_again(ask, approve, till, monkeypatch):
    approval = ask()
    calls = []

    def broken(**given):
        calls.append(given)
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(till, "pay_out", broken, raising=False)
        approval = approve(approval)
    assert approval.result == "failed"
    assert calls

    approval = approvals.carry_out(approval_id=approval.pk)

    assert approval.result == "done"
    assert len(till.paid) == 1


def test_what_a_run_wrote_carries_the_approval_s_key_once(ask, approve):
    approval = approve(ask())

    assert ChangeSet.objects.get(once_key=approval.run_key) == approval.ran_as
