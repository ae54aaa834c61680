"""Retention by the clock: once a day, by the owner's role; another worker says what is due."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice import jobs
from backoffice.models import AuditEvent, Origin
from backoffice.retention.expiring import due_now, expire_record
from backoffice.retention.subjects import personal
from backoffice.seals.refusals import NotTheOwner, RecordIsBusy, SealedMeanwhile

A_DAY_MINUTES = 24 * 60

# Who did it stays as a key; what they were called, and from where, goes.
personal(Origin, at="change_set__at")


@jobs.periodic(
    "backoffice.expire_record",
    every_minutes=A_DAY_MINUTES,
    label=gettext_lazy("Carry out the retention rules"),
)
def expire(run: jobs.Run) -> dict[str, Any]:
    now = timezone.now()
    due = sum(one.rows for one in due_now(now))
    if not due:
        return {"rows": 0}
    try:
        done = expire_record(now=now, by=None, reason=_("by the retention rules"))
    except (NotTheOwner, RecordIsBusy, SealedMeanwhile) as refused:
        # Where two database roles are used, the owner's night job runs `audit expire`.
        AuditEvent.record("expiry_due", rows=due, why=refused.code)
        return {"rows": 0, "due": due, "note": str(refused)}
    return {"rows": sum(one.rows for one in done)}
