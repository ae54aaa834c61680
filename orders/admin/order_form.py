"""The form of an order that is written or edited: its fields, and what they look up."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold import widgets as unfold

from backoffice.adminkit.forms import INPUT, MoneyField, WholeNumberField
from backoffice.ids import uuid7
from catalog.models import Product
from catalog.services.prices import prices_of
from orders.discounts import LONGEST_REASON_CHARS, Discount, discount_of
from orders.models import Customer, Order, OrderLine
from orders.services import LineDraft
from orders.sums import in_words

BLANK_LINES = 1
MOST_LINES = 200
MONEY_OFF = re.compile(r"([0-9]{1,9}(?:[.,][0-9]{1,2})?) *(%?)")


class RemoteSelect(unfold.AutocompleteWidgetMixin, forms.Select):
    """A select that asks the server while somebody types; it prints the chosen option only."""

    def __init__(self, url: str | Promise, **attrs: Any) -> None:
        super().__init__(attrs={"data-ajax--url": url, **attrs})

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> list[Any]:
        field = self.choices.field
        chosen = [given for given in value if given]
        known = [field.known[str(given)] for given in chosen if str(given) in field.known]
        found = known or _found(field, chosen)
        options = [self.create_option(name, "", "", not found, 0)]
        for row in found:
            option = self.create_option(name, row["id"], row["text"], selected=True, index=1)
            option["attrs"] |= {f"data-{key}": row[key] for key in ("price", "units") if key in row}
            options.append(option)
        return [(None, options, 0)]


def _found(field: Any, chosen: Sequence[str]) -> list[dict[str, str]]:
    try:
        rows = list(field.queryset.filter(pk__in=chosen)) if chosen else []
    except (ValueError, OverflowError, forms.ValidationError):
        return []
    return field.options_of(rows)


class CustomerField(forms.ModelChoiceField):
    """Whom the order is for, found by name or e-mail."""

    known: Mapping[str, dict[str, str]] = {}

    def __init__(self) -> None:
        super().__init__(
            Customer.objects.filter(is_active=True),
            label=_("Customer"),
            widget=RemoteSelect(reverse_lazy("admin:orders_order_customers")),
        )

    @staticmethod
    def options_of(customers: Sequence[Customer]) -> list[dict[str, str]]:
        return [{"id": str(c.pk), "text": f"{c.get_full_name()} · {c.email}"} for c in customers]


class ProductField(forms.ModelChoiceField):
    """What is sold, found by SKU, barcode or name; shows price and stock of now.

    known: options that were looked up for all lines at once, by key.
    """

    known: Mapping[str, dict[str, str]] = {}

    def __init__(self) -> None:
        super().__init__(
            Product.objects.all(),
            label=_("Product"),
            widget=RemoteSelect(reverse_lazy("admin:orders_order_products")),
        )

    @staticmethod
    def options_of(products: Sequence[Product]) -> list[dict[str, str]]:
        rows = list(Product.objects.with_stock().filter(pk__in=[p.pk for p in products]))
        rows.sort(key=lambda row: (row.name, row.pk))
        prices = prices_of(rows, timezone.now())
        return [
            {
                "id": str(row.pk),
                "text": _("%(sku)s · %(name)s · %(price)s · %(units)s in stock")
                % {
                    "sku": row.sku,
                    "name": row.name,
                    "price": in_words(prices[row.pk], row.currency),
                    "units": row.available,
                },
                "price": str(prices[row.pk]),
                "units": str(row.available),
            }
            for row in rows
        ]


class DiscountField(forms.CharField):
    """Money off as people write it: “5.00”, “5”, “10 %”; a discount without its reason yet."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=False,
            max_length=20,
            widget=forms.TextInput(
                attrs={
                    "class": INPUT,
                    "autocomplete": "off",
                    "inputmode": "text",
                    "placeholder": _("5.00 or 10 %"),
                    "data-discount": "",
                }
            ),
            **options,
        )

    def clean(self, value: Any) -> Discount:
        text = super().clean(value).strip()
        if not text:
            return Discount()
        found = MONEY_OFF.fullmatch(text)
        if found is None:
            raise forms.ValidationError(_("Write an amount, or a percentage: 5.00 or 10 %."))
        number = Decimal(found[1].replace(",", "."))
        if found[2] and number > 100:  # noqa: PLR2004
            raise forms.ValidationError(_("Between 0 and 100 percent."))
        return Discount(percent=number) if found[2] else Discount(amount=number)

    def prepare_value(self, value: Any) -> Any:
        return as_typed(value) if isinstance(value, Discount) else value


def as_typed(discount: Discount) -> str:
    """Return a discount as `DiscountField` reads it."""
    if discount.percent:
        return f"{discount.percent.normalize():f} %"
    return f"{discount.amount:.2f}" if discount.amount else ""


def _reason_field() -> forms.CharField:
    return forms.CharField(
        label=_("Reason of the discount"),
        required=False,
        max_length=LONGEST_REASON_CHARS,
        widget=forms.TextInput(
            attrs={"class": INPUT, "autocomplete": "off", "placeholder": _("Reason")}
        ),
    )


class _Discounted(forms.Form):
    """The part of a form with a discount and its reason, which belong together."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        discount = cleaned.get("discount")
        reason = (cleaned.get("discount_reason") or "").strip()
        if isinstance(discount, Discount) and not discount.is_none and not reason:
            self.add_error("discount_reason", _("Write why the customer pays less."))
        return cleaned

    @property
    def discount(self) -> Discount:
        """What was typed, with its reason."""
        typed: Discount = self.cleaned_data["discount"]
        reason = "" if typed.is_none else self.cleaned_data["discount_reason"]
        return Discount(typed.amount, typed.percent, reason)


class EditForm(_Discounted):
    """A pending order's own columns, and what makes a second press of the button harmless."""

    shipping_fee = MoneyField(
        label=_("Shipping"),
        max_digits=12,
        decimal_places=2,
        min_value=0,
        initial=Decimal(0),
        widget=forms.TextInput(attrs={"class": INPUT, "inputmode": "decimal"}),
    )
    discount = DiscountField(label=_("Discount"), help_text=_("Off the goods of the whole order."))
    discount_reason = _reason_field()
    reason = forms.CharField(
        label=_("Remark"),
        required=False,
        max_length=4000,
        help_text=_("It stands in the order's timeline."),
        widget=forms.TextInput(attrs={"class": INPUT, "autocomplete": "off"}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    @property
    def order_changes(self) -> dict[str, Any]:
        """What the verbs take beside lines, by their keywords."""
        return {"shipping_fee": self.cleaned_data["shipping_fee"], "discount": self.discount}


class DraftForm(EditForm):
    """A draft's own columns: also whom it is for."""

    customer = CustomerField()
    channel = forms.ChoiceField(
        label=_("Channel"),
        choices=Order.Channel.choices,
        widget=unfold.UnfoldAdminSelectWidget(),
    )
    field_order = ("customer", "channel")

    @property
    def order_changes(self) -> dict[str, Any]:
        return {
            **super().order_changes,
            "customer_id": self.cleaned_data["customer"].pk,
            "channel": self.cleaned_data["channel"],
        }


class LineForm(_Discounted):
    product = ProductField()
    quantity = WholeNumberField(
        label=_("Quantity"),
        min_value=1,
        initial=1,
        widget=forms.NumberInput(attrs={"class": INPUT, "min": 1, "step": 1}),
    )
    discount = DiscountField(label=_("Discount"))
    discount_reason = _reason_field()
    # Which line it was and how it was read, to tell what this person changed from what others did.
    line_id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    was = forms.CharField(required=False, max_length=400, widget=forms.HiddenInput)

    # The saved line; only a form that was not sent yet knows it.
    row: OrderLine | None = None


LineFormSet = forms.formset_factory(
    LineForm, extra=BLANK_LINES, max_num=MOST_LINES, can_delete=True
)


def line_as_text(quantity: int, discount: Discount) -> str:
    """Return a line's part that people edit, as the form remembers it and a conflict shows it."""
    typed = as_typed(discount)
    return f"{quantity} · −{typed} ({discount.reason})" if typed else str(quantity)


def forms_of(order: Order | None, customer: str = "") -> tuple[EditForm, Any]:
    """Return the forms of a new draft, a draft, or a pending order, filled with what is there."""
    start: dict[str, Any] = {"idempotency_key": uuid7().hex}
    if order is None:
        return DraftForm(initial=start | {"customer": customer}), LineFormSet(prefix="lines")
    discount = discount_of(order)
    start |= {
        "customer": order.customer_id,
        "channel": order.channel,
        "shipping_fee": order.shipping_fee,
        "discount": discount,
        "discount_reason": discount.reason,
        "version": order.version,
    }
    rows = list(order.lines.order_by("id"))
    lines = LineFormSet(initial=[_start_of(row) for row in rows], prefix="lines")
    for form, row in zip(lines.forms, rows, strict=False):
        form.row = row
    know_products(lines, [row.product_id for row in rows])
    return form_class_of(order)(initial=start), lines


def know_products(lines: Any, product_ids: Sequence[Any]) -> None:
    """Look up the options of all lines at once, or each line would ask for its own."""
    products = list(Product.objects.filter(pk__in=product_ids))
    known = {option["id"]: option for option in ProductField.options_of(products)}
    for form in lines.forms:
        form.fields["product"].known = known


def form_class_of(order: Order | None) -> type[EditForm]:
    return DraftForm if order is None or order.status == "draft" else EditForm


def _start_of(line: OrderLine) -> dict[str, Any]:
    discount = discount_of(line)
    return {
        "product": line.product_id,
        "quantity": line.quantity,
        "discount": discount,
        "discount_reason": discount.reason,
        "line_id": line.pk,
        "was": line_as_text(line.quantity, discount),
    }


def drafts_in(lines: Any) -> list[LineDraft]:
    """Return a valid formset's lines as the verbs take them."""
    return [draft_in(form) for form in lines if is_wanted(form)]


def is_wanted(form: Any) -> bool:
    return bool(form.cleaned_data.get("product") and not form.cleaned_data.get("DELETE"))


def draft_in(form: Any) -> LineDraft:
    cleaned = form.cleaned_data
    return LineDraft(
        cleaned["product"].pk, cleaned["quantity"], form.discount, cleaned.get("line_id")
    )
