"""The record's own page: how it stands, verify it now, take evidence with you."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from typing import Any

import django_filters
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.files.storage import storages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from backoffice import seals
from backoffice.adminkit.console import ConsoleAdmin, Queue, badge
from backoffice.adminkit.filters import ConsoleFilterSet, DayRangeFilter
from backoffice.adminkit.forms import ActForm
from backoffice.adminkit.timeline import EMPTY, in_words
from backoffice.cards import Figure, Kpi, NavItem, register
from backoffice.flows import Ask
from backoffice.models import AuditEvent, EvidencePack, Job, SealEpoch, User, Verification
from backoffice.refused import Refused
from backoffice.seals import work

ROWS = 10
WHY = Ask("reason", gettext_lazy("Why"), kind="line")
PACK_ASKS = (
    Ask("from_on", gettext_lazy("First day"), kind="date"),
    Ask("until_on", gettext_lazy("Last day"), kind="date"),
    WHY,
)


class VerificationFilters(ConsoleFilterSet):
    at = DayRangeFilter(field_name="at", label=gettext_lazy("When"))
    is_whole = django_filters.BooleanFilter(label=gettext_lazy("Whole"))

    class Meta:
        model = Verification
        fields = ("at", "is_whole")


@admin.register(Verification)
class VerificationAdmin(ConsoleAdmin):
    """Every look at the record, and the page "Record" with what can be done."""

    is_looked_at_only = True
    list_display = ("when", "outcome", "first_finding", "rows", "who")
    list_display_links = ("when",)
    list_select_related = ("change_set", "change_set__origin")
    ordering = ("-id",)
    filterset_class = VerificationFilters
    queues = (
        Queue(
            "broken",
            gettext_lazy("Broken"),
            lambda rows: rows.filter(is_whole=False),
            tone="danger",
        ),
    )

    @admin.display(description=gettext_lazy("When"), ordering="id")
    def when(self, row: Verification) -> str:
        return in_words(row.at)

    @admin.display(description=gettext_lazy("Outcome"), ordering="is_whole")
    def outcome(self, row: Verification) -> SafeString:
        return badge(_("Whole"), "success") if row.is_whole else badge(_("Broken"), "danger")

    @admin.display(description=gettext_lazy("First bad row"))
    def first_finding(self, row: Verification) -> str:
        return row.findings[0]["message"] if row.findings else EMPTY

    @admin.display(description=gettext_lazy("Rows"), ordering="row_count")
    def rows(self, row: Verification) -> str:
        return f"{row.row_count:,}"

    @admin.display(description=gettext_lazy("Who"))
    def who(self, row: Verification) -> str:
        return row.change_set.who

    def row_page(self, request: HttpRequest, row: Verification) -> HttpResponse:
        """Show what one verification found."""
        context = {
            **self.admin_site.each_context(request),
            "title": str(row),
            "opts": self.opts,
            "verification": row,
            "facts": _facts_of(row),
        }
        return TemplateResponse(request, "backoffice/record/verification.html", context)

    # --- The record ----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "record": ("record/", require_GET(self.record_view)),
            "record_verify": ("record/verify/", require_POST(self.verify_view)),
            "record_pack": ("record/pack/", require_POST(self.pack_view)),
            "record_anchor": ("record/anchor.json", require_GET(self.anchor_view)),
            "record_pack_file": ("record/packs/<uuid:uuid>.zip", require_GET(self.pack_file_view)),
        }
        wrap = self.admin_site.admin_view
        return [
            *(path(route, wrap(view), name=name) for name, (route, view) in pages.items()),
            *super().get_urls(),
        ]

    def record_view(self, request: HttpRequest) -> HttpResponse:
        """Show how the record stands, and what was verified and packed."""
        _require_verifier(request)
        return self._record_page(request)

    def verify_view(self, request: HttpRequest) -> HttpResponse:
        """Verify now, in the background; a second press shows the one that runs."""
        _require_verifier(request)
        work.start_verification(by=request.user, reason=_("on request"))
        return redirect("admin:record")

    def pack_view(self, request: HttpRequest) -> HttpResponse:
        """Pack the evidence of some days, in the background."""
        _require_verifier(request)
        form = ActForm(PACK_ASKS, request.POST)
        if not form.is_valid():
            return self._record_page(request, form=form, status=422)
        answers = form.answers
        try:
            job = work.start_pack(
                from_at=_midnight(answers["from_on"], days=0),
                until_at=_midnight(answers["until_on"], days=1),
                by=request.user,
                reason=answers["reason"],
                key=form.cleaned_data["idempotency_key"],
            )
        except Refused as refused:
            return self._record_page(request, form=form, refused=refused)
        return redirect("admin:backoffice_job_change", job.pk)

    def anchor_view(self, request: HttpRequest) -> HttpResponse:
        """Send the end of the chain, to be kept elsewhere."""
        _require_verifier(request)
        try:
            anchor = seals.make_anchor()
        except Refused as refused:
            return self._record_page(request, refused=refused)
        name = f"anchor-{anchor['seal']}.json"
        return HttpResponse(
            json.dumps(anchor, indent=2),
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def pack_file_view(self, request: HttpRequest, uuid: Any) -> HttpResponse:
        """Send a pack; that it left the house is an event."""
        _require_verifier(request)
        pack = EvidencePack.objects.filter(uuid=uuid).first()
        if pack is None or not storages["private"].exists(pack.file):
            raise Http404
        AuditEvent.record("evidence_downloaded", subject=pack, sha256=pack.sha256)
        file = storages["private"].open(pack.file)
        return FileResponse(file, as_attachment=True, filename=str(pack))

    def _record_page(
        self,
        request: HttpRequest,
        *,
        form: ActForm | None = None,
        refused: Refused | None = None,
        status: int = 200,
    ) -> HttpResponse:
        verifications = Verification.objects.select_related("change_set", "change_set__origin")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Record"),
            "state": seals.record_state(),
            "job": work.open_job(),
            "packing": Job.objects.open().filter(kind=work.PACK_KIND, owner=request.user).last(),
            "epochs": SealEpoch.objects.select_related("verification", "pack")[:ROWS],
            "verifications": verifications[:ROWS],
            "packs": EvidencePack.objects.select_related("change_set", "change_set__origin")[:ROWS],
            "form": form or ActForm(PACK_ASKS),
            "refused": refused,
            "list_url": reverse("admin:backoffice_verification_changelist"),
        }
        code = refused.http_status if refused is not None else status
        return TemplateResponse(request, "backoffice/record/record.html", context, status=code)


def _require_verifier(request: HttpRequest) -> None:
    if not request.user.has_perm(seals.VERIFY):
        raise PermissionDenied


def _midnight(day: Any, *, days: int) -> datetime | None:
    """Return the begin of a day, or of the day after it, where the person is."""
    if day is None:
        return None
    return timezone.make_aware(datetime.combine(day + timedelta(days=days), time.min))


def _facts_of(row: Verification) -> list[tuple[Any, Any]]:
    return [
        (_("When"), in_words(row.at)),
        (_("Who"), row.change_set.who),
        (_("Why"), row.change_set.why or EMPTY),
        (_("Took"), timesince(row.at, row.ended_at) or EMPTY),
        (_("Epoch"), row.epoch),
        (_("Last seal"), f"{row.head} · {row.head_digest}"),
        (_("Rows"), f"{row.row_count:,}"),
        (_("Recorded erasures"), f"{row.erased_count:,}"),
        (_("Recorded expiries"), f"{row.expired_count:,}"),
        (_("Anchor"), row.anchored_at_seal if row.anchored_at_seal is not None else EMPTY),
        (_("Findings"), f"{row.finding_count:,}"),
    ]


# --- Home and sidebar -----------------------------------------------------------------------------


def _figure(user: User) -> Figure:
    """Return sealed up to, last verified, broken since: in one figure."""
    state = seals.record_state()
    if state.sealed_until is None:
        return Figure(_("Not sealed"), _("the first seal is made within minutes"), "warning")
    sealed_until = _("sealed up to {when}").format(when=in_words(state.sealed_until))
    if state.broken_since is not None:
        since = _("broken since {when}").format(when=in_words(state.broken_since))
        return Figure(_("Broken"), f"{since}, {sealed_until}", "danger")
    if state.verified is None:
        return Figure(_("Not verified"), sealed_until, "warning")
    verified = _("verified {when}").format(when=in_words(state.verified.at))
    return Figure(_("Whole"), f"{sealed_until}, {verified}", "success")


register(
    NavItem(
        name="record",
        label=gettext_lazy("Record"),
        url="admin:record",
        permission=seals.VERIFY,
        icon="verified_user",
        group=gettext_lazy("Audit"),
        order=830,
        words="audit seal verify evidence pack anchor proof",
    ),
    Kpi(
        name="record",
        label=gettext_lazy("Record"),
        icon="verified_user",
        order=905,
        permission=seals.VERIFY,
        url="admin:record",
        value=_figure,
    ),
)
