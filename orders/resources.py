"""The columns of the sheet of orders, declared once: template, README, import and export."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from import_export.resources import ModelResource

from backoffice.changes import UnauditedWrite
from backoffice.imports.columns import (
    ChoiceWidget,
    CodeWidget,
    Column,
    CurrencyWidget,
    MomentWidget,
    MoneyWidget,
    TextWidget,
)
from orders.line_cells import LineCell, LinesWidget
from orders.models import Address, Contact, Order, Payment
from orders.states.orders import TAKEN_IN_AS


def lines_of(order: Order) -> tuple[LineCell, ...]:
    """Return an order's lines as its cell tells them, in their order."""
    return tuple(
        LineCell(line.quantity, line.sku, "", line.unit_price, line.discount)
        for line in order.lines.all()
    )


def _email(order: Order) -> str:
    return order.contact.email if order.contact else ""


def _of_contact(name: str) -> Any:
    return lambda order: getattr(order.contact, name, "")


def _of_address(name: str) -> Any:
    return lambda order: getattr(order.shipping_address, name, "")


def _paid(order: Order) -> Decimal:
    came_in = {Payment.Kind.CAPTURED, Payment.Kind.RECEIVED}
    return sum((p.amount for p in order.payments.all() if p.kind in came_in), Decimal(0))


def _refunded(order: Order) -> Decimal:
    return sum((refund.amount for refund in order.refunds.all()), Decimal(0))


def _longest(model: Any, name: str) -> int | None:
    return model._meta.get_field(name).max_length


# What only people with `orders.export_customer` take out of the house.
PERSONAL_COLUMNS = (
    "email",
    "name",
    "phone",
    "company",
    "street",
    "addition",
    "postal_code",
    "city",
    "region",
)

# What the export's page shows the columns under.
_ORDER, _CUSTOMER = _("Order"), _("Customer")
_ADDRESS, _SUMS = _("Delivery address"), _("Sums and payments")


class OrderResource(ModelResource):
    """One row is one order, lines and all. A sheet creates orders; their steps change them."""

    number = Column(
        "number",
        widget=CodeWidget(longest=_longest(Order, "number")),
        label=_("Number"),
        example="#1001",
        help_text=_("As the shop that sold it calls it; a number that is here is not taken twice."),
        is_required=True,
        group=_ORDER,
    )
    placed_at = Column(
        "placed_at",
        widget=MomentWidget(),
        label=_("Placed"),
        example="2026-03-31 14:05:00",
        help_text=_("Year, month, day and time; UTC unless an offset stands behind it."),
        is_required=True,
        group=_ORDER,
    )
    status = Column(
        "status",
        widget=ChoiceWidget(TAKEN_IN_AS),
        label=_("Status"),
        example="completed",
        help_text=_("pending, processing, completed or cancelled; open orders need the stock."),
        is_required=True,
        group=_ORDER,
    )
    email = Column(
        _email,
        widget=TextWidget(longest=254),
        label=_("E-mail"),
        example="ada@example.com",
        help_text=_("Says who the customer is; blank: a guest whom nobody can write to."),
        group=_CUSTOMER,
    )
    name = Column(
        _of_contact("name"),
        widget=TextWidget(longest=_longest(Contact, "name")),
        label=_("Name"),
        example="Ada Lindqvist",
        help_text=_("Of whoever ordered."),
        group=_CUSTOMER,
    )
    phone = Column(
        _of_contact("phone"),
        widget=TextWidget(longest=_longest(Contact, "phone")),
        label=_("Phone"),
        example="",
        help_text=_("As it is dialled."),
        group=_CUSTOMER,
    )
    company = Column(
        _of_address("company"),
        widget=TextWidget(longest=_longest(Address, "company")),
        label=_("Company"),
        help_text=_("Of the delivery address."),
        group=_ADDRESS,
    )
    street = Column(
        _of_address("line1"),
        widget=TextWidget(longest=_longest(Address, "line1")),
        label=_("Street"),
        example="Kai 4",
        help_text=_("Of the delivery address; blank: the order has none."),
        group=_ADDRESS,
    )
    addition = Column(
        _of_address("line2"),
        widget=TextWidget(longest=_longest(Address, "line2")),
        label=_("Addition"),
        help_text=_("A second line of the street."),
        group=_ADDRESS,
    )
    postal_code = Column(
        _of_address("postal_code"),
        widget=TextWidget(longest=_longest(Address, "postal_code")),
        label=_("Postal code"),
        example="24103",
        help_text=_("Text: a leading zero stays."),
        group=_ADDRESS,
    )
    city = Column(
        _of_address("city"),
        widget=TextWidget(longest=_longest(Address, "city")),
        label=_("City"),
        example="Kiel",
        help_text=_("Needed with a street."),
        group=_ADDRESS,
    )
    region = Column(
        _of_address("region"),
        widget=TextWidget(longest=_longest(Address, "region")),
        label=_("Region"),
        help_text=_("State or province."),
        group=_ADDRESS,
    )
    country = Column(
        _of_address("country"),
        widget=TextWidget(longest=_longest(Address, "country")),
        label=_("Country"),
        example="DE",
        help_text=_("Two letters, ISO 3166."),
        group=_ADDRESS,
    )
    currency = Column(
        "currency",
        widget=CurrencyWidget(),
        label=_("Currency"),
        example="EUR",
        help_text=_("Three letters; one for the whole order."),
        is_required=True,
        group=_SUMS,
    )
    lines = Column(
        lines_of,
        widget=LinesWidget(),
        label=_("Lines"),
        example="2 × MUG-001 @ 12.50; 1 × CUP-003 @ 8.00 - 1.00",
        help_text=_("Quantity × SKU @ price, parted by “;”; “- 1.00” is off the whole line."),
        is_required=True,
        group=_ORDER,
    )
    discount = Column(
        "discount",
        widget=MoneyWidget(),
        label=_("Discount"),
        example="0.00",
        help_text=_("Off the whole order."),
        group=_SUMS,
    )
    shipping = Column(
        "shipping_fee",
        widget=MoneyWidget(),
        label=_("Shipping"),
        example="4.90",
        help_text=_("What the customer paid for it."),
        group=_SUMS,
    )
    tax = Column(
        "tax",
        widget=MoneyWidget(),
        label=_("Tax"),
        example="0.00",
        help_text=_("Only what was charged on top of the prices."),
        group=_SUMS,
    )
    total = Column(
        "total",
        widget=MoneyWidget(),
        label=_("Total"),
        example="36.90",
        help_text=_("Lines less discount, plus shipping and tax; it must add up."),
        is_required=True,
        group=_SUMS,
    )
    paid = Column(
        _paid,
        widget=MoneyWidget(),
        label=_("Paid"),
        example="36.90",
        help_text=_("What came in; at most the total."),
        group=_SUMS,
    )
    refunded = Column(
        _refunded,
        widget=MoneyWidget(),
        label=_("Refunded"),
        example="0.00",
        help_text=_("What went back; at most what was paid."),
        group=_SUMS,
    )

    class Meta:
        model = Order
        import_id_fields = ("number",)
        fields = (
            "number",
            "placed_at",
            "status",
            "email",
            "name",
            "phone",
            "company",
            "street",
            "addition",
            "postal_code",
            "city",
            "region",
            "country",
            "currency",
            "lines",
            "discount",
            "shipping",
            "tax",
            "total",
            "paid",
            "refunded",
        )
        import_order = fields
        export_order = fields

    def save_instance(self, *args: Any, **kwargs: Any) -> None:
        raise UnauditedWrite("Sheets are written by backoffice.imports.")


def with_sheet_columns(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Return orders with all that their sheet's columns read, in a fixed number of queries."""
    return orders.select_related("contact", "shipping_address").prefetch_related(
        "lines", "payments", "refunds"
    )
