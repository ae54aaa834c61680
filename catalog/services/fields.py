"""What a product's own columns may hold: one pure function that names every problem at once.

Forms, sheets and services ask it alike; what needs the database (conflicts, parents) is not here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.refused import Text
from catalog.models import Product
from catalog.services.ledger import MOST_UNITS
from catalog.services.limits import limit_of

Errors = dict[str, list[Text]]
Cleaner = Callable[[Any], Any]

CENT = Decimal("0.01")
PRICE_LIMIT = Decimal(10) ** 10
OPTION_MAX_LENGTH = 100
# A spreadsheet's cell holds 32,767 characters: a longer text could be exported and never be read.
DESCRIPTION_MAX_LENGTH = 32_000


class _Problem(Exception):  # noqa: N818  (never leaves this module)
    def __init__(self, sentence: Text) -> None:
        self.sentence = sentence
        super().__init__(sentence)


def clean_fields(
    values: Mapping[str, Any], *, present: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], Errors]:
    """Return the values as they will be stored, and the problems by field name.

    values: any of a product's own columns. present: what the row holds already, for the rules
    that hold two fields against each other.
    """
    clean: dict[str, Any] = {}
    errors: Errors = {}
    for name, value in values.items():
        try:
            clean[name] = CLEANERS[name](value)
        except KeyError:
            errors.setdefault(name, []).append(_("This cannot be changed here."))
        except _Problem as problem:
            errors.setdefault(name, []).append(problem.sentence)
    both = {**(present or {}), **clean}
    price, compare_at = both.get("price"), both.get("compare_at_price")
    touched = {"price", "compare_at_price"} & clean.keys()
    if touched and price is not None and compare_at is not None and compare_at < price:
        errors.setdefault("compare_at_price", []).append(
            _(
                "The compare-at price {compare_at} is below the price {price}; raise or blank it."
            ).format(compare_at=compare_at, price=price)
        )
    return clean, errors


def clean_money(value: Any, *, field: str = "price") -> Decimal:
    """Return an amount as it will be stored. Raises ValueError with the sentence."""
    try:
        return CLEANERS[field](value)
    except _Problem as problem:
        raise ValueError(problem.sentence) from problem


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Problem(_("This must be text."))
    if "\x00" in value:
        raise _Problem(_("There is an invisible NUL character in it; type it again."))
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise _Problem(_("There is a broken character in it; type it again."))
    return value.strip()


def _text(name: str, *, required: bool = False, longest: int | None = None) -> Cleaner:
    max_length = longest or limit_of(Product, name)

    def clean(value: Any) -> str:
        text = _plain(value)
        if required and not text:
            raise _Problem(_("This is needed."))
        if max_length and len(text) > max_length:
            raise _Problem(
                _("{length} characters; at most {limit} fit.").format(
                    length=len(text), limit=max_length
                )
            )
        return text

    return clean


def _slug(value: Any) -> str:
    slug = _text("slug", required=True)(value)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
        raise _Problem(_("Use lower-case letters, digits and single hyphens."))
    return slug


def _currency(value: Any) -> str:
    currency = _plain(value)
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise _Problem(_("Use a three-letter currency code, for example EUR."))
    return currency


def _money(*, required: bool = False) -> Cleaner:
    def clean(value: Any) -> Decimal | None:
        if value is None and not required:
            return None
        if isinstance(value, bool) or not isinstance(value, Decimal | int):
            raise _Problem(_("An amount of money is needed."))
        amount = Decimal(value)
        if not amount.is_finite() or amount >= PRICE_LIMIT:
            raise _Problem(_("This is too large for an amount of money."))
        if amount < 0:
            raise _Problem(_("This may not be negative."))
        if amount != amount.quantize(CENT):
            raise _Problem(_("At most two decimals."))
        return amount.quantize(CENT)

    return clean


def _whole(*, required: bool = False) -> Cleaner:
    def clean(value: Any) -> int | None:
        if value is None and not required:
            return None
        if type(value) is not int or not 0 <= value <= MOST_UNITS:
            raise _Problem(_("A whole number, zero or more, is needed."))
        return value

    return clean


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Problem(_("Yes or no is needed."))
    return value


def _options(value: Any) -> dict[str, str]:
    """Options are words for words: {"Colour": "Slate", "Size": "M"}."""
    if not isinstance(value, Mapping):
        raise _Problem(_("Write options as name and value, for example Colour=Slate."))
    clean: dict[str, str] = {}
    for name, word in value.items():
        if not isinstance(name, str) or not isinstance(word, str):
            raise _Problem(_("Option names and values are text."))
        name_text, word_text = _plain(name), _plain(word)
        if not name_text or not word_text:
            raise _Problem(_("An option needs a name and a value, for example Colour=Slate."))
        if max(len(name_text), len(word_text)) > OPTION_MAX_LENGTH:
            raise _Problem(
                _("An option's name or value is longer than {limit} characters.").format(
                    limit=OPTION_MAX_LENGTH
                )
            )
        clean[name_text] = word_text
    return clean


CLEANERS: dict[str, Cleaner] = {
    "sku": _text("sku", required=True),
    "barcode": _text("barcode"),
    "name": _text("name", required=True),
    "slug": _slug,
    "description": _text("description", longest=DESCRIPTION_MAX_LENGTH),
    "options": _options,
    "price": _money(required=True),
    "compare_at_price": _money(),
    "cost": _money(),
    "currency": _currency,
    "tax_class": _text("tax_class"),
    "weight_grams": _whole(),
    "is_featured": _flag,
    "low_stock_threshold": _whole(required=True),
    "meta_title": _text("meta_title"),
    "meta_description": _text("meta_description"),
}
