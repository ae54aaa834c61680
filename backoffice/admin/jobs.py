"""Jobs: what runs in the background, how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django_filters
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

# Imported so that it registers now, and can be taken away again: the deliveries are no page.
from django_tasks_db import admin as deliveries

from backoffice import jobs
from backoffice.adminkit import jobs as views
from backoffice.adminkit.acts import Act
from backoffice.adminkit.answers import is_htmx
from backoffice.adminkit.console import ConsoleAdmin, Queue, badge
from backoffice.adminkit.filters import ConsoleFilterSet, DayRangeFilter
from backoffice.adminkit.timeline import in_words
from backoffice.cards import NavItem, Panel, PanelRow, register
from backoffice.flows import Ask
from backoffice.jobs import asking, backends, kinds, workers
from backoffice.models import Job, User

ROWS = 6
FAILED_DAYS = 7
WHY = Ask("reason", _("Why"), kind="line")

admin.site.unregister(deliveries.DBTaskResult)


def _kind_choices() -> list[tuple[str, Any]]:
    return [(kind.name, kind.label) for kind in kinds.all_kinds()]


class JobFilters(ConsoleFilterSet):
    created_at = DayRangeFilter(field_name="created_at", label=_("When"))
    state = django_filters.MultipleChoiceFilter(choices=Job.State, label=_("State"))
    kind = django_filters.ChoiceFilter(choices=_kind_choices, label=_("Kind"))

    class Meta:
        model = Job
        fields = ("created_at", "state", "kind")


def _in_state(*states: str) -> Callable[[Any], Any]:
    return lambda rows: rows.filter(state__in=states)


@admin.register(Job)
class JobAdmin(ConsoleAdmin):
    """A person's own jobs; everybody's for those who oversee them."""

    is_looked_at_only = True
    list_display = ("name", "state_label", "progress", "who", "when", "duration")
    list_display_links = ("name",)
    list_select_related = ("owner",)
    search_fields = ("label", "kind", "owner__email")
    search_help_text = _("Job, kind, or who")
    ordering = ("-id",)
    filterset_class = JobFilters
    queues = (
        Queue("open", _("Under way"), _in_state("queued", "running"), tone="info"),
        Queue("failed", _("Failed"), _in_state("failed"), tone="danger"),
        Queue(
            "people",
            _("Started by people"),
            lambda rows: rows.exclude(owner=None),
            permission="backoffice.oversee_job",
            is_counted=False,
        ),
        Queue(
            "clock",
            _("Started by the clock"),
            lambda rows: rows.filter(owner=None),
            permission="backoffice.oversee_job",
            is_counted=False,
        ),
    )
    acts = (
        Act(
            name="retry",
            label=_("Run again"),
            permission="backoffice.retry_job",
            asks=(WHY,),
            icon="replay",
            one=jobs.retry_job,
            many=jobs.retry_jobs,
            effect=_("goes on where it ended; what is done stays done"),
            done=_("“{row}” is waiting for a worker again."),
            refusal=asking.refusal_to_retry,
            applies=lambda job: job.state in {Job.State.FAILED, Job.State.CANCELLED},
        ),
        Act(
            name="cancel",
            label=_("Cancel"),
            permission="backoffice.cancel_job",
            asks=(WHY,),
            tone="danger",
            icon="stop_circle",
            one=jobs.cancel_job,
            many=jobs.cancel_jobs,
            effect=_("stops at the next safe place; what is done stays done"),
            done=_("“{row}” is being stopped."),
            dismiss=_("Let it run"),
            refusal=asking.refusal_to_cancel,
            applies=lambda job: not job.is_ended,
        ),
    )

    # --- The list ------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).seen_by(request.user)

    @admin.display(description=_("Job"), ordering="label")
    def name(self, job: Job) -> str:
        return job.label

    @admin.display(description=_("State"), ordering="state")
    def state_label(self, job: Job) -> SafeString:
        return badge(views.state_of(job), views.TONES[job.state], title=job.error)

    @admin.display(description=_("Progress"))
    def progress(self, job: Job) -> str:
        return views.counts_of(job) or "–"

    @admin.display(description=_("Started by"), ordering="owner__email")
    def who(self, job: Job) -> Any:
        return str(job.owner) if job.owner is not None else _("the clock")

    @admin.display(description=_("Asked"), ordering="id")
    def when(self, job: Job) -> str:
        return in_words(job.created_at)

    @admin.display(description=_("Took"))
    def duration(self, job: Job) -> str:
        return views.span(views.seconds_of(job))

    # --- One job -------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        wrapped = self.admin_site.admin_view(self.progress_view)
        name = "backoffice_job_progress"
        return [
            path("<int:object_id>/progress/", self._poll(wrapped), name=name),
            *super().get_urls(),
        ]

    def _poll(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """Send a poll without a session to the sign-in by a reload, not into the fragment."""

        def serve(request: HttpRequest, object_id: int) -> HttpResponse:
            if is_htmx(request) and not self.admin_site.has_permission(request):
                return HttpResponse(status=401, headers={"HX-Refresh": "true"})
            return view(request, object_id=object_id)

        return serve

    def progress_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Answer a poll: to the owner, whatever their role, and to overseers.

        The first poll after the end loads the whole page anew: buttons and outcome have changed.
        """
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET"])
        job = Job.objects.seen_by(request.user).filter(pk=object_id).first()
        if job is None:
            raise Http404
        response = TemplateResponse(
            request, "backoffice/job_progress.html", {"view": views.view_of(job)}
        )
        if job.is_ended and is_htmx(request):
            response["HX-Refresh"] = "true"
        return response

    def row_page(self, request: HttpRequest, job: Job) -> HttpResponse:
        """Show one job, live."""
        context = {
            **self.admin_site.each_context(request),
            "title": job.label,
            "opts": self.opts,
            "object": job,
            "job": job,
            "offers": self.row_offers(request, job),
            "page": views.page_of(job),
            "result": views.plain_pairs(job.result),
            "facts": _facts(job, request.user),
        }
        return TemplateResponse(request, "backoffice/job.html", context)


def _facts(job: Job, user: User) -> list[tuple[Any, Any]]:
    kind = kinds.find(job.kind)
    facts = [
        (_("What"), format_html('{} <span class="bo-faint">{}</span>', kind.label, job.kind))
        if kind is not None
        else (_("What"), job.kind),
        (_("Started by"), str(job.owner) if job.owner is not None else _("the clock")),
        (_("Asked"), in_words(job.created_at)),
    ]
    if job.started_at is not None:
        facts.append((_("Started"), in_words(job.started_at)))
    if job.finished_at is not None:
        facts.append((_("Ended"), in_words(job.finished_at)))
        facts.append((_("Took"), views.span(views.seconds_of(job))))
    facts.append((_("Attempts"), views.attempts_label(job)))
    if job.change_set_id is not None and user.has_perm("backoffice.view_changeset"):
        link = '<a class="bo-link" href="{}">{}</a>'
        address = reverse("admin:backoffice_changeset_change", args=[job.change_set_id])
        facts.append((_("Change set"), format_html(link, address, _("Everything it did"))))
    if user.has_perm("backoffice.oversee_job"):
        facts += views.plain_pairs(job.arguments)
        facts.append((_("Number"), job.pk))
    return facts


# --- Home and sidebar -----------------------------------------------------------------------------


def _under_way(user: User) -> int | None:
    return Job.objects.seen_by(user).exclude(owner=None).open().count() or None


def _home_rows(user: User) -> list[PanelRow]:
    """Return what an overseer should know: no worker, what failed, what runs."""
    seen = Job.objects.seen_by(user)
    rows = []
    waiting = seen.due(timezone.now()).count()
    command = backends.chosen().worker
    if waiting and command and not workers.is_one_here():
        rows.append(
            PanelRow(
                title=_("No worker is running"),
                detail=_("Jobs wait until somebody starts one: {command}").format(
                    command=" ".join(command[:2])
                ),
                badge=str(waiting),
                tone="danger",
            )
        )
    since = timezone.now() - timedelta(days=FAILED_DAYS)
    failed = seen.filter(state=Job.State.FAILED, finished_at__gte=since)
    rows += [_home_row(job) for job in failed.order_by("-id")[:ROWS]]
    running = seen.open().exclude(owner=None).select_related("owner")
    rows += [_home_row(job) for job in running.order_by("-id")[:ROWS]]
    return rows[: 2 * ROWS]


def _home_row(job: Job) -> PanelRow:
    return PanelRow(
        title=job.label,
        url=reverse("admin:backoffice_job_change", args=[job.pk]),
        detail=job.error or views.counts_of(job),
        badge=views.state_of(job),
        tone=views.TONES[job.state],
    )


register(
    NavItem(
        name="jobs",
        label=_("Jobs"),
        url="admin:backoffice_job_changelist",
        permission="backoffice.view_job",
        icon="manufacturing",
        group=_("System"),
        order=950,
        key="j",
        badge=_under_way,
        words="background worker queue progress running failed",
    ),
    Panel(
        name="jobs",
        label=_("Jobs"),
        icon="manufacturing",
        order=920,
        permission="backoffice.oversee_job",
        url="admin:backoffice_job_changelist",
        query="queue=people",
        rows=_home_rows,
        empty=_("Nothing waits, runs or failed."),
    ),
)
