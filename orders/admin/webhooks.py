"""Webhook events as a list: what gateways told us by themselves, and what became of it."""

from __future__ import annotations

import json

import django_filters
from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.acts import Act
from backoffice.adminkit.console import Queue, badge
from backoffice.adminkit.filters import ConsoleFilterSet, DayRangeFilter
from backoffice.flows import Tone
from orders.admin.payments import FactAdmin, order_link
from orders.models import WebhookEvent
from orders.services import webhooks

WEBHOOK_TONES: dict[str, Tone] = {
    WebhookEvent.State.WAITING: "warning",
    WebhookEvent.State.DONE: "success",
    WebhookEvent.State.UNKNOWN: "neutral",
    WebhookEvent.State.FAILED: "danger",
}


class WebhookFilterSet(ConsoleFilterSet):
    state = django_filters.MultipleChoiceFilter(
        label=_("State"), choices=WebhookEvent.State.choices
    )
    received_at = DayRangeFilter(label=_("Received"), field_name="received_at")

    class Meta:
        model = WebhookEvent
        fields: list[str] = []


@admin.register(WebhookEvent)
class WebhookEventAdmin(FactAdmin):
    """What gateways told us by themselves, and what became of it."""

    list_display = ("id", "received_at", "kind", "state_label", "event_order", "outcome")
    list_select_related = ("order",)
    search_fields = ("event_id", "kind", "order__number")
    filterset_class = WebhookFilterSet
    queues = (
        Queue("failed", _("Failed"), lambda rows: rows.filter(state="failed"), tone="danger"),
        Queue("waiting", _("Waiting"), lambda rows: rows.filter(state="waiting"), tone="warning"),
    )
    fields = (
        "gateway",
        "event_id",
        "kind",
        "state_label",
        "received_at",
        "handled_at",
        "event_order",
        "outcome",
        "body",
    )
    readonly_fields = fields
    acts = (
        Act(
            "again",
            _("Handle again"),
            webhooks.PERMISSION,
            key="webhook_event",
            one=webhooks.handle_webhook_again,
            effect=_("looks at the charge once more; nothing is recorded twice"),
            done=_("{row} is being handled again."),
        ),
    )

    @admin.display(description=_("State"), ordering="state")
    def state_label(self, event: WebhookEvent) -> SafeString:
        return badge(event.get_state_display(), WEBHOOK_TONES[event.state])

    @admin.display(description=_("Order"), ordering="order__number")
    def event_order(self, event: WebhookEvent) -> SafeString | str:
        return order_link(event.order) if event.order else "–"

    @admin.display(description=_("As it came"))
    def body(self, event: WebhookEvent) -> SafeString:
        text = json.dumps(event.payload, indent=2, ensure_ascii=False)
        return format_html('<pre class="bo-code">{}</pre>', text)
