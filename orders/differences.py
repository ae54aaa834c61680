"""What is not the same in two history rows of one row: old → new, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from backoffice.models import User
from catalog.models import StockLocation
from orders.discounts import in_short
from orders.models import Address, Contact, Order
from orders.sight import Sight

EMPTY = "–"


@dataclass(frozen=True)
class Difference:
    """One thing that changed, in words."""

    label: str
    old: str
    new: str


# They stand beside the discount's sum.
DISCOUNT_REASONS = frozenset({"discount_percent", "discount_reason"})


def _raw(of: Any, row: Any) -> Any:
    return _discount(row) if of.name == "discount" else getattr(row, of.attname)


def _discount(row: Any) -> str:
    if not row.discount:
        return EMPTY
    why = in_short(row)
    return f"−{row.discount:,.2f} ({why})" if why else f"−{row.discount:,.2f}"


class Words:
    """Values of history rows in words; rows that they refer to are looked up once per kind."""

    def __init__(self, orders: Sequence[Any], lines: Sequence[Any], sight: Sight) -> None:
        self.sight = sight
        self._names: dict[tuple[type[models.Model], Any], str] = {}
        self._look_up(User, orders, ("customer_id", "assignee_id"), self._user)
        self._look_up(Contact, orders, ("contact_id",), sight.contact)
        self._look_up(Address, orders, ("billing_address_id", "shipping_address_id"), sight.address)
        self._look_up(StockLocation, lines, ("location_id",), str)
        self._look_up(Order, orders, ("copied_from_id", "merged_into_id"), str)

    def differences(
        self, model: type[models.Model], noise: frozenset[str], older: Any, row: Any
    ) -> list[Difference]:
        """Return what is not the same in two history rows of one row, in words.

        A discount's columns are one thing: its sum with its reason.
        """
        return [
            Difference(str(f.verbose_name).capitalize(), self._tell(f, older), self._tell(f, row))
            for f in model._meta.concrete_fields
            if f.name not in noise | DISCOUNT_REASONS and _raw(f, older) != _raw(f, row)
        ]

    def _tell(self, of: Any, row: Any) -> str:
        if of.name == "discount":
            return _discount(row)
        return self._say(of, getattr(row, of.attname))

    def _look_up(
        self, model: type[models.Model], rows: Sequence[Any], columns: Sequence[str], say: Any
    ) -> None:
        """Look up only what some pair of rows differs in: the common page asks nothing."""
        ids: set[Any] = set()
        for column in columns:
            values = {getattr(row, column) for row in rows}
            ids |= values if len(values) > 1 else set()
        found = model._base_manager.in_bulk(list(ids - {None})) if ids - {None} else {}
        self._names |= {(model, pk): say(row) for pk, row in found.items()}

    def _user(self, user: User) -> str:
        return str(user) if user.is_staff else self.sight.name(str(user))

    def _say(self, of: Any, value: Any) -> str:
        if value is None or value == "":
            return EMPTY
        if of.remote_field:
            model = of.remote_field.model._meta.concrete_model
            return self._names.get((model, value), str(value))
        if of.choices:
            value = dict(of.flatchoices).get(value, value)
        elif isinstance(value, bool):
            value = _("yes") if value else _("no")
        elif isinstance(value, Decimal):
            value = f"{value:,.2f}"
        elif isinstance(value, datetime):
            value = date_format(localtime(value), "j M Y, H:i")
        elif isinstance(value, date):
            value = date_format(value, "j M Y")
        return str(value)
