"""The record as a file: what for, in which columns; then the job's page and its file."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from backoffice.admin.desk import require_desk
from backoffice.adminkit.desk_pages import chips_of, desk_path, filters_of, lasting
from backoffice.adminkit.pages import page
from backoffice.desk import exporting
from backoffice.desk.asking import ask
from backoffice.imports import export_runs
from backoffice.models import Job
from backoffice.refused import NotAllowed, Refused, UnknownRow


def _require(request: HttpRequest) -> None:
    require_desk(request)
    if not request.user.has_perm(exporting.MAY):
        raise PermissionDenied


@page("audit/export/", name="audit_desk_export")
@require_http_methods(["GET", "HEAD", "POST"])
def export_view(request: HttpRequest) -> HttpResponse:
    """GET: ask format, columns and purpose; POST: start the job that writes the file."""
    _require(request)
    query = filters_of(request.GET)
    try:
        asked = ask(query, user=request.user)
    except Refused as refused:
        return _ask_page(request, query, [], refused)
    chips = chips_of(asked.form, query)
    if request.method != "POST":
        return _ask_page(request, query, chips, None)
    try:
        job = exporting.start_export(
            query=lasting(asked, query).urlencode(),
            format_name=request.POST.get("format", ""),
            columns=request.POST.getlist("columns"),
            purpose=request.POST.get("purpose", ""),
            key=request.POST.get("key", "").replace("\x00", "")[:64],
            by=request.user,
        )
    except Refused as refused:
        return _ask_page(request, query, chips, refused)
    return redirect("admin:audit_desk_export_run", job.uuid)


def _ask_page(
    request: HttpRequest, query: QueryDict, chips: list[Any], refused: Refused | None
) -> HttpResponse:
    chosen = request.POST.getlist("columns") or list(exporting.COLUMNS)
    context = {
        **admin.site.each_context(request),
        "title": _("Export the record"),
        "chips": chips,
        "columns": [(name, label, name in chosen) for name, label in exporting.COLUMNS.items()],
        "formats": [(name, name.upper()) for name in exporting.FORMATS],
        "format": request.POST.get("format", "csv"),
        "purpose": request.POST.get("purpose", ""),
        "purpose_max": exporting.PURPOSE_LENGTH,
        "keep_days": settings.EXPORT_KEEP_DAYS,
        "key": uuid4().hex,
        "refused": refused,
        "back_url": desk_path(query),
    }
    status = refused.http_status if refused else 200
    return TemplateResponse(request, "backoffice/desk/export.html", context, status=status)


@page("audit/export/<uuid:uuid>/", name="audit_desk_export_run")
@require_safe
def export_run_view(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show how far an export is, and its file when it is done."""
    _require(request)
    try:
        return _run_page(request, exporting.seen_export(uuid=uuid, by=request.user))
    except UnknownRow as unknown:
        raise Http404 from unknown


@page("audit/export/<uuid:uuid>/file/", name="audit_desk_export_file")
@require_safe
def export_file_view(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Send the file to whoever asked for it, and to nobody else."""
    _require(request)
    try:
        job, file = exporting.open_export(uuid=uuid, by=request.user)
    except UnknownRow as unknown:
        raise Http404 from unknown
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    except Refused as refused:
        job = exporting.seen_export(uuid=uuid, by=request.user)
        return _run_page(request, job, status=refused.http_status)
    kind = exporting.FORMATS[job.arguments["format"]]
    return FileResponse(file, as_attachment=True, filename=_file_name(job), content_type=kind)


def _file_name(job: Job) -> str:
    day = timezone.localdate(job.finished_at or timezone.now())
    return f"record-{day}.{job.arguments['format']}"


def _run_page(request: HttpRequest, job: Job, *, status: int = 200) -> HttpResponse:
    asked, is_own = job.arguments, job.owner_id == request.user.pk
    refused = export_runs.refusal_to_open(job) if job.state == Job.State.DONE else None
    again = desk_path(asked["query"])
    context = {
        **admin.site.each_context(request),
        "title": job.label,
        "job": job,
        "is_own": is_own,
        "is_ready": is_own and job.state == Job.State.DONE and refused is None,
        "refused": refused,
        "result": job.result or {},
        "file_name": _file_name(job),
        "format": asked["format"].upper(),
        "columns": [exporting.COLUMNS[name] for name in asked["columns"]],
        "purpose": asked["purpose"],
        "kept_until": export_runs.kept_until(job),
        "file_url": f"{request.path.removesuffix('file/')}file/",
        "again_url": again.replace("/audit/", "/audit/export/", 1),
        "list_url": again,
    }
    return TemplateResponse(request, "backoffice/exports/run.html", context, status=status)
