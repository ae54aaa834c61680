"""Carrying out what was approved: the very verb, once, as the one who asked."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history, jobs
from backoffice.approval_flow import APPROVAL_FLOW
from backoffice.approvals.asking import vouched
from backoffice.approvals.registry import action_named
from backoffice.approvals.verbs import RUN_KIND, expire_approvals
from backoffice.models import Approval, ChangeSet
from backoffice.refused import Refused
from backoffice.steps import require_permission

Result = Approval.Result


class AskerGone(Refused):
    sentence = _("{who}, who asked for it, no longer has an account here.")
    http_status = 403


INTERRUPTED = _(
    "It was interrupted after it had begun, and is not begun a second time. "
    "“What it did” shows what was written; open payments settle by themselves."
)
BROKEN = _("Something went wrong, and nothing was done. The job tries again.")


@jobs.kind(RUN_KIND, label=_("Carry out an approved request"), most_attempts=3)
def run_approval(run: jobs.Run) -> dict[str, Any]:
    """Run what was approved: see `carry_out`."""
    approval = carry_out(approval_id=run.arguments["approval_id"])
    return {"result": approval.result, "message": approval.result_message}


@jobs.periodic(
    "backoffice.expire_approvals", every_minutes=5, label=_("Close requests nobody decided")
)
def run_expiry(run: jobs.Run) -> dict[str, Any]:
    """Close what nobody decided in time."""
    return {"expired": len(expire_approvals())}


@APPROVAL_FLOW.verb("run")
def carry_out(*, approval_id: int) -> Approval:
    """Call the approved verb for the one who asked, and note what came of it.

    Called outside of transactions. The verb's first transaction writes a change set with the
    approval's own key, so a second run finds out whether the first one had begun; then it is not
    begun again, and a second run at the same time fails at its first write.
    """
    approval = Approval.objects.select_related("asked_by").get(pk=approval_id)
    if not approval.is_under_way and approval.result != Result.FAILED:
        return approval
    if (begun := ChangeSet.objects.filter(once_key=approval.run_key).first()) is not None:
        return _note(approval, Result.INTERRUPTED, str(INTERRUPTED), begun)
    change: changes.Change | None = None
    try:
        with (
            changes.change(
                action=approval.action,
                channel="job",
                by=approval.asked_by,
                note=approval.reason,
                separate=True,
                once_key=approval.run_key,
            ) as change,
            vouched(approval),
        ):
            _call(approval)
    except Refused as refusal:
        return _note(approval, Result.REFUSED, str(refusal), _written(change))
    except Exception:
        # What was written stands; what was not may be tried again.
        if (written := _written(change)) is not None:
            _note(approval, Result.INTERRUPTED, str(INTERRUPTED), written)
        else:
            _note(approval, Result.FAILED, str(BROKEN), None)
        raise
    return _note(approval, Result.DONE, "", _written(change))


def _call(approval: Approval) -> None:
    """Call the verb; whoever asked must still be somebody who may."""
    kind, asker = action_named(approval.action), approval.asked_by
    if not asker.is_active:
        raise AskerGone(who=asker)
    if kind.permission:
        require_permission(asker, kind.permission, str(kind.label).lower())
    kind.verb(**approval.arguments, by=asker, reason=approval.reason)


def _written(change: changes.Change | None) -> ChangeSet | None:
    return change.row() if change is not None and change.is_written else None


def _note(approval: Approval, result: str, message: str, change_set: ChangeSet | None) -> Approval:
    with transaction.atomic():
        row = Approval.objects.select_for_update(of=("self",), no_key=True).get(pk=approval.pk)
        row.result, row.result_message, row.result_at = result, message, timezone.now()
        row.ran_as = change_set
        row.version += 1
        history.update_rows([row], step="run", always=True)
    return row
