"""The list of parcels: what stands packed, what left today, and where each one is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

import django_filters
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.console import Queue
from backoffice.adminkit.display import number
from backoffice.adminkit.filters import ConsoleFilterSet, DayRangeFilter, day_bounds
from backoffice.adminkit.flow_admin import FlowAdmin
from backoffice.adminkit.lists import keys_of
from backoffice.models import ChangeSet
from backoffice.refused import NotAllowed, Refused, UnknownRow
from catalog.models import StockLocation
from orders import carriers
from orders.admin.acts.shipping import CORRECT
from orders.admin.papers import answer_pdf
from orders.differences import EMPTY
from orders.models import Order, Shipment
from orders.papers import PAPERS, print_parcel
from orders.states import SHIPMENT_FLOW

LONGEST_GUESSED = 80
QUIET = '<span class="bo-faint">{}</span>'


def left_today(parcels: QuerySet[Shipment]) -> QuerySet[Shipment]:
    today = localdate()
    start, end = day_bounds(today, today)
    return parcels.filter(status="left", left_at__gte=start, left_at__lt=end)


def known_carriers() -> list[tuple[str, str]]:
    """Return the carriers that parcels have gone with."""
    names = Shipment.objects.exclude(carrier="").order_by("carrier").values_list("carrier")
    return [(name, name) for (name,) in names.distinct()]


def moment(at: datetime | None) -> SafeString:
    """Return a moment on one line; the year stands in its title."""
    if at is None:
        return format_html(QUIET, EMPTY)
    local = localtime(at)
    return format_html(
        '<time class="orders-moment" datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        date_format(local, "j M Y, H:i"),
        date_format(local, "j M, H:i"),
    )


class ShipmentFilterSet(ConsoleFilterSet):
    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=SHIPMENT_FLOW.choices)
    carrier = django_filters.MultipleChoiceFilter(label=_("Carrier"), choices=known_carriers)
    location = django_filters.ModelChoiceFilter(
        label=_("From"), queryset=StockLocation.objects.order_by("priority"), empty_label=_("Any")
    )
    packed = DayRangeFilter(label=_("Packed"), field_name="at")
    left = DayRangeFilter(label=_("Shipped"), field_name="left_at")

    class Meta:
        model = Shipment
        fields: ClassVar[list[str]] = []


@admin.register(Shipment)
class ShipmentAdmin(FlowAdmin):
    """Parcels are made from an order; here they are sent, unpacked, found and printed."""

    acts = (CORRECT,)
    step_options: ClassVar = {
        "send": {"icon": "local_shipping"},
        "unpack": {"icon": "unarchive", "dismiss": _("Keep parcel")},
    }
    list_acts = ("send",)
    filterset_class = ShipmentFilterSet
    queues = (
        Queue("packed", _("Packed"), lambda rows: rows.filter(status="packed"), tone="warning"),
        Queue("left_today", _("Left today"), left_today, tone="success"),
        Queue("left", _("Shipped"), lambda rows: rows.filter(status="left"), is_counted=False),
        Queue("unpacked", _("Unpacked"), lambda rows: rows.filter(status="cancelled")),
    )
    list_display = (
        "parcel",
        "order_link",
        "state_label",
        "units",
        "place",
        "packed",
        "left",
        "who",
        "row_buttons",
    )
    list_display_links = ("parcel",)
    list_select_related = ("order", "location", "change_set__origin")
    ordering = ("-id",)
    search_fields = ("tracking", "order__number")
    search_help_text = _("Tracking number or order number")
    fields = (
        "order_link",
        "state_label",
        "carrier_link",
        "contents",
        "place",
        "packed",
        "left",
        "who",
        "slip_link",
    )
    readonly_fields = fields

    class Media:
        css: ClassVar = {"all": ["orders/list.css"]}
        js: ClassVar = ["orders/ship.js"]

    def has_add_permission(self, request: HttpRequest, *args: object) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shipment]:
        return super().get_queryset(request).annotate(unit_count=Sum("lines__quantity"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Shipment], search_term: str
    ) -> tuple[QuerySet[Shipment], bool]:
        """Find a parcel by its number as people write it, or all parcels of an order."""
        words = search_term.strip()
        if not words:
            return queryset, False
        orders = Order.objects.search(words, by_name=False).values("pk")
        plain = carriers.plain(words)
        found = Q(tracking__icontains=words) | Q(order__in=orders)
        return queryset.filter(found | Q(tracking__icontains=plain) if plain else found), False

    # --- Addresses -----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("carrier/", wrap(self.carrier_view), name="orders_shipment_carrier"),
            path("<path:object_id>/slip/", wrap(self.slip_view), name="orders_shipment_slip"),
            *super().get_urls(),
        ]

    def carrier_view(self, request: HttpRequest) -> HttpResponse:
        """Say which carrier a tracking number belongs to: the ship dialog asks while one types."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        tracking = request.GET.get("number", "")[:LONGEST_GUESSED]
        return JsonResponse({"carrier": carriers.guess(tracking)})

    def slip_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Print a parcel's packing slip."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        key = next(iter(keys_of(Shipment, [object_id])), None)
        if not self.has_view_permission(request):
            raise PermissionDenied
        if key is None:
            raise Http404
        try:
            return answer_pdf(print_parcel(shipment_id=key, by=request.user))
        except UnknownRow as refusal:
            raise Http404(str(refusal)) from refusal
        except NotAllowed as refusal:
            raise PermissionDenied(str(refusal)) from refusal
        except Refused as refusal:
            self.message_user(request, str(refusal), "error")
            return redirect(self.admin_path("change", key))

    # --- Columns -------------------------------------------------------------------------------

    @admin.display(description=_("Parcel"), ordering="tracking")
    def parcel(self, parcel: Shipment) -> SafeString:
        return format_html('<span class="bo-strong">{}</span>', parcel)

    @admin.display(description=_("Order"), ordering="order__number")
    def order_link(self, parcel: Shipment) -> SafeString:
        url = reverse("admin:orders_order_change", args=[parcel.order_id])
        return format_html('<a class="bo-link" href="{}">{}</a>', url, parcel.order)

    @admin.display(description=_("Units"))
    def units(self, parcel: Any) -> SafeString:
        return number(parcel.unit_count)

    @admin.display(description=_("From"), ordering="location__name")
    def place(self, parcel: Shipment) -> SafeString | str:
        return str(parcel.location) if parcel.location else EMPTY

    @admin.display(description=_("Packed"), ordering="at")
    def packed(self, parcel: Shipment) -> SafeString:
        return moment(parcel.at)

    @admin.display(description=_("Shipped"), ordering="left_at")
    def left(self, parcel: Shipment) -> SafeString:
        return moment(parcel.left_at)

    @admin.display(description=_("By"))
    def who(self, parcel: Shipment) -> str:
        """Staff by name; a customer is the one on the order, masked there as the role asks."""
        change_set = parcel.change_set
        if change_set.actor_kind == ChangeSet.ActorKind.CUSTOMER:
            return str(_("Customer"))
        return change_set.who

    @admin.display(description=_("Carrier"))
    def carrier_link(self, parcel: Shipment) -> SafeString | str:
        link = carriers.tracking_link(parcel.carrier, parcel.tracking)
        if not link:
            return f"{parcel.carrier} {parcel.tracking}".strip() or EMPTY
        return format_html(
            '<a class="bo-link" href="{}" target="_blank" rel="noopener noreferrer">{} {}</a>',
            link,
            parcel.carrier,
            parcel.tracking,
        )

    @admin.display(description=_("Contents"))
    def contents(self, parcel: Shipment) -> SafeString:
        inside = parcel.lines.select_related("line").order_by("line")
        rows = ((row.quantity, row.line.name, row.line.sku) for row in inside)
        return format_html_join(
            "", '<div>{} × {} <span class="bo-faint">{}</span></div>', rows
        ) or format_html(QUIET, EMPTY)

    @admin.display(description=_("Packing slip"))
    def slip_link(self, parcel: Shipment) -> SafeString | str:
        if parcel.status == "cancelled":
            return EMPTY
        url = reverse("admin:orders_shipment_slip", args=[parcel.pk])
        label = PAPERS["packing_slip"].label
        return format_html('<a class="bo-link" href="{}" target="_blank">{}</a>', url, label)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        """Leave the slip out for those who may not print it."""
        if request.user.has_perm(PAPERS["packing_slip"].permission):
            return self.fields
        return [name for name in self.fields if name != "slip_link"]
