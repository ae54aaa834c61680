"""Why the catalogue refuses, where more than one verb says so."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from backoffice.refused import Refused, Text, UnknownRow


class UnknownProduct(UnknownRow):
    sentence = _("There is no product {key}.")


def unknown_among(product_ids: Iterable[int], rows: Iterable[Model]) -> list[tuple[Any, Refused]]:
    """Return a refusal for each key that no row was found for."""
    found = {row.pk for row in rows}
    return [(pk, UnknownProduct(key=pk)) for pk in product_ids if pk not in found]


class FieldRefused(Refused, ABC):
    """A refusal that belongs to fields of a form."""

    @property
    @abstractmethod
    def errors(self) -> dict[str, list[str]]:
        """Return the sentences by the field's name."""


class InvalidProduct(FieldRefused):
    """Every problem of one product at once; facts: sku."""

    sentence = _("{sku}: {summary}")

    def __init__(self, *, sku: str, errors: Mapping[str, Sequence[Text]]) -> None:
        self._errors = {name: [str(text) for text in texts] for name, texts in errors.items()}
        summary = " ".join(text for texts in self._errors.values() for text in texts)
        super().__init__(sku=sku or _("(no SKU)"), summary=summary)

    @property
    def errors(self) -> dict[str, list[str]]:
        return self._errors


class Duplicate(FieldRefused):
    """Another product has this already; facts: value, other (its name), other_sku."""

    field: ClassVar[str]
    http_status = 409

    @property
    def errors(self) -> dict[str, list[str]]:
        return {self.field: [str(self)]}


class DuplicateSku(Duplicate):
    field = "sku"
    sentence = _("The SKU {value} belongs to “{other}” already.")
    hint = _("Choose another SKU, or edit that product.")


class DuplicateSlug(Duplicate):
    field = "slug"
    sentence = _("The slug {value} leads to “{other}” ({other_sku}) already.")
    hint = _("Choose another slug, or leave it blank to have one made from the name.")


class DuplicateBarcode(Duplicate):
    field = "barcode"
    sentence = _("The barcode {value} is on “{other}” ({other_sku}) already.")
    hint = _("Scan it again, or correct the other product first.")


class PriceReasonMissing(FieldRefused):
    """A price changes and nobody said why."""

    sentence = _("A price change needs a reason.")
    hint = _("Write one sentence that a colleague understands next month.")

    @property
    def errors(self) -> dict[str, list[str]]:
        return {"price": [str(self)]}


class PriceStockRuleBroken(FieldRefused):
    """facts: sku, price, units, price_above, units_above."""

    sentence = _(
        "{sku}: a price of {price} with {units} units on hand; above {price_above} at most "
        "{units_above} units are allowed."
    )
    hint = _("Check both numbers: one of them is probably a slip of the keyboard.")

    @property
    def errors(self) -> dict[str, list[str]]:
        return {"price": [str(self)]}


class NotPositive(Refused):
    """facts: units."""

    sentence = _("{units} units: a whole number, 1 or more, is needed.")


def errors_of(refusal: Refused, *, field: str = "") -> dict[str, list[str]]:
    """Return a refusal by field, as forms and reports want it; `field`: when it names none."""
    if isinstance(refusal, FieldRefused):
        return refusal.errors
    return {field: [str(refusal)]}


def facts_of(product: Any) -> dict[str, str]:
    """Return how a sentence names the other product of a conflict."""
    return {"other": product.name, "other_sku": product.sku}
