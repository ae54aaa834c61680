"""ImportAdmin: the import and export pages of an admin whose rows have a sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice import imports
from backoffice.adminkit import import_pages as pages
from backoffice.imports import export
from backoffice.imports.formats import CONTENT_TYPES
from backoffice.imports.sheets import Sheet
from backoffice.imports.sheets import sheet as sheet_named
from backoffice.models import ImportRun
from backoffice.refused import Refused

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Base = ModelAdmin[Any]
else:
    Base = object

READ = {"GET", "HEAD"}
RECENT_RUNS = 5


class ImportAdmin(Base):
    """Mixin for an admin: `sheet = "products"`. Adds `import/…` and `export/<format>/`.

    Every page asks for the sheet's own permission; a run is shown to its owner only; what changes
    something takes POST.
    """

    sheet: ClassVar[str]
    change_list_template = "backoffice/imports/change_list.html"

    @property
    def kind(self) -> Sheet:
        return sheet_named(self.sheet)

    # --- Permissions ---------------------------------------------------------------------------

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.kind.import_permission)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.kind.export_permission)

    # --- Addresses -----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        stem = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        own = [
            path("import/", wrap(self.import_view), name=f"{stem}_import"),
            path("import/template/", wrap(self.template_view), name=f"{stem}_import_template"),
            path("import/<uuid:uuid>/", wrap(self.run_view), name=f"{stem}_import_run"),
            path(
                "import/<uuid:uuid>/confirm/",
                wrap(self.confirm_view),
                name=f"{stem}_import_confirm",
            ),
            path(
                "import/<uuid:uuid>/discard/",
                wrap(self.discard_view),
                name=f"{stem}_import_discard",
            ),
            path(
                "import/<uuid:uuid>/refused.csv",
                wrap(self.refused_view),
                name=f"{stem}_import_refused",
            ),
            path("export/<str:format_name>/", wrap(self.export_view), name=f"{stem}_export"),
        ]
        return [*own, *super().get_urls()]

    def import_path(self, what: str, *args: Any) -> str:
        """Return the path of one of these pages: "import", "import_run", "export" …"""
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{what}"
        return reverse(name, args=args)

    # --- The list ------------------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = dict(extra_context or {})
        if self.has_import_permission(request):
            context["import_url"] = self.import_path("import")
        if self.has_export_permission(request):
            context["export_urls"] = [
                (name.upper(), self.import_path("export", name)) for name in CONTENT_TYPES
            ]
        return super().changelist_view(request, context)

    def export_view(self, request: HttpRequest, format_name: str) -> HttpResponse:
        """Send the list as it is filtered, all pages of it."""
        if request.method not in READ:
            return HttpResponseNotAllowed(["GET"])
        if not (self.has_export_permission(request) and self.has_view_permission(request)):
            raise PermissionDenied
        try:
            changelist = self.get_changelist_instance(request)
        except IncorrectLookupParameters as error:
            raise BadRequest(_("This list cannot be filtered like that.")) from error
        try:
            out = export.export_sheet(
                sheet_name=self.sheet,
                format_name=format_name,
                by=request.user,
                queryset=changelist.queryset,
                filters=dict(request.GET.lists()),
            )
        except Refused as refused:
            return self._refusal(request, refused)
        return _download(out, f"{self.sheet}-{timezone.localdate()}.{format_name}", format_name)

    # --- Upload --------------------------------------------------------------------------------

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """GET: the upload page; POST: read the file and go to its preview."""
        if request.method not in {*READ, "POST"}:
            return HttpResponseNotAllowed(["GET", "POST"])
        self._require_import(request)
        if request.method != "POST":
            return self._upload_page(request, pages.ImportForm(self.kind))
        form = pages.ImportForm(self.kind, request.POST, request.FILES)
        if not form.is_valid():
            return self._upload_page(request, form, status=422)
        asked = form.cleaned_data
        try:
            run = imports.start_run(
                sheet_name=self.sheet,
                file=asked["file"],
                file_name=asked["file"].name,
                by=request.user,
                recipe=asked["recipe"],
                mode=asked["mode"] or ImportRun.Mode.UPSERT,
                policy=asked["policy"] or ImportRun.Policy.ALL_OR_NOTHING,
                ignore_unknown=asked["ignore_unknown"],
            )
        except Refused as refused:
            return self._upload_page(request, form, refused=refused, status=refused.http_status)
        return redirect(self.import_path("import_run", run.uuid))

    def template_view(self, request: HttpRequest) -> HttpResponse:
        """Send an empty sheet with the right columns and one row of examples."""
        if request.method not in READ:
            return HttpResponseNotAllowed(["GET"])
        self._require_import(request)
        format_name = request.GET.get("format", "xlsx")
        try:
            out = export.template(sheet_name=self.sheet, format_name=format_name)
        except Refused as refused:
            return self._refusal(request, refused)
        return _download(out, f"{self.sheet}-template.{format_name}", format_name)

    # --- One run -------------------------------------------------------------------------------

    def run_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Show the preview of a waiting run, or the receipt of one that is over."""
        if request.method not in READ:
            return HttpResponseNotAllowed(["GET"])
        self._require_import(request)
        try:
            run = imports.own_run(uuid=uuid, by=request.user)
        except Refused as refused:
            return self._refusal(request, refused)
        return self.run_page(request, run)

    def confirm_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Apply a run: once, by its owner, with the content that was previewed."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self._require_import(request)
        policy = request.POST.get("policy", "")
        try:
            run = imports.apply_run(
                uuid=uuid,
                by=request.user,
                reason=request.POST.get("reason", ""),
                policy=policy if policy in ImportRun.Policy.values else "",
                sha256=request.POST.get("sha256") or "missing",
            )
        except Refused as refused:
            return self._run_refusal(request, uuid, refused)
        if run.state != ImportRun.State.APPLIED:
            return self.run_page(request, run, problem=run.outcome, status=409)
        messages.success(request, _("{file} was applied.").format(file=run.file_name))
        return redirect(self.import_path("import_run", run.uuid))

    def discard_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Drop a preview."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self._require_import(request)
        try:
            run = imports.discard_run(uuid=uuid, by=request.user)
        except Refused as refused:
            return self._run_refusal(request, uuid, refused)
        messages.info(
            request, _("{file} was discarded; nothing was changed.").format(file=run.file_name)
        )
        return redirect(self.import_path("import"))

    def refused_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Send the refused rows, with line and reason, to be corrected and imported again."""
        if request.method not in READ:
            return HttpResponseNotAllowed(["GET"])
        self._require_import(request)
        try:
            run = imports.own_run(uuid=uuid, by=request.user)
        except Refused as refused:
            return self._refusal(request, refused)
        stem = run.file_name.rpartition(".")[0] or run.file_name
        return _download(export.refused_rows(run), f"{stem}-refused.csv", "csv")

    # --- Pages ---------------------------------------------------------------------------------

    def run_page(
        self, request: HttpRequest, run: ImportRun, *, problem: str = "", status: int = 200
    ) -> HttpResponse:
        """Return the page of a run; buttons only for its owner while it waits."""
        tabs = pages.tabs_of(run, request.GET.get("tab", ""))
        active = next(tab for tab in tabs if tab.is_active)
        page = pages.page_of(run, active.name, request.GET.get("page"))
        is_own = run.owner_id == request.user.pk
        context = {
            **self.admin_site.each_context(request),
            "title": run.file_name,
            "opts": self.opts,
            "run": run,
            "kind": self.kind,
            "recipe": pages.recipe_label(run, self.kind),
            "tone": pages.STATE_TONES[run.shown_state],
            "tabs": tabs,
            "active": active,
            "page": page,
            "page_numbers": page.paginator.get_elided_page_range(page.number),
            "rows": pages.views_of(page.object_list, self.kind, self._row_url(request)),
            "columns": pages.columns_of(run, self.kind),
            "is_open": is_own and run.is_waiting,
            "is_own": is_own,
            "problem": problem or ("" if run.state == "applied" else run.outcome),
            "is_all_or_nothing": run.policy == ImportRun.Policy.ALL_OR_NOTHING,
            "apply_label": pages.apply_label(run.to_write),
            "good_rows_label": pages.good_rows_label(run.to_write, run.refused),
            "confirm_url": self.import_path("import_confirm", run.uuid),
            "discard_url": self.import_path("import_discard", run.uuid),
            "refused_url": self.import_path("import_refused", run.uuid),
            "import_url": self.import_path("import"),
            "list_url": self.import_path("changelist"),
            "change_set_url": _change_set_url(request, run),
        }
        return TemplateResponse(request, "backoffice/imports/run.html", context, status=status)

    def _upload_page(
        self,
        request: HttpRequest,
        form: pages.ImportForm,
        *,
        refused: Refused | None = None,
        status: int = 200,
    ) -> HttpResponse:
        limit = settings.IMPORT_MAX_BYTES
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import {what}").format(what=str(self.kind.label).lower()),
            "opts": self.opts,
            "kind": self.kind,
            "form": form,
            "refused": refused,
            "recipes": self.kind.recipes,
            "columns": self.kind.columns().values(),
            "limit": filesizeformat(limit),
            "limit_bytes": limit,
            "limit_rows": settings.IMPORT_MAX_ROWS,
            "template_url": self.import_path("import_template"),
            "list_url": self.import_path("changelist"),
            "recent": [
                (run, self.import_path("import_run", run.uuid), pages.STATE_TONES[run.shown_state])
                for run in ImportRun.objects.of(request.user).filter(sheet=self.sheet)[:RECENT_RUNS]
            ],
        }
        return TemplateResponse(request, "backoffice/imports/upload.html", context, status=status)

    def _refusal(self, request: HttpRequest, refused: Refused) -> HttpResponse:
        if not self.has_import_permission(request):
            raise PermissionDenied(str(refused))
        form = pages.ImportForm(self.kind)
        return self._upload_page(request, form, refused=refused, status=refused.http_status)

    def _run_refusal(self, request: HttpRequest, uuid: UUID, refused: Refused) -> HttpResponse:
        """Show why on the run's own page, if there is such a run for this person."""
        run = ImportRun.objects.of(request.user).filter(uuid=uuid).first()
        if run is None:
            return self._refusal(request, refused)
        return self.run_page(request, run, problem=str(refused), status=refused.http_status)

    def _row_url(self, request: HttpRequest) -> Any:
        if not self.has_view_permission(request):
            return lambda _pk: ""
        return lambda pk: self.import_path("change", pk)

    def _require_import(self, request: HttpRequest) -> None:
        if not self.has_import_permission(request):
            raise PermissionDenied


def _download(out: Any, name: str, format_name: str) -> FileResponse:
    return FileResponse(
        out, as_attachment=True, filename=name, content_type=CONTENT_TYPES[format_name]
    )


def _change_set_url(request: HttpRequest, run: ImportRun) -> str:
    """Return the page of everything that the run did, for those who may see the record."""
    if run.change_set_id is None or not request.user.has_perm("backoffice.view_changeset"):
        return ""
    try:
        return reverse("admin:backoffice_changeset_change", args=[run.change_set_id])
    except NoReverseMatch:
        return ""
