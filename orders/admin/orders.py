"""The list of orders: queues, search, filters, bulk acts. One order's page is the workspace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.console import Queue, badge, money
from backoffice.adminkit.display import number
from orders.admin.acts import ORDER_ACTS
from orders.admin.drafts import WritesDrafts
from orders.admin.workspace import ShowsWorkspace
from orders.differences import EMPTY
from orders.filters import OrderFilterSet
from orders.models import Order
from orders.sight import Sight
from orders.workspace import fulfilment_state, payment_state

# Where people work through a queue, whoever has waited longest comes first.
OLDEST_FIRST = {"to_process", "to_ship", "on_hold"}


@admin.register(Order)
class OrderAdmin(WritesDrafts, ShowsWorkspace):
    """Every order that staff work on; all of its doors are acts, nothing is edited in place."""

    acts = ORDER_ACTS
    filterset_class = OrderFilterSet
    list_needs_facts = True
    queues = (
        Queue("to_process", _("To process"), lambda orders: orders.to_process(), tone="warning"),
        Queue("to_ship", _("To ship"), lambda orders: orders.to_ship(), tone="info"),
        Queue("on_hold", _("On hold"), lambda orders: orders.held(), tone="danger"),
        Queue("drafts", _("Drafts"), lambda orders: orders.drafts()),
        Queue("completed", _("Completed"), lambda orders: orders.filter(status="completed")),
        Queue("cancelled", _("Cancelled"), lambda orders: orders.filter(status="cancelled")),
    )
    list_display = (
        "order_number",
        "placed",
        "buyer",
        "state_label",
        "payment",
        "fulfilment",
        "items",
        "total_sum",
        "assignee_name",
    )
    list_select_related = ("customer", "contact", "assignee")
    ordering = ("-id",)
    search_fields = ("number",)
    search_help_text = _("Number (with or without dashes), e-mail address or name")

    class Media:
        css = {"all": ["orders/list.css"]}

    def get_urls(self) -> list[URLPattern]:
        return [*self.draft_urls(), *super().get_urls()]

    def get_ordering(self, request: HttpRequest) -> Sequence[str]:
        if request.GET.get("queue") in OLDEST_FIRST:
            return ("placed_at", "id")
        return self.ordering

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        words, sight = search_term.strip(), Sight.of(request.user)
        # A parcel's address has the name on it, so those who read it may search by it.
        by_name = sight.sees_customer or sight.sees_address
        return (queryset.search(words, by_name=by_name) if words else queryset), False

    def prepare_page(self, request: HttpRequest, rows: Any) -> Any:
        rows = super().prepare_page(request, rows)
        sight = Sight.of(request.user)
        for row in rows:
            row.buyer_name = sight.name(str(row.contact or row.customer))
        return rows

    # --- Columns -------------------------------------------------------------------------------

    @admin.display(description=_("Number"), ordering="number")
    def order_number(self, order: Order) -> SafeString:
        held = badge(_("On hold"), "warning", title=order.hold_reason) if order.is_held else ""
        return format_html('<span class="bo-strong">{}</span> {}', order, held)

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
