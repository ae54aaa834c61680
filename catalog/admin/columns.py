"""How catalogue facts look in a list's cell: picture, money, stock. No query runs here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from backoffice.adminkit.display import badge, money, number, state_badge
from catalog.models import Category, Product, StockLevel, StockMovement

NOTHING = "–"
MOST_CHARS = 90
BEST_RATING = 5
KIND_TONES = {
    "receive": "success",
    "adjust": "warning",
    "commit": "info",
    "release": "neutral",
    "ship": "info",
    "return": "success",
}


def symbol(name: str, title: str = "", classes: str = "") -> SafeString:
    """Draw a symbol; one that says something alone gets a title, which is read out too."""
    if not title:
        return format_html(
            '<span class="material-symbols-outlined {}" aria-hidden="true">{}</span>', classes, name
        )
    return format_html(
        '<span class="material-symbols-outlined {0}" role="img" title="{1}" aria-label="{1}">'
        "{2}</span>",
        classes,
        title,
        name,
    )


def thumb(file_name: str | None, *, is_parent: bool = False) -> SafeString:
    """Draw the leading picture, or a symbol in its place."""
    if file_name:
        return format_html(
            '<img class="cat-thumb" src="{}" alt="" loading="lazy" width="36" height="36">',
            default_storage.url(file_name),
        )
    name = "stacks" if is_parent else "package_2"
    return format_html('<span class="cat-thumb">{}</span>', symbol(name))


def product_cell(product: Product, *, picture: str | None, is_parent: bool) -> SafeString:
    """Draw picture, name, and beneath it the SKU."""
    return format_html(
        '<span class="cat-product">{}<span class="cat-product-words">'
        '<span class="cat-name" title="{}">{}</span><span class="cat-sku">{}</span></span></span>',
        thumb(picture, is_parent=is_parent),
        product.name,
        product.name,
        product.sku,
    )


def product_link(product: Product) -> SafeString:
    """Link to a product's page by name, its SKU beneath."""
    return format_html(
        '<a class="cat-product-words" href="{}"><span class="cat-name" title="{}">{}</span>'
        '<span class="cat-sku">{}</span></a>',
        reverse("admin:catalog_product_change", args=[product.pk]),
        product.name,
        product.name,
        product.sku,
    )


def amount(value: Decimal) -> str:
    return number_format(value, 2, force_grouping=True)


def status_badge(product: Product) -> SafeString:
    return state_badge(Product.flow, product)


def price_cell(product: Product, running: Decimal | None) -> SafeString:
    """Draw the price that customers pay; while a scheduled one runs, the list price is struck."""
    if running is None:
        return money(product.price, product.currency)
    return format_html(
        '<span class="cat-num cat-two-lines"><span class="cat-running">{}{} '
        '<span class="cat-unit">{}</span></span><s class="cat-struck" title="{}">{}</s></span>',
        symbol("schedule", _("A scheduled price is running")),
        amount(running),
        product.currency,
        _("List price"),
        amount(product.price),
    )


def stock_cell(available: int, threshold: int, *, is_parent: bool, is_sold: bool) -> SafeString:
    """Draw what can still be promised; red at or below the threshold of a product on sale."""
    if is_parent:
        return format_html('<span class="cat-num cat-muted">{}</span>', _("via variants"))
    if available <= 0:
        tone, title = "cat-out" if is_sold else "cat-muted", _("Out of stock")
    elif available <= threshold and is_sold:
        tone, title = "cat-low", _("At or below its threshold of %(units)d") % {"units": threshold}
    else:
        tone, title = "", ""
    return format_html(
        '<span class="cat-num {}" title="{}">{}</span>',
        tone,
        title,
        number_format(available, force_grouping=True),
    )


def stock_facts(levels: Iterable[StockLevel]) -> list[tuple[str, SafeString]]:
    """Say for a dialog what lies where."""
    return [
        (
            level.location.name,
            format_html(
                _("{} on hand, {} committed, {} available"),
                number(level.on_hand),
                number(level.committed),
                number(level.available),
            ),
        )
        for level in levels
    ]


def kind_badge(movement: StockMovement) -> SafeString:
    return badge(movement.get_kind_display(), KIND_TONES.get(movement.kind, "neutral"))


def signed(units: int) -> SafeString:
    """Write a difference with its sign; nothing for zero."""
    if not units:
        return format_html('<span class="cat-num cat-muted">{}</span>', NOTHING)
    return format_html(
        '<span class="cat-num {}">{}{}</span>',
        "cat-minus" if units < 0 else "cat-plus",
        "−" if units < 0 else "+",
        number_format(abs(units), force_grouping=True),
    )


def price_story_link(product: Product) -> SafeString:
    """Link to who changed the price, when and why."""
    return format_html(
        '<a class="cat-clock" href="{}">{} {}</a>',
        reverse("admin:catalog_product_prices", args=[product.pk]),
        symbol("history"),
        _("Who changed it, when and why"),
    )


def moment(at: datetime | None) -> SafeString | str:
    """Write a moment short; the whole of it on hover."""
    if at is None:
        return NOTHING
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" title="{}" class="cat-time">{}</time>',
        local.isoformat(),
        date_format(local, "DATETIME_FORMAT"),
        date_format(local, "j M Y, H:i"),
    )


def category_cell(category: Category | None) -> SafeString | str:
    """Name a category, and beneath it the one that it hangs below."""
    if category is None:
        return NOTHING
    if category.parent is None:
        return category.name
    return format_html(
        '<span class="cat-product-words">{}<span class="cat-sku">{}</span></span>',
        category.name,
        category.parent.name,
    )


def count_link(count: int, url: str) -> SafeString:
    """A number that leads to what was counted."""
    if not count:
        return number(0)
    return format_html('<a class="bo-money cat-link" href="{}">{}</a>', url, number(count))


def two_lines(title: str, text: str) -> SafeString:
    """Write a title, and a longer text beneath it in one line; the whole of it on hover."""
    return format_html(
        '<span class="cat-product-words"><span class="cat-name">{}</span>'
        '<span class="cat-sku cat-words" title="{}">{}</span></span>',
        title,
        text,
        Truncator(text).chars(MOST_CHARS),
    )


def stars(rating: int) -> SafeString:
    label = _("%(rating)d of 5 stars") % {"rating": rating}
    return format_html(
        '<span class="cat-stars" role="img" aria-label="{0}" title="{0}">{1}'
        '<span class="cat-stars-left">{2}</span></span>',
        label,
        "★" * rating,
        "★" * (BEST_RATING - rating),
    )
