"""Two managers at once, on connections of their own: it is done once."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from django.db import connection

from backoffice import approvals, changes, steps
from backoffice.models import Approval, ApprovalRule, AuditEvent, Job, User
from backoffice.refused import Refused

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

APPROVERS = 8


@pytest.fixture
def approval(ask, rule) -> Approval:
    return ask("480.00")


@pytest.fixture
def managers(make_user) -> list[User]:
    return [make_user("manager", email=f"manager{n}@example.com") for n in range(APPROVERS)]


def _all_at_once(work, people):
    start, outcomes = Barrier(len(people)), []

    def run(person):
        try:
            with changes.change(separate=True, by=person, channel="admin"):
                start.wait()
                work(person)
            outcomes.append("done")
        except Refused as refused:
            outcomes.append(refused.code)
        except Exception as error:  # noqa: BLE001  (a thread must tell, not die)
            outcomes.append(repr(error))
        finally:
            connection.close()

    threads = [Thread(target=run, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def _approve(approval):
    return lambda person: approvals.approve_approval(approval_id=approval.pk, by=person, reason="")


def test_of_many_approvers_at_once_one_approves_and_it_is_done_once(approval, managers, till):
    outcomes = _all_at_once(_approve(approval), managers)

    assert outcomes == ["done"] + ["step_not_open"] * (APPROVERS - 1)
    assert len(till.paid) == 1
    assert Job.objects.filter(kind="backoffice.run_approval").count() == 1
    assert AuditEvent.objects.filter(kind="approval_approved").count() == 1
    assert Approval.objects.get().result == "done"


def test_without_the_lock_they_would_all_have_approved(approval, managers, till, monkeypatch):
    """The control: the same test must be able to fail."""
    meeting = Barrier(APPROVERS)

    def lock(step, ids):
        rows = list(step.flow.model._default_manager.filter(pk__in=list(ids)))
        if step.name == "approve":
            meeting.wait()
        return rows

    monkeypatch.setattr(steps, "lock", lock)

    outcomes = _all_at_once(_approve(approval), managers)

    assert outcomes != ["done"] + ["step_not_open"] * (APPROVERS - 1)
    # Even so the job's key and the change set's keep it from being done twice.
    assert len(till.paid) == 1


def test_two_runs_at_once_do_it_once(approval, managers, till):
    """Neither the job's lock nor the row says no here: the change set's key does."""
    row = Approval.objects.get()
    row.state, row.decided_by = "approved", managers[0]
    row.save()

    _all_at_once(lambda _person: approvals.carry_out(approval_id=row.pk), managers)

    assert len(till.paid) == 1


def test_the_same_ask_at_the_same_time_is_stored_once(till, rule, support):
    def ask(_person):
        till.pay_out(amount="480.00", by=support, reason="")

    outcomes = _all_at_once(ask, [support] * APPROVERS)

    assert outcomes == ["approval_asked"] * APPROVERS
    assert Approval.objects.count() == 1
    assert ApprovalRule.objects.count() == 1
