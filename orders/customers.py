"""What the console shows of customers: totals in the list, and one person's page."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, DecimalField, Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from backoffice.flows import State
from orders.facts import load_facts
from orders.models import Address, Contact, Customer, Order
from orders.sight import Sight
from orders.states import ORDER_FLOW
from orders.workspace import fulfilment_state, in_words, payment_state

ORDERS_SHOWN = 50


def with_totals(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """Annotate `order_count`, `lifetime_value`, `last_order_at`: placed and not cancelled."""
    bought = (
        Order.objects.placed()
        .exclude(status="cancelled")
        .filter(customer=OuterRef("pk"))
        .order_by()
        .values("customer")
    )

    def one(**aggregate: Any) -> Subquery:
        return Subquery(bought.annotate(**aggregate).values(*aggregate))

    value = DecimalField(max_digits=12, decimal_places=2)
    return customers.annotate(
        order_count=Coalesce(one(n=Count("pk")), 0),
        lifetime_value=Coalesce(one(n=Sum("total")), Decimal(0), output_field=value),
        last_order_at=one(n=Max("placed_at")),
    )


@dataclass(frozen=True)
class Row:
    """One of the customer's orders, facts loaded."""

    order: Order

    @property
    def state(self) -> State:
        return ORDER_FLOW.state_of(self.order)

    @property
    def payment(self) -> State:
        return payment_state(self.order)

    @property
    def fulfilment(self) -> State:
        return fulfilment_state(self.order)

    @property
    def total(self) -> str:
        return in_words(self.order.total, self.order.currency)


@dataclass(frozen=True)
class CustomerPage:
    """One customer as somebody with this sight sees them."""

    customer: Any
    sight: Sight
    rows: list[Row]
    contact: Contact | None
    address: Address | None

    @property
    def name(self) -> str:
        return self.sight.name(str(self.contact or self.customer))

    @property
    def email(self) -> str:
        return self.sight.email(self.customer.email)

    @property
    def phone(self) -> str:
        return self.sight.phone(self.contact.phone) if self.contact else ""

    @property
    def address_lines(self) -> list[str]:
        return self.sight.address_lines(self.address)

    @property
    def tiles(self) -> list[tuple[str, str]]:
        """Orders, lifetime value, average order, last order."""
        count, value = self.customer.order_count, self.customer.lifetime_value
        last = self.customer.last_order_at
        average = value / count if count else Decimal(0)
        return [
            (_("Orders"), str(count)),
            (_("Lifetime value"), in_words(value, settings.CURRENCY)),
            (_("Average order"), in_words(average, settings.CURRENCY)),
            (_("Last order"), date_format(localtime(last), "j M Y") if last else "–"),
        ]


def customer_page(customer: Any, *, sight: Sight) -> CustomerPage:
    """Return the page of a customer read through `with_totals`."""
    orders = list(customer.orders.order_by("-id")[:ORDERS_SHOWN])
    load_facts(orders)
    return CustomerPage(
        customer=customer,
        sight=sight,
        rows=[Row(order) for order in orders],
        contact=customer.contact_records.order_by("-id").first(),
        address=customer.address_records.order_by("-id").first(),
    )
