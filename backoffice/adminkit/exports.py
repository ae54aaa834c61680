"""ExportAdmin: the export pages of an admin whose rows have a sheet, and the empty sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, PAGE_VAR
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    QueryDict,
)
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.imports import export_runs
from backoffice.imports.columns import Column
from backoffice.imports.export import chosen_columns, export_sheet
from backoffice.imports.formats import CONTENT_TYPES
from backoffice.imports.sheets import Sheet
from backoffice.imports.sheets import sheet as sheet_named
from backoffice.imports.templates_out import template
from backoffice.models import Job, User
from backoffice.refused import NotAllowed, Refused
from backoffice.steps import require_permission

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Base = ModelAdmin[Any]
else:
    Base = object

READ = {"GET", "HEAD"}
# Which page of the list is open says nothing about which rows are meant.
PAGE_VARS = (PAGE_VAR, ALL_VAR)
# Where a session keeps what a person chose last, for each sheet.
REMEMBERED = "exports"
PURPOSE_MAX_LENGTH = 200


class _Silence:
    """What a list has to say about its filters is not said to anybody."""

    def add(self, *args: Any, **kwargs: Any) -> None:
        pass


@dataclass
class Group:
    """Columns that stand together on the page."""

    label: Any
    columns: list[tuple[str, Column, bool, bool]] = field(default_factory=list)


class ExportAdmin(Base):
    """Mixin for an admin: `sheet = "products"`. Adds `export/…` and `import/template/`.

    A page asks for format and columns; few rows are sent at once, many are written by a job whose
    file only its owner gets. Looking takes GET, everything else POST.
    """

    sheet: ClassVar[str]

    @property
    def kind(self) -> Sheet:
        return sheet_named(self.sheet)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.kind.export_permission)

    # --- Addresses -----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        stem = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        return [
            path("import/template/", wrap(self.template_view), name=f"{stem}_import_template"),
            path("export/", wrap(self.export_view), name=f"{stem}_export"),
            path("export/<uuid:uuid>/", wrap(self.export_run_view), name=f"{stem}_export_run"),
            path(
                "export/<uuid:uuid>/file/", wrap(self.export_file_view), name=f"{stem}_export_file"
            ),
            *super().get_urls(),
        ]

    def export_path(self, what: str, *args: Any) -> str:
        """Return the path of one of these pages: "export", "export_run", "export_file" …"""
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{what}"
        return reverse(name, args=args)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = dict(extra_context or {})
        if self.has_export_permission(request):
            context["export_url"] = self.export_path("export")
        return super().changelist_view(request, context)

    # --- Which rows ----------------------------------------------------------------------------

    def export_queryset(self, by: User, query: str) -> QuerySet[Any]:
        """Return the rows of the list as this person sees it, all pages of it.

        Refuses: NotAllowed. Raises IncorrectLookupParameters for filters that the list has not.
        """
        kind = self.kind
        require_permission(by, kind.export_permission, kind.export_words)
        request = HttpRequest()
        request.method, request.user, request._messages = "GET", by, _Silence()
        request.GET = QueryDict(query)
        request.path = request.path_info = self.export_path("changelist")
        if not self.has_view_permission(request):
            raise NotAllowed(what=kind.export_words)
        queryset: QuerySet[Any] = self.get_changelist_instance(request).queryset
        return queryset

    # --- Asking --------------------------------------------------------------------------------

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """GET: the page; POST: the file of few rows, or the page of the job that writes many."""
        if request.method not in {*READ, "POST"}:
            return HttpResponseNotAllowed(["GET", "POST"])
        if not (self.has_export_permission(request) and self.has_view_permission(request)):
            raise PermissionDenied
        query = _query_of(request)
        try:
            queryset = self.export_queryset(request.user, query)
        except IncorrectLookupParameters as error:
            raise BadRequest(_("This list cannot be filtered like that.")) from error
        rows = queryset.order_by().count()
        if request.method != "POST":
            return self._export_page(request, query, rows)
        try:
            return self._export(request, query, queryset, rows)
        except Refused as refused:
            return self._export_page(request, query, rows, refused=refused)

    def _export(
        self, request: HttpRequest, query: str, queryset: QuerySet[Any], rows: int
    ) -> HttpResponse:
        asked = request.POST
        format_name, purpose = asked.get("format", ""), _line(asked.get("purpose", ""))
        names = list(chosen_columns(self.kind, request.user, asked.getlist("columns")))
        options: dict[str, Any] = {
            "sheet_name": self.sheet,
            "format_name": format_name,
            "columns": names,
            "by": request.user,
            "purpose": purpose,
        }
        if rows > settings.EXPORT_AT_ONCE_ROWS:
            key = _line(asked.get("key", ""))
            job = export_runs.start_export(query=query, rows=rows, key=key, **options)
            answer: HttpResponse = redirect(self.export_path("export_run", job.uuid))
        else:
            filters = dict(QueryDict(query).lists())
            out = export_sheet(queryset=queryset, filters=filters, **options)
            answer = download(
                out, f"{self.sheet}-{timezone.localdate()}.{format_name}", format_name
            )
        kept = request.session.get(REMEMBERED, {})
        choice = {"format": format_name, "columns": names}
        request.session[REMEMBERED] = {**kept, self.sheet: choice}
        return answer

    def _export_page(
        self, request: HttpRequest, query: str, rows: int, *, refused: Refused | None = None
    ) -> HttpResponse:
        allowed = self.kind.columns_for(request.user)
        kept = request.session.get(REMEMBERED, {}).get(self.sheet, {})
        asked = request.POST if request.method == "POST" else None
        chosen = set(asked.getlist("columns") if asked else kept.get("columns", allowed))
        format_name = asked.get("format") if asked else kept.get("format")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Export {what}").format(what=str(self.kind.label).lower()),
            "opts": self.opts,
            "kind": self.kind,
            "rows": rows,
            "is_filtered": bool(query),
            "is_job": rows > settings.EXPORT_AT_ONCE_ROWS,
            "keep_days": settings.EXPORT_KEEP_DAYS,
            "formats": [(name, name.upper()) for name in CONTENT_TYPES],
            "format": format_name if format_name in CONTENT_TYPES else "xlsx",
            "groups": groups_of(allowed, chosen & set(allowed) or set(allowed), self.kind.key),
            "columns_total": len(allowed),
            "purpose": asked.get("purpose", "") if asked else "",
            "purpose_max": PURPOSE_MAX_LENGTH,
            "key": uuid4().hex,
            "refused": refused,
            "list_url": self.export_path("changelist") + (f"?{query}" if query else ""),
        }
        status = refused.http_status if refused else 200
        return TemplateResponse(request, "backoffice/exports/ask.html", context, status=status)

    # --- One job -------------------------------------------------------------------------------

    def export_run_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Show how far an export is, and its file when it is done: to its owner, and overseers."""
        if request.method not in READ:
            return HttpResponseNotAllowed(["GET"])
        job = Job.objects.seen_by(request.user).filter(uuid=uuid, kind=export_runs.EXPORT_KIND)
        found = job.select_related("owner").first()
        if found is None or found.arguments["sheet"] != self.sheet:
            raise Http404
        return self._run_page(request, found)

    def export_file_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Send the file of an export to its owner, and to nobody else."""
        if request.method not in READ:
            return HttpResponseNotAllowed(["GET"])
        try:
            job, file = export_runs.open_export(uuid=uuid, sheet_name=self.sheet, by=request.user)
        except export_runs.UnknownExport as unknown:
            raise Http404 from unknown
        except NotAllowed as refused:
            raise PermissionDenied(str(refused)) from refused
        except Refused as refused:
            own = export_runs.own_export(uuid=uuid, sheet_name=self.sheet, by=request.user)
            return self._run_page(request, own, status=refused.http_status)
        return download(file, export_runs.file_name(job), job.arguments["format"])

    def _run_page(self, request: HttpRequest, job: Job, *, status: int = 200) -> HttpResponse:
        asked = job.arguments
        columns = self.kind.columns()
        query = asked["query"]
        is_own = job.owner_id == request.user.pk
        refused = export_runs.refusal_to_open(job) if job.state == Job.State.DONE else None
        is_ready = is_own and job.state == Job.State.DONE and refused is None
        context = {
            **self.admin_site.each_context(request),
            "title": job.label,
            "opts": self.opts,
            "job": job,
            "is_own": is_own,
            "is_ready": is_ready,
            "refused": refused,
            "result": job.result or {},
            "file_name": export_runs.file_name(job),
            "format": asked["format"].upper(),
            "columns": [columns[name].label for name in asked["columns"] if name in columns],
            "purpose": asked["purpose"],
            "kept_until": export_runs.kept_until(job),
            "file_url": self.export_path("export_file", job.uuid),
            "again_url": self.export_path("export") + (f"?{query}" if query else ""),
            "list_url": self.export_path("changelist") + (f"?{query}" if query else ""),
        }
        return TemplateResponse(request, "backoffice/exports/run.html", context, status=status)

    # --- The empty sheet -----------------------------------------------------------------------

    def template_view(self, request: HttpRequest) -> HttpResponse:
        """Send a sheet with the right columns, examples, and what may stand where."""
        if request.method not in READ:
            return HttpResponseNotAllowed(["GET"])
        if not request.user.has_perm(self.kind.import_permission):
            raise PermissionDenied
        format_name = request.GET.get("format", "xlsx")
        try:
            out = template(sheet_name=self.sheet, format_name=format_name)
        except Refused as refused:
            raise Http404(str(refused)) from refused
        return download(out, f"{self.sheet}-template.{format_name}", format_name)


def groups_of(columns: Mapping[str, Column], chosen: set[str], key: str) -> Sequence[Group]:
    """Return the columns as the page shows them: under their group, in the sheet's order."""
    groups: dict[str, Group] = {}
    for name, column in columns.items():
        label = str(column.group)
        group = groups.setdefault(label, Group(label))
        group.columns.append((name, column, name in chosen or name == key, name == key))
    return list(groups.values())


def download(out: Any, name: str, format_name: str) -> FileResponse:
    """Answer with a file, sent piece by piece and closed at the end."""
    return FileResponse(
        out, as_attachment=True, filename=name, content_type=CONTENT_TYPES[format_name]
    )


def _query_of(request: HttpRequest) -> str:
    query = request.GET.copy()
    for name in PAGE_VARS:
        query.pop(name, None)
    return query.urlencode()


def _line(text: str) -> str:
    """Return what somebody typed, on one line, without what no database holds."""
    return " ".join(text.replace("\x00", "").split())[:PURPOSE_MAX_LENGTH]
