"""The record: change sets and events. Everybody who may see them may only see them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.console import ConsoleAdmin, Queue, badge
from backoffice.adminkit.everything import page_of, sections_of
from backoffice.adminkit.timeline import action_words, in_words
from backoffice.models import AuditEvent, ChangeSet
from backoffice.record_filters import AuditEventFilters, ChangeSetFilters

MOST_EVENTS = 200


@admin.register(ChangeSet)
class ChangeSetAdmin(ConsoleAdmin):
    """Every click, request, job and command that changed something."""

    list_display = ("when", "who_label", "action_label", "channel_label", "why_label")
    list_select_related = ("origin",)
    search_fields = ("action", "note", "request_id", "origin__name")
    search_help_text = _("Who, action, reason or request id")
    ordering = ("-id",)
    filterset_class = ChangeSetFilters
    queues = (
        Queue("imports", _("Imports"), lambda q: q.filter(channel="import"), is_counted=False),
        Queue("commands", _("Commands"), lambda q: q.filter(channel="command"), is_counted=False),
        Queue("api", _("API"), lambda q: q.filter(channel="api"), is_counted=False),
    )

    @admin.display(description=_("When"), ordering="id")
    def when(self, row: ChangeSet) -> str:
        return in_words(row.at)

    @admin.display(description=_("Who"))
    def who_label(self, row: ChangeSet) -> str:
        return row.who

    @admin.display(description=_("Action"), ordering="action")
    def action_label(self, row: ChangeSet) -> SafeString:
        words = action_words(row.action) or row.get_channel_display()
        return format_html('<span class="bo-strong" title="{}">{}</span>', row.action, words)

    @admin.display(description=_("Door"), ordering="channel")
    def channel_label(self, row: ChangeSet) -> SafeString:
        return badge(row.get_channel_display())

    @admin.display(description=_("Why"))
    def why_label(self, row: ChangeSet) -> str:
        return row.why or "–"

    def row_page(self, request: HttpRequest, row: ChangeSet) -> HttpResponse:
        """Show everything that this change set did."""
        context = {
            **self.admin_site.each_context(request),
            "title": action_words(row.action) or str(row),
            "opts": self.opts,
            "change_set": row,
            "facts": _facts(row),
            "sections": sections_of(row, reader=request.user),
            "events": [
                (event, in_words(event.detail)) for event in row.events.order_by("pk")[:MOST_EVENTS]
            ],
        }
        return TemplateResponse(request, "backoffice/change_set.html", context)


def _facts(row: ChangeSet) -> list[tuple[Any, Any]]:
    facts = [
        (_("Action"), row.action or "–"),
        (_("When"), in_words(row.at)),
        (_("Who"), f"{row.who} ({row.get_actor_kind_display()})"),
        (_("Door"), row.get_channel_display()),
        (_("Why"), row.why or "–"),
        (_("Request"), row.request_id or "–"),
    ]
    if row.origin is not None and (row.origin.ip or row.origin.user_agent):
        facts += [(_("IP address"), row.origin.ip or "–"), (_("Browser"), row.origin.user_agent)]
    return facts


def _kind_queue(name: str, label: Any, pattern: str) -> Queue:
    return Queue(name, label, lambda q: q.filter(kind__regex=pattern), is_counted=False)


@admin.register(AuditEvent)
class AuditEventAdmin(ConsoleAdmin):
    """Sign-ins, exports, role changes: what is not a row change."""

    list_display = ("when", "kind_label", "who_label", "about", "detail_label")
    list_display_links = ("when",)
    list_select_related = ("change_set", "change_set__origin")
    search_fields = ("kind", "subject_key", "change_set__origin__name")
    search_help_text = _("Kind, key or who")
    ordering = ("-id",)
    filterset_class = AuditEventFilters
    queues = (
        _kind_queue("sign_ins", _("Sign-ins"), "^sign_"),
        _kind_queue(
            "rights",
            _("Roles and permissions"),
            "^(roles?|permissions|password|staff_right|superuser_right|user_(de|re)activated)",
        ),
        _kind_queue("exports", _("Exports"), "^(export|download|evidence)"),
        _kind_queue("refused", _("Refused steps"), "^step_refused"),
    )
    fields = ("when", "kind", "who_label", "about", "detail_label", "change_set_link")

    @admin.display(description=_("When"), ordering="id")
    def when(self, row: AuditEvent) -> str:
        return in_words(row.at)

    @admin.display(description=_("Kind"), ordering="kind")
    def kind_label(self, row: AuditEvent) -> SafeString:
        tone = "danger" if row.kind.endswith("_failed") else "neutral"
        return badge(row.title, tone)

    @admin.display(description=_("Who"))
    def who_label(self, row: AuditEvent) -> str:
        return row.change_set.who

    @admin.display(description=_("About"))
    def about(self, row: AuditEvent) -> str:
        return f"{row.subject_kind} {row.subject_key}".strip() or "–"

    @admin.display(description=_("Detail"))
    def detail_label(self, row: AuditEvent) -> str:
        return in_words(row.detail)

    @admin.display(description=_("Change set"))
    def change_set_link(self, row: AuditEvent) -> SafeString:
        return format_html(
            '<a class="bo-link" href="{}">{}</a>',
            page_of(ChangeSet, row.change_set_id),
            row.change_set,
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields
