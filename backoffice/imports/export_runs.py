"""Exports that take longer than a page may: asked for, written by a job, kept for some days.

The file is private; its name in the storage is the job's. Only who asked for it takes it out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import IO, Any, Protocol, cast
from uuid import UUID

from django.conf import settings
from django.contrib.admin.sites import all_sites
from django.core.files import File
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice import changes, jobs
from backoffice.imports.export import UnknownFormat, chosen_columns, write_export
from backoffice.imports.formats import CONTENT_TYPES
from backoffice.imports.sheets import Sheet, sheet
from backoffice.models import AuditEvent, Job, User
from backoffice.refused import Refused
from backoffice.steps import require_permission

EXPORT_KIND = "backoffice.export"
SWEEP_KIND = "backoffice.sweep_exports"
FOLDER = "exports"


class UnknownExport(Refused):
    sentence = _("There is no such export.")
    hint = _("It may be somebody else's; export the list again.")
    http_status = 404


class ExportNotReady(Refused):
    """facts: state."""

    sentence = _("This export has no file: {state}.")
    hint = _("Wait until it is done, or export the list again.")
    http_status = 409


class ExportExpired(Refused):
    """facts: day."""

    sentence = _("The file of this export was kept until {day}; it is removed.")
    hint = _("Export the list again.")
    http_status = 410


class NoSuchList(Refused):
    sentence = _("The list that this was asked from is not offered any more.")
    http_status = 409


class Face(Protocol):
    """The admin whose list a sheet is exported from."""

    def export_queryset(self, by: User, query: str) -> QuerySet[Any]:
        """Return the rows of the list as this person sees it, filtered by a query string."""

    def export_path(self, what: str, *args: Any) -> str:
        """Return the path of one of its export pages."""


def face_of(sheet_name: str) -> Face:
    """Return the admin that a sheet's rows are listed by. Refuses: NoSuchList."""
    for site in all_sites:
        for model_admin in site._registry.values():
            if getattr(model_admin, "sheet", "") == sheet_name and hasattr(
                model_admin, "export_queryset"
            ):
                return cast("Face", model_admin)
    raise NoSuchList


def start_export(
    *,
    sheet_name: str,
    format_name: str,
    columns: Iterable[str],
    query: str,
    rows: int,
    by: User,
    purpose: str = "",
    key: str = "",
) -> Job:
    """Ask for an export that is written in the background.

    query: the list's filters, as its address has them: the job lists the rows anew, as `by` sees
    them then. rows: how many there are now. key: the same one again is the same job.
    Refuses: NotAllowed; UnknownRow; UnknownFormat; UnknownColumn.
    Atomic: one job.
    """
    kind = sheet(sheet_name)
    require_permission(by, kind.export_permission, kind.export_words)
    if format_name not in CONTENT_TYPES:
        raise UnknownFormat(format=format_name)
    names = list(chosen_columns(kind, by, columns))
    with transaction.atomic():
        changes.say(action=f"{kind.export_permission.partition('.')[0]}.export_{kind.name}",
                    by=by, reason=purpose)  # fmt: skip
        return jobs.start(
            EXPORT_KIND,
            by=by,
            key=f"{by.pk}:{key}" if key else "",
            label=str(_("Export of {what}")).format(what=str(kind.label).lower()),
            arguments={
                "sheet": kind.name,
                "format": format_name,
                "columns": names,
                "query": query,
                "rows": rows,
                "purpose": purpose,
            },
        )


def run_export(run: jobs.Run) -> dict[str, Any]:
    """Write the file of an export, as whoever asked for it; a second attempt writes it anew.

    Refuses: what `export_sheet` refuses, when the person may no longer.
    """
    asked, by = run.arguments, run.by
    if by is None:
        raise UnknownExport
    rows = face_of(asked["sheet"]).export_queryset(by, asked["query"])

    def step(count: int) -> None:
        run.check()
        run.progress(count, max(count, asked["rows"]))

    with tempfile.TemporaryFile() as out:
        count = write_export(
            out,
            sheet_name=asked["sheet"],
            format_name=asked["format"],
            by=by,
            queryset=rows,
            filters=dict(QueryDict(asked["query"]).lists()),
            columns=asked["columns"],
            record={"purpose": asked["purpose"], "job": str(run.job.uuid)},
            step=step,
        )
        size = out.tell()
        out.seek(0)
        _forget(run.job)
        storages["private"].save(stored_as(run.job), File(out))
    run.progress(count, count)
    return {"rows": count, "bytes": size}


def own_export(*, uuid: UUID | str, sheet_name: str, by: User) -> Job:
    """Return a person's own export. Refuses: UnknownExport, whoever else's it may be."""
    job = Job.objects.filter(kind=EXPORT_KIND, uuid=uuid, owner=by).first()
    if job is None or job.arguments["sheet"] != sheet_name:
        raise UnknownExport
    return job


def open_export(*, uuid: UUID | str, sheet_name: str, by: User) -> tuple[Job, IO[bytes]]:
    """Return the file of a person's own export; each time is recorded.

    Refuses: UnknownExport; NotAllowed, for the sheet or a column, as of now; ExportNotReady;
    ExportExpired.
    """
    job = own_export(uuid=uuid, sheet_name=sheet_name, by=by)
    kind = sheet(sheet_name)
    require_permission(by, kind.export_permission, kind.export_words)
    chosen_columns(kind, by, job.arguments["columns"])
    if (refused := refusal_to_open(job)) is not None:
        raise refused
    try:
        file = storages["private"].open(stored_as(job))
    except FileNotFoundError:
        raise ExportExpired(day=_day(job)) from None
    AuditEvent.record(
        "download", subject=job, model=kind.model._meta.label, sheet=kind.name,
        format=job.arguments["format"], columns=job.arguments["columns"],
        rows=(job.result or {}).get("rows", 0),
    )  # fmt: skip
    return job, file


def refusal_to_open(job: Job) -> Refused | None:
    """Return why an export has no file that could be downloaded, or None."""
    if job.state != Job.State.DONE:
        return ExportNotReady(state=job.get_state_display().lower())
    is_gone = kept_until(job) <= timezone.now() or not storages["private"].exists(stored_as(job))
    return ExportExpired(day=_day(job)) if is_gone else None


def kept_until(job: Job) -> datetime:
    return (job.finished_at or timezone.now()) + timedelta(days=settings.EXPORT_KEEP_DAYS)


def file_name(job: Job) -> str:
    """Return what the file is called where it is saved."""
    day = timezone.localdate(job.finished_at or timezone.now())
    return f"{job.arguments['sheet']}-{day}.{job.arguments['format']}"


def stored_as(job: Job) -> str:
    return f"{FOLDER}/{job.uuid.hex}"


def sheet_of(job: Job) -> Sheet:
    return sheet(job.arguments["sheet"])


def sweep_exports(*, now: datetime) -> int:
    """Remove the files that are no longer kept, whatever became of their jobs."""
    storage = storages["private"]
    try:
        names = storage.listdir(FOLDER)[1]
    except FileNotFoundError:
        return 0
    removed = 0
    for name in names:
        path = f"{FOLDER}/{name}"
        if storage.get_modified_time(path) <= now - timedelta(days=settings.EXPORT_KEEP_DAYS):
            storage.delete(path)
            removed += 1
    return removed


def _forget(job: Job) -> None:
    storages["private"].delete(stored_as(job))


def _day(job: Job) -> str:
    return timezone.localtime(kept_until(job)).strftime("%Y-%m-%d")
