"""The home page's list of imports that wait for a person, and of nights that went wrong."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from backoffice.adminkit.import_pages import STATE_TONES
from backoffice.cards import Panel, PanelRow, register
from backoffice.models import ImportRun, User

ROWS = 8
# So long a file that could not be loaded by night is worth a line.
NEWS_DAYS = 3
State = ImportRun.State


def waiting_for(user: User) -> list[PanelRow]:
    """Return a person's runs to look at, and what no night could load of the sheets they load."""
    now = timezone.now()
    own = Q(owner=user, state__in=(State.VALIDATED, State.MAPPING), expires_at__gt=now)
    by_night = Q(
        choices__nightly=True, state=State.REFUSED, created_at__gt=now - timedelta(days=NEWS_DAYS)
    )
    runs = ImportRun.objects.seen_by(user).filter(own | by_night).order_by("-id")
    return [_row(run) for run in runs[:ROWS]]


def _row(run: ImportRun) -> PanelRow:
    rows = ngettext("%(n)d row", "%(n)d rows", run.row_count) % {"n": run.row_count}
    state = run.shown_state
    return PanelRow(
        title=run.file_name or _("Nightly import"),
        url=reverse("admin:backoffice_importrun_change", args=[run.pk]),
        detail=run.outcome or rows,
        badge=state.label,
        tone="warning" if run.outcome and state == State.VALIDATED else STATE_TONES[state],
    )


register(
    Panel(
        name="imports_waiting",
        label=_("Imports that wait for you"),
        permission="backoffice.view_importrun",
        url="admin:backoffice_importrun_changelist",
        query="queue=waiting",
        icon="upload_file",
        order=30,
        rows=waiting_for,
        empty=_("No import waits."),
    ),
)
