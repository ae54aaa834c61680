"""How long orders may wait in each queue: the shop's targets, changed by whoever runs it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.console import ConsoleAdmin, badge
from backoffice.adminkit.display import number
from backoffice.cards import NavItem, register
from orders import services
from orders.clock import TONES, Target, in_words, pressure_in
from orders.models import QueueTarget


@admin.register(QueueTarget)
class QueueTargetAdmin(ConsoleAdmin):
    """One row a queue, made by the installation; nobody adds or removes one."""

    list_display = ("queue_label", "amber", "red", "late_now")
    list_display_links = ("queue_label",)
    ordering = ("id",)
    fields = ("queue_label", "warn_hours", "breach_hours")
    readonly_fields = ("queue_label",)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def perform_save(
        self, request: HttpRequest, form: Any, obj: QueueTarget, *, change: bool
    ) -> QueueTarget:
        return services.set_queue_target(
            target_id=obj.pk,
            warn_hours=form.cleaned_data["warn_hours"],
            breach_hours=form.cleaned_data["breach_hours"],
            by=request.user,
            reason=form.cleaned_data["reason"],
            version=form.cleaned_data["version"],
        )

    @admin.display(description=_("Queue"))
    def queue_label(self, target: QueueTarget) -> str:
        return target.get_queue_display()

    @admin.display(description=_("Amber after"), ordering="warn_hours")
    def amber(self, target: QueueTarget) -> SafeString:
        return badge(in_words(timedelta(hours=target.warn_hours)), TONES["soon"])

    @admin.display(description=_("Red after"), ordering="breach_hours")
    def red(self, target: QueueTarget) -> SafeString:
        return badge(in_words(timedelta(hours=target.breach_hours)), TONES["late"])

    @admin.display(description=_("Too late now"))
    def late_now(self, target: QueueTarget) -> SafeString:
        promise = Target.of(target.queue, target.warn_hours, target.breach_hours)
        late = pressure_in(promise, timezone.now()).late
        url = f"{reverse('admin:orders_order_changelist')}?queue={target.queue}"
        return format_html('<a class="bo-link" href="{}">{}</a>', url, number(late))


register(
    NavItem(
        name="queue_targets",
        label=_("Queue targets"),
        permission="orders.change_queuetarget",
        url="admin:orders_queuetarget_changelist",
        group=_("Sales"),
        icon="avg_pace",
        order=90,
        words="sla waiting late hours breach",
    )
)
