"""A product's page of the past: what `catalog.as_of` tells, in words, beside how it is now."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from backoffice.adminkit.as_of import Section, ShowsAsOf, View, facts_between, lines_between
from backoffice.adminkit.timeline import SILENT_FIELDS, Words
from backoffice.as_of import Instant, Trace
from backoffice.models import User
from catalog.admin import columns
from catalog.as_of import ProductPast, ProductThen, locations
from catalog.models import Product, StockLocation
from catalog.states import PRODUCT_FLOW

# Status is a badge; the rest of these stands in sections of their own.
ELSEWHERE = SILENT_FIELDS | {"status", "price", "compare_at_price", "cost", "currency"}

Rows = dict[Hashable, list[str]]


class ShowsProductAsOf(ShowsAsOf):
    """The part of ProductAdmin that shows one product as it was."""

    def past_of(self, request: HttpRequest, row: Any) -> PastOfProduct:
        return PastOfProduct(row, request.user)


class PastOfProduct:
    """What the page asks of one product's record."""

    def __init__(self, product: Product, reader: User) -> None:
        self.name = str(product)
        self.reader = reader
        self.past = ProductPast(product.pk)

    @property
    def traces(self) -> list[Trace]:
        return self.past.traces

    def view(self, instant: Instant) -> View | None:
        """Return the product then beside the product now."""
        then, now = self.past.at(instant), self.past.at(None)
        if then is None or now is None:
            return None
        tracked: Sequence[Any] = Product.history.model.tracked_fields
        fields = [f for f in tracked if f.name not in ELSEWHERE]
        words = Words(fields, [then.product, now.product], self.reader)
        places = locations({*then.stock, *now.stock})

        def facts(of: ProductThen) -> dict[Any, str]:
            told = {
                str(capfirst(f.verbose_name)): words.of(f, of.product).replace(columns.NOTHING, "")
                for f in fields
            }
            return {**told, _("Tags"): ", ".join(of.tags)}

        return View(
            badges=[(PRODUCT_FLOW.state_of(then.product), PRODUCT_FLOW.state_of(now.product))],
            facts=facts_between(facts(then), facts(now)),
            sections=[
                Section(
                    _("Price"),
                    [_("Price"), _("Amount")],
                    lines_between(_prices(then), _prices(now)),
                    numbers=frozenset({1}),
                ),
                Section(
                    _("Stock"),
                    [
                        _("Location"),
                        _("On hand"),
                        _("Committed"),
                        _("Unavailable"),
                        _("Available"),
                    ],
                    lines_between(_stock(then, places), _stock(now, places)),
                    _("Nothing had ever lain on the shelf."),
                    frozenset({1, 2, 3, 4}),
                ),
                Section(
                    _("Scheduled prices"),
                    [_("From"), _("Until"), _("Withdrawn"), _("Price")],
                    lines_between(_scheduled(then), _scheduled(now)),
                    _("None was scheduled."),
                    frozenset({3}),
                ),
                Section(
                    _("Pictures"),
                    [_("Place"), _("Alternative text")],
                    lines_between(_pictures(then), _pictures(now)),
                    _("It had no picture."),
                ),
            ],
        )


def _prices(then: ProductThen) -> Rows:
    product = then.product
    named = {
        _("List price"): product.price,
        _("Compare-at price"): product.compare_at_price,
        _("Cost"): product.cost,
        _("Scheduled price in force"): then.running_price,
    }
    return {
        label: [
            label,
            columns.NOTHING if price is None else f"{columns.amount(price)} {product.currency}",
        ]
        for label, price in named.items()
    }


def _stock(then: ProductThen, places: dict[int, StockLocation]) -> Rows:
    return {
        key: [
            str(place),
            str(then.stock[key].on_hand),
            str(then.stock[key].committed),
            str(then.stock[key].unavailable),
            str(then.stock[key].available),
        ]
        for key, place in places.items()
        if key in then.stock
    }


def _scheduled(then: ProductThen) -> Rows:
    return {
        change.pk: [
            _moment(change.starts_at),
            _moment(change.ends_at),
            _moment(change.withdrawn_at),
            f"{columns.amount(change.price)} {then.product.currency}",
        ]
        for change in then.price_changes
    }


def _pictures(then: ProductThen) -> Rows:
    return {
        image.pk: [str(image.position + 1), image.alt_text or columns.NOTHING]
        for image in then.pictures
    }


def _moment(moment: Any) -> str:
    return date_format(localtime(moment), "j M Y, H:i") if moment else columns.NOTHING
