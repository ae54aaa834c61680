"""What the console shows of customers: totals in the list, and one person's page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, DecimalField, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.flows import State
from backoffice.models import User
from orders.facts import load_facts
from orders.mentions import Part, handles_among, split
from orders.models import (
    Address,
    Contact,
    Customer,
    CustomerNote,
    Mention,
    Message,
    Order,
    OrderTag,
    Return,
)
from orders.sight import Sight
from orders.states import ORDER_FLOW
from orders.sums import in_words
from orders.workspace import fulfilment_state, payment_state

ORDERS_SHOWN = 50
OPEN_ORDERS_COUNTED = 200
NOTES_SHOWN = 50
CONTACTS_SHOWN = 6
LETTERS_SHOWN = 10
SEE_LETTERS = "orders.view_message"
SEE_NOTES = "orders.view_customernote"


def bought() -> QuerySet[Order]:
    """Return what counts as bought: placed and not cancelled."""
    return Order.objects.placed().exclude(status="cancelled").order_by()


def with_totals(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """Annotate `order_count`, `lifetime_value` (in the shop's own currency), `last_order_at`."""
    of_one = bought().filter(customer=OuterRef("pk")).values("customer")

    def one(**aggregate: Any) -> Subquery:
        return Subquery(of_one.annotate(**aggregate).values(*aggregate))

    value = DecimalField(max_digits=12, decimal_places=2)
    in_own_currency = Q(currency=settings.CURRENCY)
    return customers.annotate(
        order_count=Coalesce(one(n=Count("pk")), 0),
        lifetime_value=Coalesce(
            one(n=Sum("total", filter=in_own_currency)), Decimal(0), output_field=value
        ),
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
class Note:
    """A note on the customer, with whom it names."""

    pk: int
    author: str
    at: datetime
    parts: list[Part]


@dataclass(frozen=True)
class Letter:
    """A letter that one of the orders caused."""

    name: str
    order: Order
    to: str
    at: datetime
    state: Any


@dataclass(frozen=True)
class CustomerPage:
    """One customer as somebody with this sight sees them."""

    customer: Any
    sight: Sight
    rows: list[Row]
    contacts: list[Contact]
    address: Address | None
    value: dict[str, Decimal]
    open_money: dict[str, Decimal]
    returns: int
    tags: list[tuple[str, int]]
    notes: list[Note] | None
    letters: list[Letter]

    @property
    def mergeable(self) -> set[int]:
        """Orders beside which another pending one in the same currency stands."""
        pending = [row.order for row in self.rows if row.order.status == "pending"]
        counts = Counter(order.currency for order in pending)
        return {order.pk for order in pending if counts[order.currency] > 1}

    @property
    def contact(self) -> Contact | None:
        return self.contacts[0] if self.contacts else None

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
    def earlier_contacts(self) -> list[tuple[datetime, str]]:
        """How they were to be reached before, as the reader may read it."""
        return [
            (
                contact.created_at,
                " · ".join(
                    part
                    for part in (
                        self.sight.contact(contact),
                        self.sight.email(contact.email),
                        self.sight.phone(contact.phone),
                    )
                    if part
                ),
            )
            for contact in self.contacts[1:]
        ]

    @property
    def address_lines(self) -> list[str]:
        return self.sight.address_lines(self.address)

    @property
    def has_more_orders(self) -> bool:
        return len(self.rows) == ORDERS_SHOWN

    @property
    def tiles(self) -> list[tuple[str, str]]:
        """Orders, lifetime value, average order, open money, returns, last order."""
        count, last = self.customer.order_count, self.customer.last_order_at
        own = self.value.get(settings.CURRENCY, Decimal(0))
        average = own / count if count and len(self.value) == 1 else None
        returned = ngettext("%(count)s parcel", "%(count)s parcels", self.returns)
        return [
            (_("Orders"), str(count)),
            (_("Lifetime value"), _sums(self.value)),
            (_("Average order"), in_words(average, settings.CURRENCY) if average else "–"),
            (_("Still to be paid"), _sums(self.open_money)),
            (_("Sent back"), returned % {"count": self.returns} if self.returns else "–"),
            (_("Last order"), date_format(localtime(last), "j M Y") if last else "–"),
        ]


def _sums(sums: dict[str, Decimal]) -> str:
    """Return sums by currency in words: currencies are never added up."""
    return " + ".join(in_words(sum_, currency) for currency, sum_ in sums.items() if sum_) or "–"


def customer_page(customer: Any, *, user: User) -> CustomerPage:
    """Return the page of a customer read through `with_totals`, as this person may see it.

    A fixed number of queries: what is still to be paid counts up to OPEN_ORDERS_COUNTED orders.
    """
    sight = Sight.of(user)
    newest = list(customer.orders.order_by("-id")[:ORDERS_SHOWN])
    still_open = list(customer.orders.open().order_by("-id")[:OPEN_ORDERS_COUNTED])
    known = {order.pk: order for order in [*still_open, *newest]}
    load_facts(list(known.values()))
    return CustomerPage(
        customer=customer,
        sight=sight,
        rows=[Row(order) for order in newest],
        contacts=list(customer.contact_records.order_by("-id")[:CONTACTS_SHOWN]),
        address=customer.address_records.order_by("-id").first(),
        value=_value_of(customer),
        open_money=_open_money(known[order.pk] for order in still_open),
        returns=Return.objects.filter(order__customer=customer.pk).count(),
        tags=_tags_of(customer),
        notes=_notes_on(customer) if user.has_perm(SEE_NOTES) else None,
        letters=_letters_to(customer, sight) if user.has_perm(SEE_LETTERS) else [],
    )


def _value_of(customer: Any) -> dict[str, Decimal]:
    rows = bought().filter(customer=customer.pk).values("currency").annotate(sum=Sum("total"))
    return {row["currency"]: row["sum"] for row in rows.order_by("currency")}


def _open_money(orders: Any) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for order in orders:
        sums[order.currency] += max(order.facts.due, Decimal(0))
    return dict(sorted(sums.items()))


def _tags_of(customer: Any) -> list[tuple[str, int]]:
    """Return the tags of all orders, the most used first."""
    counted = OrderTag.objects.filter(order__customer=customer.pk).order_by().values("name")
    return list(counted.annotate(n=Count("pk")).order_by("-n", "name").values_list("name", "n"))


def _notes_on(customer: Any) -> list[Note]:
    rows: Sequence[CustomerNote] = (
        CustomerNote.objects.filter(customer=customer.pk)
        .select_related("author")
        .order_by("-id")[:NOTES_SHOWN]
    )
    named: dict[int, list[Any]] = defaultdict(list)
    for mention in Mention.objects.filter(customer_note__customer=customer.pk).select_related(
        "user"
    ):
        named[mention.customer_note_id].append(mention.user)
    return [
        Note(row.pk, str(row.author), row.at, list(split(row.body, handles_among(named[row.pk]))))
        for row in rows
    ]


def _letters_to(customer: Any, sight: Sight) -> list[Letter]:
    rows = Message.objects.with_state().filter(order__customer=customer.pk)
    return [
        Letter(
            name=str(row.get_template_display()),
            order=row.order,
            to=sight.email(row.to),
            at=row.at,
            state=State(row.state, row.state_label, row.state_tone),
        )
        for row in rows.select_related("order").order_by("-id")[:LETTERS_SHOWN]
    ]
