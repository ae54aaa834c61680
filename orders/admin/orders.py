"""The list of orders: queues, search, filters, bulk acts. One order's page is the workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.console import Queue, badge, money
from backoffice.adminkit.display import number
from backoffice.adminkit.imports import ImportAdmin
from orders.admin.acts import ORDER_ACTS
from orders.admin.acts.selections import SELECTIONS
from orders.admin.acts.shipping import SHIP_OPTIONS
from orders.admin.as_of import ShowsOrderAsOf
from orders.admin.papers import PrintsPapers
from orders.admin.people import ShowsPeople, dot, follow_up_badge
from orders.admin.return_landing import AnnouncesReturns
from orders.admin.workspace import ShowsWorkspace
from orders.admin.writing import WritesOrders
from orders.clock import SINCE, Target, age_of, targets
from orders.differences import EMPTY
from orders.filters import OrderFilterSet
from orders.models import Order
from orders.services import present_at
from orders.sight import Sight
from orders.workspace import fulfilment_state, payment_state


@admin.register(Order)
class OrderAdmin(
    ImportAdmin,
    WritesOrders,
    PrintsPapers,
    ShowsPeople,
    AnnouncesReturns,
    ShowsOrderAsOf,
    ShowsWorkspace,
):
    """Every order that staff work on; all of its doors are acts, nothing is edited in place."""

    sheet = "orders"
    acts = ORDER_ACTS
    step_options: ClassVar = {
        **SELECTIONS,
        "ship": {**SELECTIONS.get("ship", {}), **SHIP_OPTIONS},
    }
    list_acts = ("ship",)
    filterset_class = OrderFilterSet
    list_needs_facts = True
    queues = (
        Queue("to_process", _("To process"), lambda orders: orders.to_process(), tone="warning"),
        Queue("to_ship", _("To ship"), lambda orders: orders.to_ship(), tone="info"),
        Queue("on_hold", _("On hold"), lambda orders: orders.held(), tone="danger"),
        Queue(
            "follow_up",
            _("Follow up"),
            lambda orders: orders.follow_up_by(timezone.localdate()),
            tone="warning",
        ),
        Queue("drafts", _("Drafts"), lambda orders: orders.drafts()),
        Queue(
            "completed",
            _("Completed"),
            lambda orders: orders.filter(status="completed"),
            is_counted=False,
        ),
        Queue(
            "cancelled",
            _("Cancelled"),
            lambda orders: orders.filter(status="cancelled"),
            is_counted=False,
        ),
    )
    list_display = (
        "order_number",
        "placed",
        "waiting",
        "buyer",
        "state_label",
        "payment",
        "fulfilment",
        "items",
        "total_sum",
        "assignee_name",
        "row_buttons",
    )
    list_select_related = ("customer", "contact", "assignee", "presence__user")
    # Where the tags are offered that are in use.
    list_before_template = "orders/list_before.html"
    ordering = ("-id",)
    search_fields = ("number",)
    search_help_text = _("Number (with or without dashes), e-mail address or name")

    class Media:
        css = {"all": ["orders/list.css"]}
        js = ["orders/ship.js", "orders/people.js"]

    def get_urls(self) -> list[URLPattern]:
        return [*self.people_urls(), *self.writing_urls(), *super().get_urls()]

    def get_ordering(self, request: HttpRequest) -> Sequence[str]:
        """In a queue with a target whoever has waited longest comes first, so what is late does."""
        since = SINCE.get(request.GET.get("queue", ""))
        if since is not None:
            return (since, "id")
        return ("follow_up_on", "id") if request.GET.get("queue") == "follow_up" else self.ordering

    def queues_for(self, request: HttpRequest) -> dict[str, Queue]:
        targets, now = self._targets(request), timezone.now()
        return {
            name: replace(queue, deadline=targets[name].deadline(now)) if name in targets else queue
            for name, queue in super().queues_for(request).items()
        }

    def _targets(self, request: HttpRequest) -> dict[str, Target]:
        """Return the queues' targets, read once for a page."""
        if not hasattr(request, "queue_targets"):
            request.queue_targets = targets()
        return request.queue_targets

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return super().get_queryset(request).prefetch_related("tags")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        words, sight = search_term.strip(), Sight.of(request.user)
        # A parcel's address has the name on it, so those who read it may search by it.
        by_name = sight.sees_customer or sight.sees_address
        return (queryset.search(words, by_name=by_name) if words else queryset), False

    def prepare_page(self, request: HttpRequest, rows: Any) -> Any:
        rows = super().prepare_page(request, rows)
        sight, now, targets = Sight.of(request.user), timezone.now(), self._targets(request)
        for row in rows:
            row.buyer_name = sight.name(str(row.contact or row.customer))
            row.age = age_of(row, targets, now)
            row.present = present_at(row, now)
        return rows

    # --- Columns -------------------------------------------------------------------------------

    @admin.display(description=_("Number"), ordering="number")
    def order_number(self, order: Order) -> SafeString:
        """With what colleagues put on it: who is at it, hold, follow-up, tags."""
        tags = [(tag,) for tag in order.tags.all()]
        return format_html(
            '<span class="ol-number"><span class="bo-strong">{}</span>{}{}{}{}</span>',
            order,
            dot(order.present),
            badge(_("On hold"), "warning", title=order.hold_reason) if order.is_held else "",
            follow_up_badge(order.follow_up_on),
            format_html_join("", '<span class="ol-tag">{}</span>', tags),
        )

    @admin.display(description=_("Waiting"))
    def waiting(self, order: Order) -> SafeString | str:
        """How long in its queue, in the colours of the queue's target."""
        age = order.age
        return badge(age.words, age.tone, title=age.sentence) if age is not None else EMPTY

    @admin.display(description=_("Placed"), ordering="placed_at")
    def placed(self, order: Order) -> SafeString:
        """How long ago: in a queue that is what decides."""
        if order.placed_at is None:
            return format_html('<span class="bo-faint">{}</span>', EMPTY)
        return format_html(
            '<time datetime="{}" title="{}">{}</time>',
            order.placed_at.isoformat(),
            date_format(localtime(order.placed_at), "j M Y, H:i"),
            _("%(age)s ago") % {"age": timesince(order.placed_at, depth=1)},
        )

    @admin.display(description=_("Customer"), ordering="contact__name")
    def buyer(self, order: Order) -> str:
        return order.buyer_name

    @admin.display(description=_("Payment"))
    def payment(self, order: Order) -> SafeString | str:
        """Nothing is owed, and nothing to be sent, before an order is placed."""
        state = payment_state(order)
        return EMPTY if order.status == "draft" else badge(state.label, state.tone)

    @admin.display(description=_("Fulfilment"))
    def fulfilment(self, order: Order) -> SafeString | str:
        state = fulfilment_state(order)
        return EMPTY if order.status == "draft" else badge(state.label, state.tone)

    @admin.display(description=_("Items"))
    def items(self, order: Order) -> SafeString:
        return number(order.facts.ordered_units)

    @admin.display(description=_("Total"), ordering="total")
    def total_sum(self, order: Order) -> SafeString:
        return money(order.total, order.currency)

    @admin.display(description=_("Assignee"), ordering="assignee__first_name", empty_value=EMPTY)
    def assignee_name(self, order: Order) -> str | None:
        return order.assignee.get_short_name() if order.assignee else None
