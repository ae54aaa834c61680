"""What happened to a product: its history with tags and pictures, and the story of its price."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.adminkit import timeline
from catalog.admin import columns
from catalog.admin.facts import load_product_facts
from catalog.models import PriceChange, Product, ProductImage, ProductTag, Tag

if TYPE_CHECKING:
    from backoffice.adminkit.console import ConsoleAdmin

PRICE_COLUMNS = ("price", "compare_at_price", "cost", "currency")
PICTURE_TITLES = {
    "+": gettext_lazy("Picture added"),
    "~": gettext_lazy("Picture changed"),
    "-": gettext_lazy("Picture removed"),
}


# --- The whole history -------------------------------------------------------------------------


def add_links(
    product_id: int, entries: list[timeline.Entry], *, page_number: int, has_older: bool
) -> list[timeline.Entry]:
    """Return one page of a product's timeline with what happened to its tags and pictures.

    Tags and pictures have tables, and histories, of their own.
    """
    _tell_tags(product_id, entries)
    since = entries[-1].at if entries and has_older else None
    pictures = _pictures(product_id, since, _end_of_newer_page(product_id, page_number))
    return sorted([*entries, *pictures], key=lambda entry: entry.at, reverse=True)


def _end_of_newer_page(product_id: int, page_number: int) -> datetime | None:
    """Return when the last line of the newer page happened: its pictures stand there."""
    if page_number == 1:
        return None
    place = (page_number - 1) * timeline.PAGE_ROWS - 1
    rows = timeline.history_rows(Product, product_id).values_list("history_date", flat=True)
    return next(iter(rows[place : place + 1]), None)


def _tell_tags(product_id: int, entries: Sequence[timeline.Entry]) -> None:
    by_change_set = {entry.change_set_id: entry for entry in entries if entry.step == ""}
    history = timeline.history_model_of(ProductTag)
    links = list(
        history.objects.filter(product_id=product_id, change_set__in=by_change_set).values_list(
            "change_set", "history_type", "tag"
        )
    )
    names = dict(
        Tag.objects.filter(pk__in={tag for _set, _kind, tag in links}).values_list("pk", "name")
    )
    moved: dict[int, dict[str, list[str]]] = defaultdict(lambda: {"+": [], "-": []})
    for change_set, kind, tag in links:
        moved[change_set][kind].append(names.get(tag, f"#{tag}"))
    for change_set, tags in moved.items():
        gone, come = (", ".join(sorted(tags[kind])) or timeline.EMPTY for kind in "-+")
        by_change_set[change_set].changes.append(timeline.FieldChange(_("Tags"), gone, come))


def _pictures(
    product_id: int, since: datetime | None, until: datetime | None
) -> list[timeline.Entry]:
    history = timeline.history_model_of(ProductImage)
    rows = history.objects.filter(product_id=product_id).select_related("change_set__origin")
    if since is not None:
        rows = rows.filter(history_date__gte=since)
    if until is not None:
        rows = rows.filter(history_date__lt=until)
    found = list(rows.order_by("-history_id")[: timeline.PAGE_ROWS])
    entries = timeline.entries_of(ProductImage, found, before=[])
    for entry, row in zip(entries, found, strict=True):
        entry.title = str(PICTURE_TITLES[row.history_type])
        entry.icon = "image"
        entry.body = row.alt_text
        entry.changes = []
    return entries


# --- The price ---------------------------------------------------------------------------------


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
