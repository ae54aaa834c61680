"""What lies where, and the ledger that explains it. Units move by acts on products only."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from backoffice.adminkit.console import ConsoleAdmin, Queue
from backoffice.adminkit.display import badge
from catalog import services
from catalog.admin import columns
from catalog.admin.facts import FREE
from catalog.admin.forms import ServiceForm
from catalog.admin.product_sheets import ProductSheetAdmin
from catalog.filters import StockLevelFilter, StockMovementFilter
from catalog.models import StockLevel, StockLocation, StockMovement


class LocationForm(ServiceForm):
    class Meta:
        model = StockLocation
        fields = ("name", "code", "priority", "is_active")
        help_texts: ClassVar = {
            "name": _("As colleagues call it."),
            "code": _("Short, as it stands on labels and in sheets."),
            "priority": _("Orders take from the lowest number first."),
            "is_active": _("Orders take nothing from a closed location."),
        }


@admin.register(StockLocation)
class StockLocationAdmin(ConsoleAdmin):
    list_display = ("name", "code", "priority", "active", "updated")
    search_fields = ("name", "code")
    form = LocationForm
    fieldsets = ((None, {"fields": (("name", "code"), "priority", "is_active")}),)
    add_fieldsets = ((None, {"fields": (("name", "code"), "priority")}),)

    class Media:
        css: ClassVar = {"all": ("catalog/catalog.css",)}

    @display(description=_("State"), ordering="is_active")
    def active(self, location: StockLocation) -> SafeString:
        return badge(_("Active"), "success") if location.is_active else badge(_("Closed"))

    @display(description=_("Updated"), ordering="updated_at")
    def updated(self, location: StockLocation) -> SafeString | str:
        return columns.moment(location.updated_at)

    def perform_save(
        self, request: HttpRequest, form: Any, obj: Any, *, change: bool
    ) -> StockLocation:
        reason = form.cleaned_data["reason"]
        if not change:
            typed = {name: form.cleaned_data[name] for name in ("name", "code", "priority")}
            return services.create_location(**typed, by=request.user, reason=reason)
        return services.edit_location(
            location_id=obj.pk, changes=form.typed_changes, by=request.user, reason=reason
        )


@admin.register(StockLevel)
class StockLevelAdmin(ProductSheetAdmin, ConsoleAdmin):
    sheet = "stock"
    list_display = (
        "item",
        "location",
        "on_hand_units",
        "committed_units",
        "unavailable_units",
        "free",
        "threshold",
        "adjust",
    )
    list_display_links = None
    list_select_related = ("product", "location")
    search_fields = ("product__sku", "product__barcode", "product__name")
    search_help_text = _("SKU, barcode or name")
    ordering = ("product__name", "location__priority")
    filterset_class = StockLevelFilter
    queues = (
        Queue(
            "low",
            _("Low stock"),
            tone="warning",
            apply=lambda levels: levels.filter(product__status="published").filter(
                free_units__lte=F("product__low_stock_threshold")
            ),
        ),
        Queue("out", _("Out of stock"), lambda ls: ls.filter(free_units__lte=0), tone="danger"),
        Queue("committed", _("Committed"), lambda levels: levels.filter(committed__gt=0)),
        Queue("unavailable", _("Unavailable"), lambda levels: levels.filter(unavailable__gt=0)),
    )

    class Media:
        css: ClassVar = {"all": ("catalog/catalog.css",)}

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(free_units=FREE)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """“Adjust” only for those who may."""
        if request.user.has_perm("catalog.adjust_stock_product"):
            return self.list_display
        return self.list_display[:-1]

    @display(description=_("Product"), ordering="product__name")
    def item(self, level: StockLevel) -> SafeString:
        return columns.product_link(level.product)

    @display(description=_("On hand"), ordering="on_hand")
    def on_hand_units(self, level: StockLevel) -> SafeString:
        return columns.number(level.on_hand)

    @display(description=_("Committed"), ordering="committed")
    def committed_units(self, level: StockLevel) -> SafeString:
        return columns.number(level.committed)

    @display(description=_("Unavailable"), ordering="unavailable")
    def unavailable_units(self, level: StockLevel) -> SafeString:
        return columns.number(level.unavailable)

    @display(description=_("Available"), ordering="free_units")
    def free(self, level: StockLevel) -> SafeString:
        return columns.stock_cell(
            level.available,
            level.product.low_stock_threshold,
            is_parent=False,
            is_sold=level.product.status == "published",
        )

    @display(description=_("Threshold"), ordering="product__low_stock_threshold")
    def threshold(self, level: StockLevel) -> SafeString:
        return columns.number(level.product.low_stock_threshold)

    @display(description="")
    def adjust(self, level: StockLevel) -> SafeString:
        return format_html(
            '<a class="bo-btn cat-row-act" data-dialog href="{}">{}</a>',
            reverse("admin:catalog_product_act", args=[level.product_id, "adjust_stock"]),
            _("Adjust"),
        )


@admin.register(StockMovement)
class StockMovementAdmin(ConsoleAdmin):
    list_display = (
        "when",
        "item",
        "location",
        "what",
        "on_hand_change",
        "committed_change",
        "unavailable_change",
        "who",
    )
    list_display_links = None
    list_select_related = ("product", "location", "change_set__origin")
    search_fields = ("product__sku", "product__barcode", "product__name")
    search_help_text = _("SKU, barcode or name")
    ordering = ("-id",)
    filterset_class = StockMovementFilter
    queues = (
        Queue("received", _("Received"), lambda rows: rows.filter(kind="receive")),
        Queue("adjusted", _("Adjusted"), lambda rows: rows.filter(kind="adjust")),
        Queue("shipped", _("Shipped"), lambda rows: rows.filter(kind="ship")),
        Queue("returned", _("Returned"), lambda rows: rows.filter(kind="return")),
    )

    class Media:
        css: ClassVar = {"all": ("catalog/catalog.css",)}

    @display(description=_("When"), ordering="id")
    def when(self, movement: StockMovement) -> SafeString | str:
        return columns.moment(movement.at)

    @display(description=_("Product"), ordering="product__name")
    def item(self, movement: StockMovement) -> SafeString:
        return columns.product_link(movement.product)

    @display(description=_("Kind"), ordering="kind")
    def what(self, movement: StockMovement) -> SafeString:
        return columns.kind_badge(movement)

    @display(description=_("On hand"), ordering="on_hand_delta")
    def on_hand_change(self, movement: StockMovement) -> SafeString:
        return columns.signed(movement.on_hand_delta)

    @display(description=_("Committed"), ordering="committed_delta")
    def committed_change(self, movement: StockMovement) -> SafeString:
        return columns.signed(movement.committed_delta)

    @display(description=_("Unavailable"), ordering="unavailable_delta")
    def unavailable_change(self, movement: StockMovement) -> SafeString:
        return columns.signed(movement.unavailable_delta)

    @display(description=_("Who and why"))
    def who(self, movement: StockMovement) -> SafeString:
        return columns.two_lines(movement.change_set.who, movement.change_set.why)
