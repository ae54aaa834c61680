"""Carts to look at: what lies in them, and which were left."""

from __future__ import annotations

from datetime import timedelta

import django_filters
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.console import ConsoleAdmin, Queue, badge, money
from backoffice.adminkit.display import number
from backoffice.adminkit.filters import ConsoleFilterSet, DayRangeFilter
from backoffice.adminkit.timeline import in_words
from orders.admin.payments import order_link
from orders.models import Cart
from orders.services import look_at

LEFT_AFTER_HOURS = 24


def left(carts: QuerySet[Cart]) -> QuerySet[Cart]:
    """Carts with something in them that nobody has touched for a day."""
    since = timezone.now() - timedelta(hours=LEFT_AFTER_HOURS)
    return carts.filter(checked_out_at=None, updated_at__lt=since, lines__isnull=False).distinct()


class CartFilterSet(ConsoleFilterSet):
    touched = DayRangeFilter(label=_("Last touched"), field_name="updated_at")
    whose = django_filters.ChoiceFilter(
        label=_("Whose"),
        choices=[("customer", _("A customer's")), ("visitor", _("A visitor's"))],
        method="by_owner",
        empty_label=_("Any"),
    )

    class Meta:
        model = Cart
        fields: list[str] = []

    def by_owner(self, carts: QuerySet[Cart], _name: str, whose: str) -> QuerySet[Cart]:
        return carts.filter(customer__isnull=whose == "visitor")


@admin.register(Cart)
class CartAdmin(ConsoleAdmin):
    """What was laid aside; nobody writes here."""

    list_display = ("id", "whose", "units", "standing", "touched")
    list_select_related = ("customer", "order")
    search_fields = ("order__number",)
    ordering = ("-updated_at", "-id")
    filterset_class = CartFilterSet
    queues = (Queue("left", _("Left"), left, tone="warning"),)
    fields = ("whose", "standing", "created_at", "touched", "contents", "worth")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, *args: object) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cart]:
        rows: QuerySet[Cart] = super().get_queryset(request)
        return rows.select_related("customer", "order").with_sums()  # type: ignore[attr-defined]

    @admin.display(description=_("Whose"))
    def whose(self, cart: Cart) -> str:
        return str(_("A customer")) if cart.customer_id else str(_("A visitor"))

    @admin.display(description=_("Units"))
    def units(self, cart: Cart) -> SafeString:
        return number(cart.units)

    @admin.display(description=_("State"))
    def standing(self, cart: Cart) -> SafeString:
        if cart.order is not None:
            return order_link(cart.order)
        since = timezone.now() - timedelta(hours=LEFT_AFTER_HOURS)
        if cart.units and cart.updated_at < since:
            return badge(_("Left"), "warning")
        return badge(_("Open"), "info")

    @admin.display(description=_("Last touched"), ordering="updated_at")
    def touched(self, cart: Cart) -> str:
        return in_words(cart.updated_at)

    @admin.display(description=_("What lies in it"))
    def contents(self, cart: Cart) -> SafeString | str:
        look = look_at(cart, at=timezone.now())
        rows = ((line.units, line.product.sku, line.product.name) for line in look.lines)
        return format_html_join("", "<div>{} × {} {}</div>", rows) or "–"

    @admin.display(description=_("Worth now"))
    def worth(self, cart: Cart) -> SafeString:
        look = look_at(cart, at=timezone.now())
        return money(look.subtotal, look.currency)
