"""Past and waiting imports, read only; a run is confirmed on its owner's own page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_filters
from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.console import ConsoleAdmin, Queue, badge
from backoffice.adminkit.filters import ConsoleFilterSet, DayRangeFilter
from backoffice.adminkit.import_pages import STATE_TONES, grouped, recipe_label
from backoffice.adminkit.imports import ImportAdmin
from backoffice.adminkit.timeline import in_words
from backoffice.cards import NavItem, register
from backoffice.imports.sheets import all_sheets
from backoffice.models import ImportRun


class ImportRunFilters(ConsoleFilterSet):
    created_at = DayRangeFilter(field_name="created_at", label=_("When"))
    state = django_filters.MultipleChoiceFilter(choices=ImportRun.State, label=_("State"))

    class Meta:
        model = ImportRun
        fields = ("created_at", "state")


def _in_state(*states: str) -> Callable[[Any], Any]:
    return lambda runs: runs.filter(state__in=states)


@admin.register(ImportRun)
class ImportRunAdmin(ConsoleAdmin):
    """Every import with what came of it; read only, and confirmed only on its own page."""

    is_looked_at_only = True
    list_display = ("file", "what", "state_label", "counts", "who", "when", "take_back")
    list_display_links = ("file",)
    list_select_related = ("owner", "undoes")
    change_list_template = "backoffice/imports/run_list.html"
    search_fields = ("file_name", "reason", "owner__email")
    search_help_text = _("File, reason, or who")
    ordering = ("-id",)
    filterset_class = ImportRunFilters
    queues = (
        Queue(
            "waiting",
            _("Waiting"),
            lambda runs: runs.waiting(timezone.now()),
            tone="info",
        ),
        Queue(
            "open",
            _("Under way"),
            _in_state("received", "mapping", "asked", "running"),
            tone="warning",
        ),
        Queue("applied", _("Applied"), _in_state("applied"), is_counted=False),
        Queue(
            "nothing",
            _("Nothing applied"),
            _in_state("refused", "failed"),
            is_counted=False,
            tone="danger",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportRun]:
        undone = ImportRun.objects.filter(undoes=OuterRef("pk"), state=ImportRun.State.APPLIED)
        runs = super().get_queryset(request).seen_by(request.user)
        return runs.annotate(is_taken_back=Exists(undone))

    def prepare_page(self, request: HttpRequest, rows: Any) -> Any:
        """Note the address that takes a run back, for those runs and people who may."""
        rows = list(super().prepare_page(request, rows))
        for run in rows:
            face = self._face(run)
            run.undo_url = ""
            if face is not None and not run.is_taken_back and face.may_undo(request, run):
                run.undo_url = face.import_path("import_undo", run.uuid)
        return rows

    @admin.display(description="")
    def take_back(self, run: ImportRun) -> SafeString | str:
        """A button of the list's own form: it plans, and shows what would be taken back."""
        if not run.undo_url:
            return ""
        return format_html(
            '<button type="submit" class="bo-btn bo-btn-row" formaction="{}" formnovalidate>{}'
            "</button>",
            run.undo_url,
            _("Take back"),
        )

    @admin.display(description=_("File"), ordering="file_name")
    def file(self, run: ImportRun) -> str:
        if not run.is_undo:
            return run.file_name
        return gettext("{file}, taken back").format(file=run.file_name)

    @admin.display(description=_("Sheet"), ordering="sheet")
    def what(self, run: ImportRun) -> str:
        kind = {sheet.name: sheet for sheet in all_sheets()}.get(run.sheet)
        if kind is None or run.is_undo or not run.recipe:
            return str(kind.label) if kind is not None else run.sheet
        return f"{kind.label} · {recipe_label(run, kind)}"

    @admin.display(description=_("State"), ordering="state")
    def state_label(self, run: ImportRun) -> SafeString:
        if run.is_taken_back:
            return badge(_("Taken back"), "warning")
        return badge(run.shown_state.label, STATE_TONES[run.shown_state])

    @admin.display(description=_("Rows"))
    def counts(self, run: ImportRun) -> str:
        parts = [
            (run.new, _("new")),
            (run.changed, _("changed")),
            (run.unchanged, _("unchanged")),
            (run.refused, _("kept") if run.is_undo else _("refused")),
            (run.left_out, _("left out")),
        ]
        return ", ".join(f"{grouped(count)} {word}" for count, word in parts if count) or "–"

    @admin.display(description=_("Who"), ordering="owner__email")
    def who(self, run: ImportRun) -> str:
        return str(run.owner)

    @admin.display(description=_("When"), ordering="id")
    def when(self, run: ImportRun) -> str:
        return in_words(run.created_at)

    def row_page(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        """Show the run as its own page does; somebody else's without buttons."""
        face = self._face(run)
        if face is None:
            raise Http404
        if run.owner_id == request.user.pk and face.has_import_permission(request):
            # Where the buttons are, and where forms lead back to.
            return redirect(face.import_path("import_run", run.uuid))
        return face.run_page(request, run)

    def _face(self, run: ImportRun) -> ImportAdmin | None:
        """Return the admin whose sheet the run belongs to."""
        for model_admin in self.admin_site._registry.values():
            if isinstance(model_admin, ImportAdmin) and model_admin.sheet == run.sheet:
                return model_admin
        return None


register(
    NavItem(
        name="imports",
        label=_("Imports"),
        url="admin:backoffice_importrun_changelist",
        permission="backoffice.view_importrun",
        icon="upload_file",
        group=_("Audit"),
        order=820,
        words="upload sheet csv xlsx import take back undo",
    ),
)
