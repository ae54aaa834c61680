"""What cells of other shops' product files mean for a column of ours, where several agree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext_lazy as _

from backoffice.imports import compound, parse
from backoffice.imports.parse import Fault
from catalog.models import Product
from catalog.services.limits import limit_of
from catalog.sheets.recipes.foreign import Remarks, Source

GRAMS = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "lb": Decimal("453.59237"),
    "lbs": Decimal("453.59237"),
    "oz": Decimal("28.349523125"),
}
# Words for tax classes that ours has too.
TAX_CLASSES = {
    "default": "standard",
    "standard": "standard",
    "taxable goods": "standard",
    "reduced": "reduced",
    "reduced-rate": "reduced",
    "none": "zero",
    "zero": "zero",
    "zero-rate": "zero",
}
FALSE = {"false", "no", "0"}


def amount(source: Source, text: str) -> Decimal | None:
    """Return a price as the file writes it; None where there is none, or none that can be read."""
    try:
        return parse.money(source.header.canonical(text))
    except Fault:
        return None


def put_number(source: Source, column: str, key: str) -> None:
    if source.has(key):
        source.put(column, key, source.header.written(source.number(key)) or None)


def put_prices(source: Source, price: str, compare_at: str, remarks: Remarks) -> None:
    """Hand on price and struck-out price; one that is not above the price strikes out nothing."""
    put_number(source, "price", price)
    if compare_at not in source.header:
        return
    was = amount(source, source.text(compare_at))
    now = amount(source, source.text(price)) or Decimal(0)
    if source.has(compare_at) and (was is None or was > now):
        put_number(source, "compare_at_price", compare_at)
        return
    source.put("compare_at_price", compare_at, "", empties=True)
    if was:
        remarks.add(
            "compare_at_left_out",
            _(
                "A compare-at price that is not above the price is left out "
                "(rows: {count}, the first on line {line})."
            ),
            source,
            compare_at,
        )


def put_stock(source: Source, key: str, text: str | None = None) -> None:
    """Hand on pieces; a shop that sells on writes less than none, which is none on the shelf."""
    said = source.number(key) if text is None else text
    if re.fullmatch(r"-[0-9]+", said):
        source.put("stock", key, "0")
        source.note(
            key,
            "stock_below_zero",
            _("{stock} pieces there were sold beyond what is on the shelf; the stock becomes 0."),
            stock=parse.shown(said),
        )
    elif said or source.has(key):
        source.put("stock", key, said or None)


def put_kept_stock(source: Source, key: str, flag_key: str, remarks: Remarks) -> None:
    """Hand on pieces, unless the shop says that it does not count them."""
    if source.text(flag_key).casefold() not in FALSE:
        put_stock(source, key)
    elif source.has(key):
        stock_not_kept(source, flag_key, remarks)


def stock_not_kept(source: Source, key: str, remarks: Remarks) -> None:
    remarks.add(
        "stock_not_kept",
        _(
            "The stock of products that are not counted there is left as it is "
            "(rows: {count}, the first on line {line})."
        ),
        source,
        key,
    )


def put_weight(source: Source, key: str, grams: Decimal) -> None:
    """Hand on a weight in whole grams. grams: of one unit. None, or 0, says nothing."""
    text = source.number(key)
    if not text and not source.has(key):
        return
    if not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,15})?", text):
        source.refuse(
            key,
            "bad_weight",
            _("“{value}” is no weight."),
            _("Write a number with a decimal point, for example 0.35."),
            field="weight_grams",
            value=parse.shown(source.raw(key)),
        )
        return
    whole = (Decimal(text) * grams).quantize(Decimal(1), ROUND_HALF_UP)
    if Decimal(text):
        source.put("weight_grams", key, str(whole))


def put_weight_in(source: Source, key: str, unit_key: str) -> None:
    """Hand on a weight whose unit stands in another column."""
    if not source.has(key):
        return
    unit = source.text(unit_key).casefold()
    if unit not in GRAMS:
        source.refuse(
            unit_key,
            "bad_weight_unit",
            _("“{value}” is no unit of weight that is known here."),
            _("Known are {known}."),
            field="weight_grams",
            value=parse.shown(unit),
            known=", ".join(GRAMS),
        )
        return
    put_weight(source, key, GRAMS[unit])


def put_path(source: Source, key: str, paths: Sequence[Sequence[str]], remarks: Remarks) -> None:
    """Hand on one of several categories: the deepest, of equally deep ones the first."""
    if not paths:
        return
    path = max(paths, key=len)
    if marked := next((level for level in path if ">" in level), ""):
        source.refuse(
            key,
            "level_mark",
            _("The category “{value}” has a “>” in its name, which parts levels here."),
            _("Rename it, or write another category."),
            field="category",
            value=parse.shown(marked),
        )
        return
    source.put("category", key, " > ".join(path))
    if len(paths) > 1:
        remarks.add(
            "one_category",
            _(
                "A product has one category here: of several the deepest is kept "
                "(rows: {count}, the first on line {line})."
            ),
            source,
            key,
        )


def levels(text: str, mark: str) -> list[str]:
    return [level.strip() for level in text.split(mark) if level.strip()]


def put_slug(source: Source, key: str, remarks: Remarks) -> None:
    """Hand on the address, unless it has what addresses here do not."""
    if not source.has(key):
        return
    try:
        parse.slug(source.raw(key), longest=limit_of(Product, "slug"))
    except Fault:
        remarks.add(
            "slug_left_out",
            _(
                "Addresses with other signs than lower-case letters, digits and single hyphens "
                "are left out; new products get one made from the name "
                "(rows: {count}, the first on line {line})."
            ),
            source,
            key,
        )
        return
    source.put("slug", key)


def put_meta(source: Source, column: str, key: str, remarks: Remarks) -> None:
    """Hand on words for search engines, unless they are longer than what is shown."""
    limit = limit_of(Product, column) or 0
    text = source.text(key)
    if len(text) <= limit:
        source.put(column, key)
        return
    remarks.add(
        f"{column}_left_out",
        _(
            "{column} of more than {limit} characters is left out "
            "(rows: {count}, the first on line {line})."
        ),
        source,
        key,
        column=source.header.names.get(key, key),
        limit=limit,
    )


def put_tax(source: Source, key: str, remarks: Remarks) -> None:
    word = source.text(key)
    if not word:
        return
    if (tax_class := TAX_CLASSES.get(word.casefold())) is not None:
        source.put("tax_class", key, tax_class)
        return
    remarks.add(
        "tax_class_unknown",
        _(
            "A tax class that is not known here, such as “{word}”, is left aside "
            "(rows: {count}, the first on line {line})."
        ),
        source,
        key,
        word=parse.shown(word),
    )


def put_status(source: Source, key: str, words: Mapping[str, str]) -> str:
    """Hand on the status by the words of the other shop, and return what they say."""
    said = source.text(key).casefold()
    if not said:
        return ""
    if said not in words:
        source.refuse(
            key,
            "unknown_status",
            _("“{value}” is no status of a product there."),
            _("Known are {known}."),
            field="status",
            value=parse.shown(said),
            known=", ".join(words),
        )
        return ""
    source.put("status", key, words[said])
    return said


def inherit(child: Source, parent: Source, columns: Iterable[str]) -> None:
    """Give a variant what its own row leaves to its parent's."""
    for column in columns:
        if column not in child.row.cells and column in parent.row.cells:
            child.row.cells[column] = parent.row.cells[column]


def hang(
    child: Source, parent_sku: str, options: Mapping[str, str], *, key: str, option_key: str
) -> None:
    """Make a row the variant of a parent."""
    child.put("parent_sku", key, parent_sku)
    if options:
        child.put("options", option_key, compound.joined_pairs(options))


def variant_name(name: str, options: Mapping[str, str]) -> str:
    """Return "Hoodie - Red, M": a variant's name where its shop gives it none."""
    words = [name, ", ".join(options.values())]
    return " - ".join(word for word in words if word)


def price_of_variants(parent: Source, children: Iterable[Source], key: str) -> None:
    """Let the lowest price of its variants stand for a parent that has none of its own."""
    if amount(parent, parent.said("price")):
        return
    known = [
        (price, child)
        for child in children
        if (price := amount(child, child.said("price"))) is not None
    ]
    if not known:
        return
    # Amounts of two currencies cannot be held against each other.
    currency = known[0][1].said("currency")
    lowest = min(price for price, child in known if child.said("currency") == currency)
    parent.put("price", key, parent.header.written(f"{lowest:.2f}"))
    if currency:
        parent.row.cells["currency"] = known[0][1].row.cells["currency"]
