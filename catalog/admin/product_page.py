"""What a product's page shows beside its form, and the story of its price. Only reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from backoffice.adminkit import timeline
from backoffice.models import User
from catalog.admin import columns
from catalog.admin.facts import load_product_facts
from catalog.models import PriceChange, Product, StockMovement

if TYPE_CHECKING:
    from backoffice.adminkit.console import ConsoleAdmin

RECENT_MOVEMENTS = 10
MOST_VARIANTS = 100
PRICE_COLUMNS = ("price", "compare_at_price", "cost", "currency")


def panels_of(product: Product, user: User) -> dict[str, Any]:
    """Return the template context of a product whose facts are loaded."""
    now = timezone.now()
    variants = list(product.variants.order_by("name")[:MOST_VARIANTS])
    load_product_facts(variants)
    scheduled = product.price_changes.filter(
        Q(ends_at=None) | Q(ends_at__gt=now), withdrawn_at=None
    ).order_by("starts_at")
    movements = (
        StockMovement.objects.filter(product=product)
        .select_related("location", "change_set__origin")
        .order_by("-id")
    )
    return {
        "product": product,
        "facts": product.facts,
        "thumb": columns.thumb(product.facts.picture, is_parent=product.facts.is_parent),
        "price": columns.price_cell(product, product.facts.running_price),
        "available": columns.stock_cell(
            product.facts.available,
            product.low_stock_threshold,
            is_parent=product.facts.is_parent,
            is_sold=product.status == "published",
        ),
        "levels": list(product.levels.select_related("location").order_by("location__priority")),
        "scheduled": [
            {
                "change": change,
                "is_running": change.starts_at <= now,
                "price": columns.money(change.price, product.currency),
            }
            for change in scheduled
        ],
        "variants": [
            {
                "row": variant,
                "options": ", ".join(variant.options.values()) or variant.name,
                "badge": columns.status_badge(variant),
                "price": columns.price_cell(variant, variant.facts.running_price),
                "stock": columns.stock_cell(
                    variant.facts.available,
                    variant.low_stock_threshold,
                    is_parent=False,
                    is_sold=variant.status == "published",
                ),
            }
            for variant in variants
        ],
        "movements": [
            {
                "row": movement,
                "kind": columns.kind_badge(movement),
                "on_hand": columns.signed(movement.on_hand_delta),
                "committed": columns.signed(movement.committed_delta),
            }
            for movement in movements[:RECENT_MOVEMENTS]
        ],
        "may_price": user.has_perm("catalog.change_price_product"),
        "may_stock": user.has_perm("catalog.adjust_stock_product"),
        "may_see_movements": user.has_perm("catalog.view_stockmovement"),
        "may_see_prices": user.has_perm("catalog.view_pricechange"),
    }


def price_story_view(admin: ConsoleAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Answer: who changed the price, when, through which door, and why."""
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET"])
    product = admin.get_object(request, object_id)
    if product is None:
        raise Http404
    if not admin.has_view_permission(request, product):
        raise PermissionDenied
    load_product_facts([product])
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Price of {product}").format(product=product),
        "opts": admin.opts,
        "original": product,
        "object": product,
        "product": product,
        "price": columns.price_cell(product, product.facts.running_price),
        "compare_at": columns.money(product.compare_at_price, product.currency),
        "cost": columns.money(product.cost, product.currency),
        "entries": price_story(product),
        "can_see_change_sets": request.user.has_perm("backoffice.view_changeset"),
    }
    return TemplateResponse(request, "catalog/admin/price_story.html", context)


def price_story(product: Product) -> list[timeline.Entry]:
    """Return every change of price columns and every scheduled price, newest first."""
    entries = [*_list_price(product), *_scheduled_prices(product)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _list_price(product: Product) -> list[timeline.Entry]:
    """Return the history rows in which a price column moved, with those columns only."""
    rows = timeline.history_rows(Product, product.pk)
    steps = list(rows.order_by("history_id").values_list("history_id", *PRICE_COLUMNS))
    moved: dict[int, int | None] = {}
    for place, (history_id, *prices) in enumerate(steps):
        before = steps[place - 1] if place else None
        if before is None or list(before[1:]) != prices:
            moved[history_id] = before[0] if before else None
    found = {
        row.history_id: row
        for row in rows.filter(history_id__in={*moved, *moved.values()} - {None})
    }
    chosen = [found[history_id] for history_id in moved]
    befores = [found.get(moved[row.history_id]) for row in chosen]
    labels = {str(Product._meta.get_field(name).verbose_name).lower() for name in PRICE_COLUMNS}
    entries = timeline.entries_of(Product, chosen, before=befores)
    for entry, row in zip(entries, chosen, strict=True):
        entry.changes = [change for change in entry.changes if change.label.lower() in labels]
        if row.history_type == "+":
            entry.body = _("Price {price} {currency}").format(
                price=columns.amount(row.price), currency=row.currency
            )
    return entries


def _scheduled_prices(product: Product) -> list[timeline.Entry]:
    history = timeline.history_model_of(PriceChange)
    rows = list(
        history.objects.filter(product_id=product.pk)
        .select_related("change_set", "change_set__origin")
        .order_by("-history_id")
    )
    entries = timeline.entries_of(PriceChange, rows, before=[])
    for entry, row in zip(entries, rows, strict=True):
        entry.title = _("Price withdrawn") if row.withdrawn_at else _("Price scheduled")
        entry.tone = "warning" if row.withdrawn_at else "info"
        entry.icon = "event_busy" if row.withdrawn_at else "schedule"
        entry.body = scheduled_words(row, product.currency)
        entry.changes = []
        entry.url = ""
    return entries


def scheduled_words(change: Any, currency: str) -> str:
    """Say what a scheduled price is: amount, from, until."""
    start = date_format(timezone.localtime(change.starts_at), "SHORT_DATETIME_FORMAT")
    price = f"{columns.amount(change.price)} {currency}"
    if change.ends_at is None:
        return _("{price} from {start}, until it is withdrawn").format(price=price, start=start)
    end = date_format(timezone.localtime(change.ends_at), "SHORT_DATETIME_FORMAT")
    return _("{price} from {start} until {end}").format(price=price, start=start, end=end)
