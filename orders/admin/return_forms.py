"""The forms of a return's two pages: what each unit is, and what the customer gets instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.forms import INPUT, MoneyField, WholeNumberField
from backoffice.ids import uuid7
from orders.admin.order_form import BLANK_LINES, MOST_LINES, ProductField
from orders.models import Return, ReturnLine
from orders.services import Inspected

KINDS = (
    ("sellable", _("Sellable")),
    ("damaged", _("Damaged")),
    ("missing", _("Missing")),
)


def start_of(row: Return) -> dict[str, Any]:
    return {"idempotency_key": uuid7().hex, "version": row.version, "shipping_fee": Decimal("0.00")}


class _OnReturn(forms.Form):
    """What both forms carry along, and what makes a second press of the button harmless."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_("Remark"),
        required=False,
        max_length=4000,
        help_text=_("It stands in the timelines of the return and of the order."),
        widget=forms.TextInput(attrs={"class": INPUT, "autocomplete": "off"}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput)


@dataclass(frozen=True)
class InspectRow:
    """One line at the bench: the part, its three fields, and what is wrong with their sum."""

    part: ReturnLine
    fields: list[forms.BoundField]
    error: str


class InspectForm(_OnReturn):
    """Three numbers for each line, which add up to what was announced."""

    def __init__(self, parts: Sequence[ReturnLine], data: Any = None, *, row: Return) -> None:
        super().__init__(data, initial=start_of(row))
        self.parts = list(parts)
        self.sum_errors: dict[int, str] = {}
        for part in self.parts:
            for kind, label in KINDS:
                self.fields[f"{kind}-{part.line_id}"] = WholeNumberField(
                    label=label,
                    min_value=0,
                    required=False,
                    max_value=part.quantity,
                    initial=part.quantity if kind == "sellable" else 0,
                    widget=forms.NumberInput(
                        attrs={
                            "class": INPUT,
                            "inputmode": "numeric",
                            "min": 0,
                            "max": part.quantity,
                            "step": 1,
                            "data-kind": kind,
                        }
                    ),
                )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for part in self.parts:
            names = [f"{kind}-{part.line_id}" for kind, _label in KINDS]
            if any(name in self.errors for name in names):
                continue
            found = sum(cleaned.get(name) or 0 for name in names)
            if found != part.quantity:
                self.sum_errors[part.line_id] = str(
                    _("These add up to {found}, not to the {units} announced.")
                ).format(found=found, units=part.quantity)
        if self.sum_errors:
            self.add_error(None, _("Some numbers do not add up."))
        return cleaned

    @property
    def rows(self) -> list[InspectRow]:
        return [
            InspectRow(
                part,
                [self[f"{kind}-{part.line_id}"] for kind, _label in KINDS],
                self.sum_errors.get(part.line_id, ""),
            )
            for part in self.parts
        ]

    @property
    def results(self) -> dict[int, Inspected]:
        """What was found, as the verb takes it; a field left blank is none."""
        return {
            part.line_id: Inspected(
                **{kind: self.cleaned_data[f"{kind}-{part.line_id}"] or 0 for kind, _label in KINDS}
            )
            for part in self.parts
        }


class ExchangeForm(_OnReturn):
    """The new order's own columns; its customer, contact and address are the old one's."""

    shipping_fee = MoneyField(
        label=_("Shipping of the new order"),
        max_digits=12,
        decimal_places=2,
        min_value=0,
        widget=forms.TextInput(attrs={"class": INPUT, "inputmode": "decimal"}),
    )
    field_order = ("shipping_fee", "reason")

    @staticmethod
    def proposed(row: Return) -> list[dict[str, Any]]:
        """The same again, as far as it came back: most exchanges begin there."""
        return [
            {"product": part.line.product_id, "quantity": part.came_back}
            for part in row.lines.select_related("line").order_by("line_id")
            if part.came_back
        ]


class ExchangeLine(forms.Form):
    product = ProductField()
    quantity = WholeNumberField(
        label=_("Quantity"),
        min_value=1,
        initial=1,
        widget=forms.NumberInput(attrs={"class": INPUT, "min": 1, "step": 1}),
    )


ExchangeLines = forms.formset_factory(
    ExchangeLine, extra=BLANK_LINES, max_num=MOST_LINES, can_delete=True
)
