"""Past and waiting imports, read only; a run is confirmed on its owner's own page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_filters
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.console import ConsoleAdmin, Queue, badge
from backoffice.adminkit.filters import ConsoleFilterSet, DayRangeFilter
from backoffice.adminkit.import_pages import STATE_TONES
from backoffice.adminkit.imports import ImportAdmin
from backoffice.adminkit.timeline import in_words
from backoffice.cards import NavItem, register
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
    list_display = ("file", "what", "state_label", "counts", "who", "when")
    list_display_links = ("file",)
    list_select_related = ("owner",)
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
        return super().get_queryset(request).seen_by(request.user)

    @admin.display(description=_("File"), ordering="file_name")
    def file(self, run: ImportRun) -> str:
        return run.file_name

    @admin.display(description=_("Sheet"), ordering="sheet")
    def what(self, run: ImportRun) -> str:
        return f"{run.sheet} · {run.recipe}"

    @admin.display(description=_("State"), ordering="state")
    def state_label(self, run: ImportRun) -> SafeString:
        return badge(run.shown_state.label, STATE_TONES[run.shown_state])

    @admin.display(description=_("Rows"))
    def counts(self, run: ImportRun) -> str:
        parts = [
            (run.new, _("new")),
            (run.changed, _("changed")),
            (run.unchanged, _("unchanged")),
            (run.refused, _("refused")),
        ]
        return ", ".join(f"{count} {word}" for count, word in parts if count) or "–"

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
        words="upload sheet csv xlsx import",
    ),
)
