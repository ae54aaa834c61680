"""The record's work in the background: sealing and verifying by the clock, packs for people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice import changes, jobs
from backoffice.models import Job, User
from backoffice.seals.packing import make_pack
from backoffice.seals.refusals import RecordIsBusy, SealedMeanwhile
from backoffice.seals.sealing import seal_record
from backoffice.seals.verifying import VERIFY, verify_record
from backoffice.steps import require_permission

SEAL_EVERY_MINUTES = 5
A_DAY_MINUTES = 24 * 60

VERIFY_KIND = "backoffice.verify_record"
PACK_KIND = "backoffice.pack_record"


def _reporting(run: jobs.Run) -> Callable[[int, int, str], None]:
    def progress(done: int, total: int, message: str) -> None:
        run.check()
        run.progress(done, total, message)

    return progress


def _record_page(job: Job) -> str:
    return reverse("admin:record")


@jobs.periodic(
    "backoffice.seal_record",
    every_minutes=SEAL_EVERY_MINUTES,
    label=gettext_lazy("Seal the record"),
)
def seal(run: jobs.Run) -> dict[str, Any]:
    try:
        made = seal_record(progress=_reporting(run))
    except (RecordIsBusy, SealedMeanwhile) as refused:
        return {"seals": 0, "note": str(refused)}
    return {"seals": made.seals, "rows": made.rows, "head": made.head.number}


@jobs.periodic(
    "backoffice.verify_nightly",
    every_minutes=A_DAY_MINUTES,
    label=gettext_lazy("Verify the record every night"),
)
def verify_nightly(run: jobs.Run) -> dict[str, Any]:
    return _verify(run, _("every night"))


@jobs.kind(VERIFY_KIND, label=gettext_lazy("Verify the record"), page=_record_page)
def verify(run: jobs.Run) -> dict[str, Any]:
    return _verify(run, run.arguments.get("reason", ""))


def _verify(run: jobs.Run, reason: str) -> dict[str, Any]:
    verification, report = verify_record(by=run.by, reason=reason, progress=_reporting(run))
    return {
        "verification": verification.pk,
        "is_whole": report.is_whole,
        "rows": report.rows,
        "findings": len(report.findings),
        "first": report.first.sentence if report.first else "",
    }


@jobs.kind(PACK_KIND, label=gettext_lazy("Pack evidence"), page=_record_page)
def pack(run: jobs.Run) -> dict[str, Any]:
    made = make_pack(
        from_at=_moment(run.arguments.get("from_at")),
        until_at=_moment(run.arguments.get("until_at")),
        by=run.by,
        reason=run.arguments.get("reason", ""),
        progress=_reporting(run),
    )
    return {"pack": made.pk, "rows": made.row_count, "file": str(made)}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def start_verification(*, by: User, reason: str) -> Job:
    """Start a verification in the background, or return the one that is under way.

    Refuses: NotAllowed. Atomic: writes one job.
    """
    require_permission(by, VERIFY, gettext_lazy("verify the record"))
    if (running := open_job()) is not None:
        return running
    changes.say(action=VERIFY, by=by, reason=reason)
    return jobs.start(VERIFY_KIND, by=by, arguments={"reason": reason})


def start_pack(
    *, from_at: datetime | None, until_at: datetime | None, by: User, reason: str, key: str = ""
) -> Job:
    """Start packing the evidence of a period in the background.

    key: the same one again gives the same job.
    Refuses: NotAllowed. Atomic: writes one job.
    """
    require_permission(by, VERIFY, gettext_lazy("take evidence packs"))
    arguments = {
        "from_at": from_at.isoformat() if from_at else None,
        "until_at": until_at.isoformat() if until_at else None,
        "reason": reason,
    }
    changes.say(action="backoffice.pack_record", by=by, reason=reason)
    return jobs.start(PACK_KIND, by=by, arguments=arguments, key=key)


def open_job() -> Job | None:
    """Return the verification that waits or runs, whoever started it."""
    kinds = [VERIFY_KIND, "backoffice.verify_nightly"]
    return Job.objects.open().filter(kind__in=kinds).order_by("id").first()
