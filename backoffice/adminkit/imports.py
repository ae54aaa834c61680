"""ImportAdmin: the addresses of the import pages of an admin whose rows have a sheet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from backoffice import imports
from backoffice.adminkit import import_mapping as mapping
from backoffice.adminkit.answers import is_htmx
from backoffice.adminkit.exports import ExportAdmin, download
from backoffice.adminkit.import_forms import UploadForm
from backoffice.adminkit.import_verbs import MovesImports
from backoffice.adminkit.import_views import MAPPED_BY_HAND, UNDER_WAY
from backoffice.models import ImportRun
from backoffice.refused import Refused

State = ImportRun.State


class ImportAdmin(MovesImports, ExportAdmin):
    """Mixin for an admin: `sheet = "products"`. Adds `import/…` and what `ExportAdmin` adds.

    Every page asks for the sheet's own permission; a run is shown to its owner only; what changes
    something takes POST.
    """

    change_list_template = "backoffice/imports/change_list.html"

    # --- Addresses -----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        stem = f"{self.opts.app_label}_{self.opts.model_name}_import"
        wrap = self.admin_site.admin_view
        posted = {
            "confirm": self.confirm_view,
            "discard": self.discard_view,
            "fix": self.fix_view,
            "leave-out": self.leave_out_view,
            "corrections": self.corrections_view,
            "again": self.again_view,
            "undo": self.undo_view,
            "stop": self.stop_view,
        }
        own = [
            path("import/", wrap(self.import_view), name=stem),
            path("import/<uuid:uuid>/", wrap(require_safe(self.run_view)), name=f"{stem}_run"),
            path("import/<uuid:uuid>/mapping/", wrap(self.mapping_view), name=f"{stem}_mapping"),
            path(
                "import/<uuid:uuid>/progress/",
                self._poll(wrap(require_safe(self.progress_view))),
                name=f"{stem}_progress",
            ),
            path(
                "import/<uuid:uuid>/refused.<str:format_name>",
                wrap(require_safe(self.refused_view)),
                name=f"{stem}_refused",
            ),
            *(
                path(
                    f"import/<uuid:uuid>/{name}/",
                    wrap(require_POST(view)),
                    name=f"{stem}_{name.replace('-', '_')}",
                )
                for name, view in posted.items()
            ),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = dict(extra_context or {})
        if self.has_import_permission(request):
            context["import_url"] = self.import_path("import")
        return super().changelist_view(request, context)

    # --- Upload --------------------------------------------------------------------------------

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """GET: the upload page; POST: read the file and go to its preview."""
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "POST"])
        self._require_import(request)
        if request.method != "POST":
            return self.upload_page(request)
        form = UploadForm(self.kind, request.POST, request.FILES)
        if not form.is_valid():
            return self.upload_page(request, form, status=422)
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
                choices=form.choices(),
                may_ask=True,
            )
        except Refused as refused:
            return self.upload_page(request, form, refused=refused, status=refused.http_status)
        return self._to(run)

    def mapping_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """GET: assign a file's columns; POST: read it so, or only look at it in another way."""
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "POST"])
        self._require_import(request)
        try:
            run = imports.own_run(uuid=uuid, by=request.user)
        except Refused as refused:
            return self.refusal_page(request, refused)
        if run.shown_state not in MAPPED_BY_HAND or run.is_undo:
            return self._to(run)
        try:
            if request.method != "POST":
                return self.mapping_page(request, run)
            return self._assign(request, run)
        except Refused as refused:
            # The file itself cannot be looked at any more.
            return self.run_page(request, run, problem=str(refused), status=refused.http_status)

    def _assign(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        form = mapping.ReadingForm(run, request.POST)
        if not form.is_valid():
            return self.mapping_page(request, run, status=422)
        try:
            again = mapping.assign(run, form, request.POST, by=request.user)
        except Refused as refused:
            run.refresh_from_db()
            return self.mapping_page(request, run, refused=refused, status=refused.http_status)
        if "read" in request.POST and again.shown_state in MAPPED_BY_HAND:
            return redirect(self.import_path("import_mapping", again.uuid))
        return self._to(again)

    # --- One run -------------------------------------------------------------------------------

    def run_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Show the preview of a waiting run, how far a job is, or the receipt."""
        self._require_import(request)
        try:
            run = imports.own_run(uuid=uuid, by=request.user)
        except Refused as refused:
            return self.refusal_page(request, refused)
        if run.shown_state == State.MAPPING:
            return redirect(self.import_path("import_mapping", run.uuid))
        return self.run_page(request, run)

    def progress_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Answer a poll; the first one after the end loads the whole page anew."""
        self._require_import(request)
        try:
            run = imports.own_run(uuid=uuid, by=request.user)
        except Refused as refused:
            return HttpResponse(status=refused.http_status, headers={"HX-Refresh": "true"})
        view = self.job_view(run)
        response = TemplateResponse(request, "backoffice/imports/progress.html", {"view": view})
        if run.state not in UNDER_WAY or view is None or view.is_ended:
            response["HX-Refresh"] = "true"
        return response

    def refused_view(self, request: HttpRequest, uuid: UUID, format_name: str) -> HttpResponse:
        """Send the refused rows, with line and reason, to be corrected and sent again."""
        self._require_import(request)
        try:
            run = imports.own_run(uuid=uuid, by=request.user)
            out = imports.refused_rows(run, format_name)
        except Refused as refused:
            return self.refusal_page(request, refused)
        stem = run.file_name.rpartition(".")[0] or run.file_name
        return download(out, f"{stem}-refused.{format_name}", format_name)

    # --- Inside --------------------------------------------------------------------------------

    def _poll(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """Send a poll without a session to the sign-in by a reload, not into the fragment."""

        def serve(request: HttpRequest, uuid: UUID) -> HttpResponse:
            if is_htmx(request) and not self.admin_site.has_permission(request):
                return HttpResponse(status=401, headers={"HX-Refresh": "true"})
            return view(request, uuid=uuid)

        return serve
