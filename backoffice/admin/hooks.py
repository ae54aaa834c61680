"""Webhooks out: endpoints that administrators keep, and every delivery with its attempts."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from backoffice import hooks
from backoffice.adminkit.acts import Act
from backoffice.adminkit.console import ConsoleAdmin, Queue, badge
from backoffice.adminkit.filters import ConsoleFilterSet
from backoffice.adminkit.forms import ConsoleForm
from backoffice.adminkit.timeline import in_words
from backoffice.cards import NavItem, register
from backoffice.flows import Ask, Tone
from backoffice.hooks import endpoints
from backoffice.models import WebhookDelivery, WebhookEndpoint

State = WebhookDelivery.State
TONES: dict[str, Tone] = {
    State.WAITING: "warning",
    State.DELIVERED: "success",
    State.GIVEN_UP: "danger",
}
REASON = Ask("reason", _("Reason"), help=_("For whoever asks next month."))


class EndpointForm(ConsoleForm):
    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("https://…, reachable from the internet."),
        widget=UnfoldAdminTextInputWidget,
    )
    events = forms.MultipleChoiceField(label=_("Events"), widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = WebhookEndpoint
        fields = ("url", "description", "events", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "events" in self.fields:
            self.fields["events"].choices = hooks.event_choices()


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ConsoleAdmin):
    """Which other systems are told of events."""

    list_display = ("name", "url", "hears", "standing", "last_success")
    list_select_related = ("health",)
    search_fields = ("url", "description")
    ordering = ("url", "id")
    form = EndpointForm
    fieldsets = (
        (None, {"fields": ("url", "description", "events", "is_active")}),
        (_("How it is"), {"fields": ("standing", "last_success", "signing_secret")}),
    )
    readonly_fields = ("standing", "last_success", "signing_secret")
    acts = (
        Act(
            "resume",
            _("Resume"),
            endpoints.CHANGE,
            key="webhook_endpoint",
            one=hooks.resume_endpoint,
            asks=(REASON,),
            effect=_("tells it again; what waited is sent at once"),
            done=_("{row} is told again."),
        ),
        Act(
            "new_secret",
            _("New secret"),
            endpoints.CHANGE,
            key="webhook_endpoint",
            one=hooks.new_endpoint_secret,
            asks=(REASON,),
            tone="danger",
            effect=_("the old secret signs nothing from now on"),
            done=_("{row} has a new secret."),
        ),
    )

    def perform_save(
        self, request: HttpRequest, form: Any, obj: WebhookEndpoint, *, change: bool
    ) -> WebhookEndpoint:
        data = form.cleaned_data
        who = {"by": request.user, "reason": data["reason"]}
        if not change:
            return hooks.make_endpoint(**{name: data[name] for name in endpoints.EDITABLE}, **who)
        return hooks.edit_endpoint(
            endpoint_id=obj.pk,
            values={name: data[name] for name in form.changed_data if name in endpoints.EDITABLE},
            version=data["version"],
            **who,
        )

    @admin.display(description=_("Endpoint"), ordering="description")
    def name(self, row: WebhookEndpoint) -> str:
        return str(row)

    @admin.display(description=_("Events"))
    def hears(self, row: WebhookEndpoint) -> str:
        return ", ".join(row.events)

    @admin.display(description=_("State"))
    def standing(self, row: WebhookEndpoint) -> SafeString:
        if row.paused_at is not None:
            return badge(_("Paused: nothing got through for a day"), "danger")
        if not row.is_active:
            return badge(_("Off"), "neutral")
        since = getattr(getattr(row, "health", None), "failing_since", None)
        if since is not None:
            return badge(_("Failing since {when}").format(when=in_words(since)), "warning")
        return badge(_("Listening"), "success")

    @admin.display(description=_("Last success"))
    def last_success(self, row: WebhookEndpoint) -> str:
        ok_at = getattr(getattr(row, "health", None), "ok_at", None)
        return in_words(ok_at) if ok_at else "–"

    @admin.display(description=_("Secret"))
    def signing_secret(self, row: WebhookEndpoint) -> str:
        return row.secret if row.pk else str(_("Made when it is saved."))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.fieldsets[:1]
        if request.user.has_perm(endpoints.CHANGE):  # type: ignore[union-attr]
            return self.fieldsets
        # Whoever may only look must not be able to sign.
        return (
            self.fieldsets[0],
            (_("How it is"), {"fields": ("standing", "last_success")}),
        )


class DeliveryFilterSet(ConsoleFilterSet):
    state = django_filters.MultipleChoiceFilter(label=_("State"), choices=State.choices)
    endpoint = django_filters.ModelChoiceFilter(
        label=_("Endpoint"), queryset=WebhookEndpoint.objects.all(), empty_label=_("Any")
    )

    class Meta:
        model = WebhookDelivery
        fields: list[str] = []


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ConsoleAdmin):
    """What other systems were told, and how they answered."""

    list_display = ("id", "event_kind", "endpoint", "state_label", "tries", "when")
    list_select_related = ("event", "endpoint")
    search_fields = ("event__uuid", "event__kind")
    ordering = ("-id",)
    filterset_class = DeliveryFilterSet
    queues = (
        Queue("waiting", _("Waiting"), lambda rows: rows.filter(state="waiting"), tone="warning"),
        Queue("given_up", _("Given up"), lambda rows: rows.filter(state="given_up"), tone="danger"),
    )
    fields = (
        "event_kind",
        "event_id_shown",
        "endpoint",
        "state_label",
        "tries",
        "next_at",
        "ended_at",
        "facts",
        "log",
    )
    readonly_fields = fields
    acts = (
        Act(
            "resend",
            _("Send again"),
            endpoints.RESEND,
            key="webhook_delivery",
            one=hooks.resend_delivery,
            asks=(REASON,),
            effect=_("the same event under the same id"),
            done=_("{row} is being sent again."),
        ),
    )

    def has_add_permission(self, request: HttpRequest, *args: object) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        return super().get_queryset(request).select_related("event", "endpoint")

    @admin.display(description=_("Event"), ordering="event__kind")
    def event_kind(self, row: WebhookDelivery) -> str:
        return row.event.kind

    @admin.display(description=_("Event id"))
    def event_id_shown(self, row: WebhookDelivery) -> str:
        return str(row.event.uuid)

    @admin.display(description=_("State"), ordering="state")
    def state_label(self, row: WebhookDelivery) -> SafeString:
        return badge(row.get_state_display(), TONES[row.state])

    @admin.display(description=_("Happened"), ordering="event__at")
    def when(self, row: WebhookDelivery) -> str:
        return in_words(row.event.at)

    @admin.display(description=_("What was told"))
    def facts(self, row: WebhookDelivery) -> SafeString:
        return format_html_join(
            "", "<div>{}: {}</div>", ((name, value) for name, value in row.event.facts.items())
        )

    @admin.display(description=_("Attempts"))
    def log(self, row: WebhookDelivery) -> SafeString | str:
        rows = [
            (
                date_format(localtime(each.at), "j M Y H:i:s"),
                each.status or "–",
                each.milliseconds,
                each.problem,
                each.excerpt,
            )
            for each in row.attempts.all()[:50]
        ]
        return format_html_join("", "<div>{} · {} · {} ms · {} {}</div>", rows) or "–"


register(
    NavItem(
        name="webhook_endpoints",
        label=_("Webhooks"),
        url="admin:backoffice_webhookendpoint_changelist",
        permission="backoffice.view_webhookendpoint",
        icon="webhook",
        group=_("System"),
        order=930,
        words="endpoints hooks other systems integrations",
    ),
    NavItem(
        name="webhook_deliveries",
        label=_("Webhook deliveries"),
        url="admin:backoffice_webhookdelivery_changelist",
        permission="backoffice.view_webhookdelivery",
        icon="outbox",
        group=_("System"),
        order=931,
        words="outbox attempts resend given up",
    ),
)
