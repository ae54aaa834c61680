"""What orders put on the home page, into the sidebar and into the palette."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice.adminkit.lists import QUEUE_COUNT_UP_TO, capped, capped_count
from backoffice.cards import (
    Chart,
    Hit,
    Kpi,
    NavItem,
    Series,
    register,
    search_source,
)
from backoffice.models import User
from orders import figures
from orders import money_cards as _money  # noqa: F401  (its cards register)
from orders import parcel_cards as _parcels  # noqa: F401  (its cards register)
from orders import record_cards as _record  # noqa: F401  (its cards register)
from orders import return_cards as _returns  # noqa: F401  (its cards register)
from orders import waiting as _waiting  # noqa: F401  (its cards register)
from orders.models import Customer, Order
from orders.sight import Sight
from orders.states import ORDER_FLOW
from orders.sums import in_words

SALES = gettext_lazy("Sales")
ORDERS = "admin:orders_order_changelist"
CHART_DAYS = 30


def _url(order: Order) -> str:
    return reverse("admin:orders_order_change", args=[order.pk])


# --- Sidebar and palette verbs ----------------------------------------------------------------


def _to_process(_user: User) -> str:
    waiting = capped_count(Order.objects.to_process(), QUEUE_COUNT_UP_TO)
    return capped(waiting, QUEUE_COUNT_UP_TO) if waiting else ""


register(
    NavItem(
        name="orders", label=gettext_lazy("Orders"), permission="orders.view_order", url=ORDERS,
        group=SALES, icon="receipt_long", key="o", order=10, badge=_to_process,
        words="sales purchases",
    ),
    NavItem(
        name="customers", label=gettext_lazy("Customers"), permission="orders.view_customer",
        url="admin:orders_customer_changelist", group=SALES, icon="group", key="u", order=20,
        words="people buyers",
    ),
    NavItem(
        name="payments", label=gettext_lazy("Payments"), permission="orders.view_payment",
        url="admin:orders_payment_changelist", group=SALES, icon="payments", key="m", order=30,
        words="money captured authorised received",
    ),
    NavItem(
        name="refunds", label=gettext_lazy("Refunds"), permission="orders.view_refund",
        url="admin:orders_refund_changelist", group=SALES, icon="undo", order=40,
    ),
    NavItem(
        name="payment_intents", label=gettext_lazy("Payment intents"),
        permission="orders.view_paymentintent", url="admin:orders_paymentintent_changelist",
        group=SALES, icon="sync_alt", order=50, words="claims in doubt bank",
    ),
    NavItem(
        name="shipments", label=gettext_lazy("Shipments"), permission="orders.view_shipment",
        url="admin:orders_shipment_changelist", group=SALES, icon="local_shipping", order=60,
        words="parcels tracking",
    ),
    NavItem(
        name="messages", label=gettext_lazy("Messages"), permission="orders.view_message",
        url="admin:orders_message_changelist", group=SALES, icon="mail", order=70,
        words="letters e-mail confirmation not sent",
    ),
    NavItem(
        name="carts", label=gettext_lazy("Carts"), permission="orders.view_cart",
        url="admin:orders_cart_changelist", group=SALES, icon="shopping_cart", order=80,
        words="abandoned left basket",
    ),
    NavItem(
        name="new_order", label=gettext_lazy("New order"), permission="orders.add_order",
        url="admin:orders_order_add", group=SALES, icon="add_shopping_cart", key="n", order=15,
        in_sidebar=False, words="write draft",
    ),
    NavItem(
        name="new_customer", label=gettext_lazy("New customer"), permission="orders.add_customer",
        url="admin:orders_customer_add", group=SALES, icon="person_add", order=25,
        in_sidebar=False, words="add",
    ),
)  # fmt: skip


# --- Figures ----------------------------------------------------------------------------------


def _orders_today(_user: User) -> int:
    today = figures.today()
    return figures.sold(today, today).count()


def _revenue_today(_user: User) -> str:
    today = figures.today()
    return in_words(figures.revenue(today, today), settings.CURRENCY)


def _revenue_week(_user: User) -> str:
    return in_words(figures.revenue_of_week(figures.today())[0], settings.CURRENCY)


def _change_of_week(_user: User) -> str:
    now, before = figures.revenue_of_week(figures.today())
    if not before:
        return _("nothing in the 7 days before")
    percent = round((now - before) / before * 100)
    return _("%(percent)s %% on the 7 days before") % {"percent": f"{percent:+d}"}


register(
    Kpi(
        name="orders_today", label=gettext_lazy("Orders today"), permission="orders.view_order",
        url=ORDERS, value=_orders_today, icon="receipt_long", order=10,
    ),
    Kpi(
        name="revenue_today", label=gettext_lazy("Revenue today"),
        permission="orders.view_payment", value=_revenue_today, icon="euro", order=20,
    ),
    Kpi(
        name="revenue_week", label=gettext_lazy("Revenue, 7 days"),
        permission="orders.view_payment", value=_revenue_week, hint=_change_of_week,
        icon="trending_up", order=30,
    ),
)  # fmt: skip


def _orders_per_day(_user: User) -> Series:
    days = figures.days_up_to(figures.today(), days=CHART_DAYS)
    return Series([day.on for day in days], [day.orders for day in days])


def _revenue_per_day(_user: User) -> Series:
    days = figures.days_up_to(figures.today(), days=CHART_DAYS)
    return Series([day.on for day in days], [day.revenue for day in days], settings.CURRENCY)


register(
    Chart(
        name="orders_per_day", label=gettext_lazy("Orders per day"),
        permission="orders.view_order", series=_orders_per_day, order=10,
        hint=gettext_lazy("Last 30 days, cancelled orders left out."),
    ),
    Chart(
        name="revenue_per_day", label=gettext_lazy("Revenue per day"),
        permission="orders.view_payment", series=_revenue_per_day, kind="line", order=20,
        hint=gettext_lazy("Totals of the orders placed in the last 30 days."),
    ),
)  # fmt: skip


# --- Palette ----------------------------------------------------------------------------------


@search_source(permission="orders.view_order", label=gettext_lazy("Orders"), order=10)
def find_orders(user: User, text: str, limit: int) -> Iterator[Hit]:
    """By number with or without dashes, or by the whole e-mail address of the contact."""
    if "@" in text:
        yield from _orders_of(text, user, limit)
        return
    if not any(sign.isdigit() for sign in text) or set(text.upper()) - set("SO-0123456789 "):
        return
    digits = "".join(sign for sign in text if sign.isdigit())
    sight = Sight.of(user)
    found = Order.objects.search(text).select_related("contact", "customer").order_by("-id")
    for order in found[:limit]:
        is_exact = (order.number or "").replace("SO", "").replace("-", "") == digits
        yield _hit(order, sight, is_exact=is_exact)


def _orders_of(email: str, user: User, limit: int) -> Iterator[Hit]:
    found = Order.objects.filter(contact__email__iexact=email).select_related("contact", "customer")
    orders = list(found.order_by("-id")[:2])
    if len(orders) == 1:
        yield _hit(orders[0], Sight.of(user), is_exact=True)
    elif orders:
        count = found.count()
        yield Hit(
            title=ngettext("%(n)s order of %(email)s", "%(n)s orders of %(email)s", count)
            % {"n": count, "email": email},
            url=f"{reverse(ORDERS)}?{urlencode({'q': email})}",
            icon="receipt_long",
            is_exact=True,
        )


def _hit(order: Order, sight: Sight, *, is_exact: bool) -> Hit:
    who = sight.name(str(order.contact or order.customer))
    state = ORDER_FLOW.state_of(order).label
    return Hit(
        title=str(order),
        url=_url(order),
        description=f"{state} · {who} · {in_words(order.total, order.currency)}",
        icon="receipt_long",
        is_exact=is_exact,
    )


@search_source(permission="orders.view_customer", label=gettext_lazy("Customers"), order=20)
def find_customers(user: User, text: str, limit: int) -> Iterator[Hit]:
    """By the whole e-mail address; by the beginning of a name for those who see names."""
    sight = Sight.of(user)
    found = Customer.objects.filter(email=text.lower())
    if not found and sight.sees_customer:
        found = Customer.objects.filter(first_name__istartswith=text) | Customer.objects.filter(
            last_name__istartswith=text
        )
    for customer in found.order_by("email")[:limit]:
        yield Hit(
            title=sight.name(str(customer)),
            url=reverse("admin:orders_customer_change", args=[customer.pk]),
            description=sight.email(customer.email),
            icon="person",
            is_exact=customer.email == text.lower(),
        )
