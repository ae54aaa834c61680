"""Scheduled prices: what runs, what comes, what is over. They are made on products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from backoffice.adminkit.console import ConsoleAdmin, Queue
from backoffice.adminkit.display import badge, money
from catalog.admin import columns
from catalog.admin.product_acts import WITHDRAW
from catalog.admin.product_sheets import ProductSheetAdmin
from catalog.filters import PriceChangeFilter, coming_prices, ended_prices, running_prices
from catalog.models import PriceChange


@admin.register(PriceChange)
class PriceChangeAdmin(ProductSheetAdmin, ConsoleAdmin):
    sheet = "prices"
    list_display = ("item", "phase", "price_then", "list_price", "starts", "ends")
    list_display_links = ("phase",)
    list_select_related = ("product",)
    search_fields = ("product__sku", "product__barcode", "product__name")
    search_help_text = _("SKU, barcode or name")
    ordering = ("-starts_at", "-id")
    filterset_class = PriceChangeFilter
    queues = (
        Queue("running", _("Running"), running_prices, tone="success"),
        Queue("coming", _("Coming"), coming_prices, tone="info"),
        Queue("ended", _("Ended"), ended_prices),
    )
    acts = (WITHDRAW,)
    fields = ("item", "phase", "price_then", "list_price", "starts", "ends", "withdrawn")
    readonly_fields: Sequence[str] = fields

    class Media:
        css: ClassVar = {"all": ("catalog/catalog.css",)}

    @display(description=_("Product"), ordering="product__name")
    def item(self, change: PriceChange) -> SafeString:
        return columns.product_link(change.product)

    @display(description=_("State"), ordering="starts_at")
    def phase(self, change: PriceChange) -> SafeString:
        now = timezone.now()
        if change.withdrawn_at is not None:
            return badge(_("Withdrawn"), "warning")
        if change.ends_at is not None and change.ends_at <= now:
            return badge(_("Ended"))
        if change.starts_at <= now:
            return badge(_("Running"), "success")
        return badge(_("Coming"), "info")

    @display(description=_("Price"), ordering="price")
    def price_then(self, change: PriceChange) -> SafeString:
        return money(change.price, change.product.currency)

    @display(description=_("List price"), ordering="product__price")
    def list_price(self, change: PriceChange) -> SafeString:
        return money(change.product.price, change.product.currency)

    @display(description=_("From"), ordering="starts_at")
    def starts(self, change: PriceChange) -> SafeString | str:
        return columns.moment(change.starts_at)

    @display(description=_("Until"), ordering="ends_at")
    def ends(self, change: PriceChange) -> SafeString | str:
        return columns.moment(change.ends_at) if change.ends_at else _("withdrawn")

    @display(description=_("Withdrawn"))
    def withdrawn(self, change: PriceChange) -> SafeString | str:
        return columns.moment(change.withdrawn_at)
