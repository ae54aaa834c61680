"""The list of returns, and one return's page; inspecting and exchanging have pages of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.acts import Act
from backoffice.adminkit.console import Queue
from backoffice.adminkit.display import number
from backoffice.adminkit.filters import ConsoleFilterSet, DayRangeFilter
from backoffice.adminkit.lists import keys_of
from backoffice.refused import Text
from catalog.models import StockLocation
from orders.admin.acts.returns import REFUND
from orders.admin.payments import order_link
from orders.admin.return_pages import HandlesReturns
from orders.differences import EMPTY
from orders.models import Return
from orders.panels.returns import buttons_of
from orders.return_page import load_return, page_of
from orders.sight import Sight
from orders.states import RETURN_FLOW, RETURN_REASONS
from orders.sums import in_words

# Where people work through a queue, whoever has waited longest comes first.
OLDEST_FIRST = {"requested", "to_inspect", "to_settle"}


class ReturnFilterSet(ConsoleFilterSet):
    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=RETURN_FLOW.choices)
    reason_code = django_filters.MultipleChoiceFilter(label=_("Reason"), choices=RETURN_REASONS)
    location = django_filters.ModelChoiceFilter(
        label=_("Received at"),
        queryset=StockLocation.objects.order_by("priority"),
        empty_label=_("Any"),
    )
    announced = DayRangeFilter(label=_("Announced"), field_name="created_at")
    received = DayRangeFilter(label=_("Received"), field_name="received_at")

    class Meta:
        model = Return
        fields: ClassVar[list[str]] = []


@admin.register(Return)
class ReturnAdmin(HandlesReturns):
    """Every return; it is announced on its order, and nothing is edited in place."""

    acts = (REFUND,)
    step_options: ClassVar = {
        "receive": {"icon": "move_to_inbox"},
        "close": {"icon": "task_alt"},
        "withdraw": {"icon": "cancel", "dismiss": _("Keep return")},
    }
    # Both need more room than a dialog has.
    hidden_steps = ("inspect", "exchange")
    filterset_class = ReturnFilterSet
    queues = (
        Queue("requested", _("Requested"), lambda rows: rows.to_receive(), tone="warning"),
        Queue("to_inspect", _("To inspect"), lambda rows: rows.to_inspect(), tone="info"),
        Queue("to_settle", _("To settle"), lambda rows: rows.to_settle(), tone="info"),
        Queue("closed", _("Closed"), lambda rows: rows.filter(status="closed")),
        Queue("cancelled", _("Cancelled"), lambda rows: rows.filter(status="cancelled")),
    )
    list_display = (
        "rma",
        "announced",
        "order_number",
        "buyer",
        "state_label",
        "why",
        "units",
        "place",
        "next_step",
    )
    list_display_links = ("rma",)
    list_select_related = ("order__contact", "order__customer", "location")
    ordering = ("-id",)
    search_fields = ("number", "order__number")
    search_help_text = _("Number of the return or of the order, with or without dashes")

    class Media:
        css: ClassVar = {"all": ("orders/list.css",)}

    def has_add_permission(self, request: HttpRequest, *args: object) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Return]:
        return super().get_queryset(request).annotate(unit_count=Sum("lines__quantity"))

    def get_urls(self) -> list[URLPattern]:
        return [*self.page_urls(), *super().get_urls()]

    def get_ordering(self, request: HttpRequest) -> Sequence[str]:
        return ("id",) if request.GET.get("queue") in OLDEST_FIRST else self.ordering

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Return], search_term: str
    ) -> tuple[QuerySet[Return], bool]:
        words = search_term.strip()
        return (queryset.search(words) if words else queryset), False

    def prepare_page(self, request: HttpRequest, rows: Any) -> Any:
        rows = list(super().prepare_page(request, rows))
        sight = Sight.of(request.user)
        for row in rows:
            row.buyer_name = sight.name(str(row.order.contact or row.order.customer))
            row.next_button = self._next_button(request, row)
        return rows

    def _next_button(self, request: HttpRequest, row: Return) -> SafeString | str:
        """Return the button that leads on from here, for those who may press it."""
        user = request.user
        if row.status == "requested" and user.has_perm("orders.receive_return"):
            url = self.admin_path("act", row.pk, "receive")
            return format_html(
                '<a class="bo-btn bo-btn-row" href="{}" data-dialog>{}</a>', url, _("Receive")
            )
        if row.status == "received" and user.has_perm("orders.inspect_return"):
            url = self.admin_path("inspect", row.pk)
            return format_html('<a class="bo-btn bo-btn-row" href="{}">{}</a>', url, _("Inspect"))
        return ""

    # --- One return ----------------------------------------------------------------------------

    def row_to_show(self, request: HttpRequest, object_id: str) -> Return | None:
        key = next(iter(keys_of(Return, [object_id])), None)
        return load_return(key) if key is not None else None

    def row_page(self, request: HttpRequest, row: Return) -> HttpResponse:
        """Show the return. What changes it has an address of its own."""
        user = request.user
        buttons = buttons_of(row, user)
        leads_on = [b for b in buttons if b.is_open and b.tone in {"info", "success"}]
        primary = leads_on[0] if leads_on else None
        context = {
            **self.admin_site.each_context(request),
            "title": str(row),
            "opts": self.opts,
            "original": row,
            "row": row,
            "page": page_of(row, user=user),
            "primary": primary,
            "beside": [b for b in buttons if b is not primary and b.tone != "danger"],
            "more": [b for b in buttons if b.tone == "danger"],
            "closed": [b for b in buttons if not b.is_open],
            "order_url": reverse("admin:orders_order_change", args=[row.order_id])
            if user.has_perm("orders.view_order")
            else "",
            "customer_url": reverse("admin:orders_customer_change", args=[row.order.customer_id])
            if user.has_perm("orders.view_customer")
            else "",
            "can_see_change_sets": user.has_perm("backoffice.view_changeset"),
        }
        return TemplateResponse(request, "orders/return.html", context)

    def act_facts(
        self, request: HttpRequest, act: Act, rows: Sequence[Any]
    ) -> Sequence[tuple[Text, Any]]:
        """Say above the questions what is due."""
        if act.name not in {"refund", "close"} or len(rows) != 1:
            return ()
        row, currency = rows[0], rows[0].order.currency
        if row.inspected_at is None:
            return ()
        facts = row.facts
        said = [
            (_("Worth of what came back"), in_words(facts.worth, currency)),
            (_("Refunded or credited"), in_words(facts.refunded + facts.credited, currency)),
        ]
        return [*said, (_("Due"), in_words(facts.due if act.name == "close" else facts.unsettled,
                                           currency))]  # fmt: skip

    # --- Columns -------------------------------------------------------------------------------

    @admin.display(description=_("Return"), ordering="id")
    def rma(self, row: Return) -> SafeString:
        return format_html('<span class="bo-strong">{}</span>', row.number)

    @admin.display(description=_("Announced"), ordering="created_at")
    def announced(self, row: Return) -> SafeString:
        return format_html(
            '<time datetime="{}" title="{}">{}</time>',
            row.created_at.isoformat(),
            date_format(localtime(row.created_at), "j M Y, H:i"),
            _("%(age)s ago") % {"age": timesince(row.created_at, depth=1)},
        )

    @admin.display(description=_("Order"), ordering="order__number")
    def order_number(self, row: Return) -> SafeString:
        return order_link(row.order)

    @admin.display(description=_("Customer"))
    def buyer(self, row: Any) -> str:
        return row.buyer_name

    @admin.display(description=_("Reason"), ordering="reason_code")
    def why(self, row: Return) -> str:
        return row.get_reason_code_display()

    @admin.display(description=_("Units"))
    def units(self, row: Any) -> SafeString:
        return number(row.unit_count)

    @admin.display(description=_("Received at"), ordering="location__name")
    def place(self, row: Return) -> str:
        return str(row.location) if row.location else EMPTY

    @admin.display(description="")
    def next_step(self, row: Any) -> SafeString | str:
        return row.next_button
