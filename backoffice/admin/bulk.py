"""Bulk runs: the plan before, the progress, the receipt after; each on one page of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_filters
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from backoffice import bulk
from backoffice.adminkit import bulk_pages as pages
from backoffice.adminkit.console import ConsoleAdmin, Queue, badge
from backoffice.adminkit.filters import ConsoleFilterSet, DayRangeFilter
from backoffice.adminkit.forms import ActForm
from backoffice.adminkit.jobs import view_of
from backoffice.adminkit.selections import run_path
from backoffice.adminkit.timeline import in_words
from backoffice.approvals import ApprovalAsked
from backoffice.cards import NavItem, register
from backoffice.imports.formats import CONTENT_TYPES
from backoffice.models import Approval, AuditEvent, BulkRun, User
from backoffice.refused import Refused

READ = {"GET", "HEAD"}
State = BulkRun.State


class BulkRunFilters(ConsoleFilterSet):
    created_at = DayRangeFilter(field_name="created_at", label=gettext_lazy("When"))
    state = django_filters.MultipleChoiceFilter(choices=State, label=gettext_lazy("State"))

    class Meta:
        model = BulkRun
        fields = ("created_at", "state")


def _in_state(*states: str) -> Callable[[Any], Any]:
    return lambda runs: runs.filter(state__in=states)


@admin.register(BulkRun)
class BulkRunAdmin(ConsoleAdmin):
    """A person's own bulk runs; everybody's for those who may see the record. Read only."""

    is_looked_at_only = True
    list_display = ("what", "state_label", "outcome", "who", "when")
    list_display_links = ("what",)
    list_select_related = ("owner", "job")
    search_fields = ("label", "owner__email")
    search_help_text = gettext_lazy("What was done, or who")
    ordering = ("-id",)
    filterset_class = BulkRunFilters
    queues = (
        Queue(
            "waiting",
            gettext_lazy("To confirm"),
            lambda runs: runs.waiting(timezone.now()),
            tone="info",
        ),
        Queue("running", gettext_lazy("Running"), _in_state("running"), tone="warning"),
        Queue("stopped", gettext_lazy("Stopped"), _in_state("failed", "cancelled"), tone="danger"),
        Queue("done", gettext_lazy("Done"), _in_state("done"), is_counted=False),
    )

    # --- The list ------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).seen_by(request.user)

    @admin.display(description=gettext_lazy("What"), ordering="label")
    def what(self, run: BulkRun) -> SafeString:
        return format_html('<span class="bo-strong">{}</span>', pages.title_of(run))

    @admin.display(description=gettext_lazy("State"), ordering="state")
    def state_label(self, run: BulkRun) -> SafeString:
        return badge(run.shown_state.label, pages.STATE_TONES[run.shown_state])

    @admin.display(description=gettext_lazy("Rows"))
    def outcome(self, run: BulkRun) -> str:
        parts = [(run.can, _("can")), (run.cannot, _("cannot"))]
        if run.confirmed_at is not None:
            left = run.unreached if run.is_over else 0
            parts = [(run.done, _("done")), (run.refused, _("refused")), (left, _("not reached"))]
        return ", ".join(f"{count:,} {word}" for count, word in parts if count) or pages.EMPTY

    @admin.display(description=gettext_lazy("Who"), ordering="owner__email")
    def who(self, run: BulkRun) -> str:
        return str(run.owner)

    @admin.display(description=gettext_lazy("When"), ordering="id")
    def when(self, run: BulkRun) -> str:
        return in_words(run.created_at)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever has run something may read its receipt, whatever their role says by now."""
        return super().has_view_permission(request, obj) or (
            request.user.is_active and BulkRun.objects.filter(owner_id=request.user.pk).exists()
        )

    # --- Addresses -----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        posted = {
            "confirm": self.confirm_view,
            "plan-again": self.plan_again_view,
            "discard": self.discard_view,
            "stop": self.stop_view,
            "resume": self.resume_view,
            "again": self.again_view,
        }
        stem = "backoffice_bulkrun"
        return [
            *(
                path(
                    f"<path:object_id>/{name}/",
                    wrap(require_POST(view)),
                    name=f"{stem}_{name.replace('-', '_')}",
                )
                for name, view in posted.items()
            ),
            path("<path:object_id>/receipt.csv", wrap(self.csv_view), name=f"{stem}_csv"),
            *super().get_urls(),
        ]

    def row_page(self, request: HttpRequest, run: BulkRun) -> HttpResponse:
        """Show the plan of a run that waits, the progress of one that runs, or the receipt."""
        return self._page(request, run)

    # --- What its owner does -------------------------------------------------------------------

    def confirm_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Begin what was planned, once. Refused: the plan again, with the sentence."""
        run = self._own(request, object_id)
        try:
            subject = bulk.subject_of(run)
        except Refused as refused:
            return self._page(request, run, refused=refused)
        form = ActForm(subject.act.asks, request.POST)
        if not form.is_valid():
            return self._page(request, run, form=form, status=422)
        try:
            run = bulk.confirm(
                uuid=run.uuid,
                by=request.user,
                answers=form.answers,
                typed=request.POST.get("typed_rows", ""),
            )
        except ApprovalAsked as asked:
            messages.info(request, asked.message)
        except Refused as refused:
            run.refresh_from_db()
            return self._page(request, run, form=form, refused=refused)
        return redirect(run_path(run))

    def plan_again_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Look at every row once more."""
        return self._moved(request, object_id, bulk.plan_again)

    def discard_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Drop a plan, and go back to the list."""
        run = self._own(request, object_id)
        back = pages.list_path_of(run, _subject(run))
        answer = self._moved(request, object_id, bulk.discard)
        if answer.status_code != 302:  # noqa: PLR2004
            return answer
        said = _("{run}: discarded; nothing was changed.").format(run=pages.title_of(run))
        messages.info(request, said)
        return redirect(back)

    def stop_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask a run to stop after the rows that it has in hand."""
        return self._moved(request, object_id, bulk.stop)

    def resume_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go on with what a stopped run has not reached."""
        return self._moved(request, object_id, bulk.resume)

    def again_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Plan the refused rows anew."""
        run = self._own(request, object_id)
        try:
            subject = bulk.subject_of(run)
            if not subject.act.is_allowed(request.user):
                raise PermissionDenied
            again = bulk.stage_refused(
                run=run,
                subject=subject,
                queryset=subject.admin.get_queryset(request),
                by=request.user,
            )
            bulk.start_plan(again)
        except Refused as refused:
            return self._page(request, run, refused=refused)
        return redirect(run_path(again))

    def csv_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send every row with what came of it."""
        if request.method not in READ:
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = self.get_object(request, unquote(object_id))
        if run is None:
            raise Http404
        AuditEvent.record("export", subject=run, format="csv", rows=run.rows.count())
        name = f"{slugify(run.label)}-{timezone.localdate(run.created_at)}-{run.pk}.csv"
        return FileResponse(
            bulk.as_csv(run), as_attachment=True, filename=name, content_type=CONTENT_TYPES["csv"]
        )

    # --- Inside --------------------------------------------------------------------------------

    def _own(self, request: HttpRequest, object_id: str) -> BulkRun:
        """Return the person's own run, to be changed by POST; anybody else's is none."""
        run = self.get_object(request, unquote(object_id))
        if run is None or run.owner_id != request.user.pk:
            raise Http404
        return run

    def _moved(
        self, request: HttpRequest, object_id: str, verb: Callable[..., BulkRun]
    ) -> HttpResponse:
        run = self._own(request, object_id)
        try:
            run = verb(uuid=run.uuid, by=request.user)
        except Refused as refused:
            return self._page(request, run, refused=refused)
        return redirect(run_path(run))

    def _page(
        self,
        request: HttpRequest,
        run: BulkRun,
        *,
        form: ActForm | None = None,
        refused: Refused | None = None,
        status: int = 0,
    ) -> HttpResponse:
        subject = _subject(run)
        act = subject.act if subject is not None else None
        shown = pages.Shown.of(request.GET)
        tabs = pages.tabs_of(run, shown.tab)
        active = next(tab for tab in tabs if tab.is_active)
        page = pages.page_of(run, active.name, shown)
        is_own = run.owner_id == request.user.pk
        is_open = is_own and run.is_waiting and subject is not None
        if is_open and form is None:
            form = ActForm(pages.asks_of(subject.act, run))
        closed = "refused" if run.confirmed_at else "cannot"
        groups, others = bulk.groups_of(run, closed)
        context = {
            **self.admin_site.each_context(request),
            "title": pages.title_of(run),
            "opts": self.opts,
            "run": run,
            "state": run.shown_state,
            "tone": pages.STATE_TONES[run.shown_state],
            "act": act,
            "form": form,
            "refused": refused,
            "is_own": is_own,
            "is_open": is_open,
            # A plan that could not be made, or that waits for somebody else.
            "is_droppable": is_own and not is_open and run.state in BulkRun.BEFORE,
            "is_gone": subject is None and not run.is_over,
            "button": pages.title_of(run, run.can),
            "typed_rows": bulk.typed_rows(run, subject) if subject is not None else None,
            "typed": request.POST.get("typed_rows", ""),
            "sums": pages.sums_of(run),
            "answers": pages.answers_of(act, run),
            "groups": [
                (group, pages.Shown(active.name, "", group.reason, "").query(tab=closed))
                for group in groups
            ],
            "others": others,
            "tabs": tabs,
            "active": active,
            "shown": shown,
            "page": page,
            "pages": [
                (number, shown.query(page=number))
                for number in page.paginator.get_elided_page_range(page.number)
            ],
            "rows": pages.views_of(run, page.object_list, subject),
            "view": view_of(run.job) if run.job is not None else None,
            "approval": _approval(run),
            "list_url": pages.list_path_of(run, subject),
            "change_set_url": _change_set_url(request.user, run),
        }
        code = status or (refused.http_status if refused is not None else 200)
        return TemplateResponse(request, "backoffice/bulk/run.html", context, status=code)


def _subject(run: BulkRun) -> bulk.Subject | None:
    try:
        return bulk.subject_of(run)
    except (Refused, LookupError):
        return None


def _approval(run: BulkRun) -> Approval | None:
    """Return the request that the run waits for, or waited."""
    if run.state != State.ASKED:
        return None
    return Approval.objects.about(run).order_by("-id").first()


def _change_set_url(user: User, run: BulkRun) -> str:
    """Return the page of everything the run did, for those who may see the record."""
    if run.change_set_id is None or not user.has_perm("backoffice.view_changeset"):
        return ""
    return reverse("admin:backoffice_changeset_change", args=[run.change_set_id])


register(
    NavItem(
        name="bulk_runs",
        label=gettext_lazy("Bulk runs"),
        url="admin:backoffice_bulkrun_changelist",
        permission="backoffice.view_bulkrun",
        icon="checklist",
        group=gettext_lazy("System"),
        order=925,
        words="bulk mass receipt plan selection",
    ),
)
