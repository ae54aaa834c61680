"""The pages of imports as they are rendered: upload, mapping, preview, progress, receipt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from backoffice.adminkit import import_mapping as mapping
from backoffice.adminkit import import_pages as pages
from backoffice.adminkit.import_asked import asked_in
from backoffice.adminkit.import_forms import ChoicesForm, UploadForm
from backoffice.adminkit.jobs import JobView, view_of
from backoffice.imports import preview
from backoffice.imports.sheets import Sheet
from backoffice.imports.sheets import sheet as sheet_named
from backoffice.imports.table_sheet import TableSheet
from backoffice.imports.undo import UNDO_ANY
from backoffice.models import Approval, ImportRun
from backoffice.refused import Refused

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Base = ModelAdmin[Any]
else:
    Base = object

RECENT_RUNS = 5
LISTED = "admin:backoffice_importrun_change"
State = ImportRun.State
UNDER_WAY = (State.RECEIVED, State.RUNNING)
# What a file becomes only once: everything else may still be read differently.
MAPPED_BY_HAND = (State.MAPPING, State.VALIDATED)
VERBS = (
    "confirm",
    "discard",
    "fix",
    "leave_out",
    "corrections",
    "again",
    "mapping",
    "undo",
    "stop",
)


class ShowsImports(Base):
    """The part of `ImportAdmin` that renders. It reads, and changes nothing."""

    sheet: ClassVar[str]

    @property
    def kind(self) -> Sheet:
        return sheet_named(self.sheet)

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.kind.import_permission)

    def import_path(self, what: str, *args: Any) -> str:
        """Return the path of one of these pages: "import", "import_run", "export" …"""
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{what}"
        return reverse(name, args=args)

    # --- A run ---------------------------------------------------------------------------------

    def run_page(
        self,
        request: HttpRequest,
        run: ImportRun,
        *,
        problem: str = "",
        form: ChoicesForm | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """Return the page of a run; buttons only for its owner while it waits."""
        is_own = run.owner_id == request.user.pk
        state = run.shown_state
        context = {
            **self.admin_site.each_context(request),
            "title": run.file_name,
            "opts": self.opts,
            "run": run,
            "kind": self.kind,
            "state": state,
            "tone": pages.STATE_TONES[state],
            "recipe": pages.recipe_label(run, self.kind),
            "detected": mapping.detected(run),
            "is_own": is_own,
            "is_open": is_own and run.is_waiting,
            "problem": problem or ("" if state == State.APPLIED else run.outcome),
            # Also of an applied run: corrected rows come into it again.
            "can_correct": is_own and not run.is_undo and state in {State.VALIDATED, State.APPLIED},
            "reason": request.POST.get("reason", ""),
            "urls": {name: self.import_path(f"import_{name}", run.uuid) for name in VERBS},
            # Somebody else looks at it under another address.
            "page_url": self.import_path("import_run", run.uuid) if is_own else request.path,
            "refused_csv": self.import_path("import_refused", run.uuid, "csv"),
            "refused_xlsx": self.import_path("import_refused", run.uuid, "xlsx"),
            "import_url": self.import_path("import"),
            "list_url": self.import_path("changelist"),
            "change_set_url": _change_set_url(request, run),
            "job": self.job_view(run),
            "approval": _approval(run),
            **self._undoing(request, run),
        }
        if state in UNDER_WAY:
            return TemplateResponse(
                request, "backoffice/imports/running.html", context, status=status
            )
        context |= self._rows(request, run, is_open=context["is_open"])
        if context["is_open"]:
            context["choices"] = form or ChoicesForm(self.kind, run=run)
            context["is_reading_open"] = form is not None
        return TemplateResponse(request, "backoffice/imports/run.html", context, status=status)

    def _rows(self, request: HttpRequest, run: ImportRun, *, is_open: bool) -> dict[str, Any]:
        asked = asked_in(request)
        columns = self.kind.columns()
        counts = preview.tab_counts(run)
        tabs = pages.tabs_of(run, counts, asked.tab)
        active = next(tab for tab in tabs if tab.is_active)
        asked = replace(asked, tab=active.name)
        page = preview.page_of(
            run,
            active.name,
            after=asked.after,
            search=asked.search,
            code=asked.code,
            backward=asked.is_backward,
        )
        printer = pages.RowPrinter(
            run=run,
            kind=self.kind,
            columns=columns,
            url_of=self._url_of(request, "change"),
            history_of=self._url_of(request, "history"),
            is_open=is_open,
        )
        rows = printer.views(page)
        return {
            "tabs": tabs,
            "active": active,
            "asked": asked,
            "page": page,
            "rows": rows,
            "next_query": asked.query(after=page.last, to="") if page.has_next else "",
            "back_query": asked.query(after=page.first, to="back") if page.has_previous else "",
            "here": asked.query(),
            "reasons": pages.reasons_in(
                [r for r in preview.reasons_of(run) if is_open or not r.is_warning],
                columns,
                asked.code,
            ),
            "columns": pages.columns_of(run, columns),
            "is_fixable": any(fault.name for row in rows for fault in row.faults),
            # What is kept, or as it should be, is not taken in whatever its tick says.
            "is_tickable": is_open
            and active.name != "unchanged"
            and not (run.is_undo and active.name == "refused"),
            "is_all_or_nothing": run.policy == ImportRun.Policy.ALL_OR_NOTHING,
            "button": _button(run),
        }

    def may_undo(self, request: HttpRequest, run: ImportRun) -> bool:
        """Return whether this person is offered to take an applied run back; the verb decides."""
        return (
            run.state == State.APPLIED
            and not run.is_undo
            and isinstance(self.kind, TableSheet)
            and self.has_import_permission(request)
            and (run.owner_id == request.user.pk or request.user.has_perm(UNDO_ANY))
        )

    def job_view(self, run: ImportRun) -> JobView | None:
        """Return how far a run's job is; it asks this run's own address for news."""
        if run.job is None:
            return None
        return replace(view_of(run.job), path=self.import_path("import_progress", run.uuid))

    def _undoing(self, request: HttpRequest, run: ImportRun) -> dict[str, Any]:
        """Return what a run takes back, or what took it back."""
        undone = run.undone_by.filter(state=State.APPLIED).first()
        return {
            # In the list of imports: everybody who sees this run finds the other one there.
            "undoes_url": _path(LISTED, run.undoes_id) if run.undoes_id else "",
            "undone_url": _path(LISTED, undone.pk) if undone else "",
            "can_undo": undone is None and self.may_undo(request, run),
        }

    # --- Other pages ---------------------------------------------------------------------------

    def mapping_page(
        self,
        request: HttpRequest,
        run: ImportRun,
        *,
        refused: Refused | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """Return the page on which a file's columns are assigned to ours."""
        context = {
            **self.admin_site.each_context(request),
            "title": run.file_name,
            "opts": self.opts,
            "run": run,
            "kind": self.kind,
            "refused": refused,
            "problem": "" if refused else run.outcome,
            "mapping": mapping.view_of(run, self.kind, request.POST or None),
            "reading": mapping.ReadingForm(run, request.POST or None),
            "detected": mapping.detected(run),
            "action_url": self.import_path("import_mapping", run.uuid),
            "discard_url": self.import_path("import_discard", run.uuid),
            "back_url": self.import_path("import_run", run.uuid)
            if run.state == State.VALIDATED
            else self.import_path("import"),
        }
        return TemplateResponse(request, "backoffice/imports/mapping.html", context, status=status)

    def upload_page(
        self,
        request: HttpRequest,
        form: UploadForm | None = None,
        *,
        refused: Refused | None = None,
        status: int = 200,
    ) -> HttpResponse:
        runs = ImportRun.objects.of(request.user).filter(sheet=self.sheet)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import {what}").format(what=str(self.kind.label).lower()),
            "opts": self.opts,
            "kind": self.kind,
            "form": form or UploadForm(self.kind),
            "refused": refused,
            "recipes": self.kind.recipes,
            "columns": self.kind.columns().values(),
            "limit": filesizeformat(settings.IMPORT_MAX_BYTES),
            "limit_bytes": settings.IMPORT_MAX_BYTES,
            "limit_rows": pages.grouped(settings.IMPORT_MAX_ROWS),
            "template_url": self.import_path("import_template"),
            "list_url": self.import_path("changelist"),
            "recipes_url": _recipes_url(request),
            "recent": [
                (run, self.import_path("import_run", run.uuid), pages.STATE_TONES[run.shown_state])
                for run in runs[:RECENT_RUNS]
            ],
        }
        return TemplateResponse(request, "backoffice/imports/upload.html", context, status=status)

    def refusal_page(self, request: HttpRequest, refused: Refused) -> HttpResponse:
        """Show why where there is no page of a run to show it on."""
        if not self.has_import_permission(request):
            raise PermissionDenied(str(refused))
        return self.upload_page(request, refused=refused, status=refused.http_status)

    # --- Inside --------------------------------------------------------------------------------

    def _url_of(self, request: HttpRequest, what: str) -> Any:
        if not self.has_view_permission(request):
            return lambda _pk: ""
        return lambda pk: self.import_path(what, pk)


def _button(run: ImportRun) -> str:
    if run.is_undo:
        return pages.undo_label(run.to_write, run.refused)
    if run.refused:
        return pages.good_rows_label(run.to_write, run.refused)
    return pages.apply_label(run.to_write)


def _approval(run: ImportRun) -> Approval | None:
    """Return the request that the run waits for."""
    if run.state != State.ASKED:
        return None
    return Approval.objects.about(run).order_by("-id").first()


def _change_set_url(request: HttpRequest, run: ImportRun) -> str:
    """Return the page of everything that the run did, for those who may see the record."""
    if run.change_set_id is None or not request.user.has_perm("backoffice.view_changeset"):
        return ""
    return _path("admin:backoffice_changeset_change", run.change_set_id)


def _recipes_url(request: HttpRequest) -> str:
    if not request.user.has_perm("backoffice.view_importrecipe"):
        return ""
    return _path("admin:backoffice_importrecipe_changelist")


def _path(name: str, *args: Any) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
