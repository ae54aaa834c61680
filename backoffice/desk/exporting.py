"""The record as a file: what was asked for at the desk, written by a job, kept for some days.

That it was written, and each time that it leaves the house, is an event.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator, Mapping
from typing import IO, Any
from uuid import UUID

from django.core.files import File
from django.core.files.storage import storages
from django.db import transaction
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice import changes, jobs
from backoffice.desk.asking import NotAtTheDesk, ask
from backoffice.desk.finding import find
from backoffice.desk.lines import Line, lines_of
from backoffice.imports.export_runs import ExportExpired, kept_until, refusal_to_open, stored_as
from backoffice.imports.formats import csv_writer
from backoffice.models import AuditEvent, Job, User
from backoffice.refused import BadValue, Refused, UnknownRow
from backoffice.steps import require_permission

KIND = "backoffice.export_record"
MAY = "backoffice.verify_record"
FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
PAGE_ROWS = 500
PURPOSE_LENGTH = 200
COLUMNS = {
    "at": _("when"),
    "who": _("who"),
    "actor": _("kind of actor"),
    "what": _("what"),
    "key": _("key"),
    "title": _("how"),
    "step": _("step"),
    "changes": _("old → new"),
    "reason_code": _("reason code"),
    "reason": _("reason"),
    "channel": _("door"),
    "change_set": _("change set"),
    "request": _("request"),
    "detail": _("detail"),
    "row": _("row"),
}


class NoSuchFormat(Refused):
    sentence = _("The record can be written as CSV or JSON, not as “{format}”.")


class PurposeMissing(Refused):
    sentence = _("Say what the rows are for.")
    hint = _("It stands in the record beside the export.")


def start_export(
    *, query: str, format_name: str, columns: list[str], purpose: str, by: User, key: str = ""
) -> Job:
    """Ask for what the desk shows as a file.

    query: the desk's filters; the job asks again, as `by` may see them then. columns: some of
    COLUMNS; none: all. key: the same one again is the same job.
    Refuses: NotAllowed; FiltersNotUnderstood; NoSuchFormat; BadValue (a column); PurposeMissing.
    Atomic: one job.
    """
    require_permission(by, MAY, _("export the record"))
    purpose = " ".join(purpose.replace("\x00", "").split())[:PURPOSE_LENGTH]
    if format_name not in FORMATS:
        raise NoSuchFormat(format=format_name[:20])
    if not purpose:
        raise PurposeMissing
    chosen = [name for name in COLUMNS if name in columns or not columns]
    if unknown := [name for name in columns if name not in COLUMNS]:
        raise BadValue(
            field=_("Columns"), problem=_("there is no “{name}”.").format(name=unknown[0][:40])
        )
    ask(query, user=by)
    with transaction.atomic():
        changes.say(action=KIND, by=by, reason=purpose)
        return jobs.start(
            KIND,
            by=by,
            key=f"{by.pk}:{key}" if key else "",
            label=str(_("Export of the record")),
            arguments={
                "query": query,
                "format": format_name,
                "columns": chosen,
                "purpose": purpose,
                # Nobody counts them beforehand: a count of the whole record would be a scan.
                "rows": 0,
            },
        )


def _page(job: Job) -> str:
    return reverse("admin:audit_desk_export_run", args=[job.uuid])


@jobs.kind(KIND, label=_("Export of the record"), page=_page)
def run_export(run: jobs.Run) -> dict[str, Any]:
    """Write the file as whoever asked for it; a second attempt writes it anew."""
    asked, by = run.arguments, run.by
    if by is None:
        raise NotAtTheDesk
    require_permission(by, MAY, _("export the record"))
    with tempfile.TemporaryFile() as out:
        count = _write(out, run, by)
        size = out.tell()
        out.seek(0)
        storages["private"].delete(stored_as(run.job))
        storages["private"].save(stored_as(run.job), File(out))
    AuditEvent.record(
        "export",
        model="record",
        format=asked["format"],
        filter=dict(QueryDict(asked["query"]).lists()),
        columns=asked["columns"],
        rows=count,
        purpose=asked["purpose"],
        job=str(run.job.uuid),
    )
    run.progress(count, count)
    return {"rows": count, "bytes": size}


def _write(out: IO[bytes], run: jobs.Run, by: User) -> int:
    names = run.arguments["columns"]
    count = 0
    text = io.TextIOWrapper(out, encoding="utf-8", errors="replace", newline="")
    try:
        if run.arguments["format"] == "csv":
            with csv_writer(text, names) as writer:
                for some in _pages(run, by):
                    cells = [{**row, "changes": _told(row["changes"])} for row in some]
                    writer.write([[str(row[name] or "") for row in cells] for name in names])
                    count += len(some)
                    run.progress(count, 0)
        else:
            text.write("[")
            for some in _pages(run, by):
                for row in some:
                    text.write(",\n" if count else "\n")
                    chosen = {name: row[name] for name in names}
                    text.write(json.dumps(chosen, ensure_ascii=False))
                    count += 1
                run.progress(count, 0)
            text.write("\n]\n")
        text.flush()
    finally:
        text.detach()
    return count


def _pages(run: jobs.Run, by: User) -> Iterator[list[dict[str, Any]]]:
    asked = ask(run.arguments["query"], user=by, now=run.job.created_at)
    after = None
    while True:
        run.check()
        found = find(asked, after=after, limit=PAGE_ROWS)
        if found.places:
            lines = lines_of(found.places, asked.form.sources, reader=by)
            yield [row_of(line) for line in lines]
        if found.next is None:
            return
        after = found.next


def row_of(line: Line) -> dict[str, Any]:
    """Return one row of the record as a file has it: plain values."""
    entry, click = line.entry, line.change_set
    return {
        "at": entry.at.isoformat(),
        "who": str(entry.who),
        "actor": click.actor_kind,
        "what": entry.what or str(line.kind),
        "key": str(line.pk) if line.pk is not None else "",
        "title": str(entry.title),
        "step": entry.step,
        "changes": [
            {"field": str(c.label), "old": str(c.old), "new": str(c.new)} for c in entry.changes
        ],
        "reason_code": click.reason_code,
        "reason": click.note,
        "channel": click.channel,
        "change_set": str(click.uuid),
        "request": click.request_id,
        "detail": entry.body,
        "row": line.row,
    }


def _told(changed: list[Mapping[str, str]]) -> str:
    return "; ".join(f"{c['field']}: {c['old']} → {c['new']}" for c in changed)


def seen_export(*, uuid: UUID, by: User) -> Job:
    """Return an export of one's own, or of anybody's for who oversees jobs. Refuses: UnknownRow."""
    found = Job.objects.seen_by(by).filter(kind=KIND, uuid=uuid).select_related("owner").first()
    if found is None:
        raise UnknownRow(what=_("export"), key=uuid)
    return found


def open_export(*, uuid: UUID, by: User) -> tuple[Job, IO[bytes]]:
    """Return the file of one's own export; each time is an event.

    Refuses: UnknownRow; NotAllowed; ExportNotReady; ExportExpired.
    """
    job = seen_export(uuid=uuid, by=by)
    if job.owner_id != by.pk:
        raise UnknownRow(what=_("export"), key=uuid)
    require_permission(by, MAY, _("export the record"))
    if (refused := refusal_to_open(job)) is not None:
        raise refused
    try:
        file = storages["private"].open(stored_as(job))
    except FileNotFoundError:
        raise ExportExpired(day=f"{timezone.localtime(kept_until(job)):%Y-%m-%d}") from None
    AuditEvent.record(
        "download", subject=job, model="record", format=job.arguments["format"],
        columns=job.arguments["columns"], rows=(job.result or {}).get("rows", 0),
    )  # fmt: skip
    return job, file
