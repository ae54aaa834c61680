"""How orders are narrowed down: the console's filters, and those of every other door."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import (
    Case,
    CharField,
    DecimalField,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.filters import ConsoleFilterSet, DayRangeFilter
from backoffice.models import User
from orders.axes import PAYMENT_STATES
from orders.models import Order, Payment, Refund
from orders.states import ORDER_FLOW

# SQLite adds decimals as binary fractions: sums are compared within half a cent.
HALF_A_CENT = Decimal("0.005")
ANY = _("Any")
_MONEY = DecimalField(max_digits=12, decimal_places=2)


def _sum(model: Any, **of: Any) -> Coalesce:
    rows = model.objects.filter(order=OuterRef("pk"), **of).order_by().values("order")
    summed = rows.annotate(money=Sum("amount")).values("money")
    return Coalesce(Subquery(summed, output_field=_MONEY), Decimal(0), output_field=_MONEY)


def with_payment_state(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Annotate `payment_state`: `OrderFacts.payment_state` in the database's words."""
    kind = Payment.Kind
    return orders.annotate(
        refunded=_sum(Refund),
        net_paid=_sum(Payment, kind__in=(kind.CAPTURED, kind.RECEIVED)) - _sum(Refund),
        authorised=_sum(Payment, kind=kind.AUTHORISED)
        - _sum(Payment, kind__in=(kind.VOIDED, kind.CAPTURED)),
    ).annotate(
        payment_state=Case(
            When(
                Q(net_paid__gt=HALF_A_CENT) & Q(net_paid__gt=F("total") - HALF_A_CENT),
                then=Value("paid"),
            ),
            When(net_paid__gt=HALF_A_CENT, refunded__gt=0, then=Value("partly_refunded")),
            When(net_paid__gt=HALF_A_CENT, then=Value("partly_paid")),
            When(authorised__gt=HALF_A_CENT, then=Value("authorised")),
            When(refunded__gt=0, then=Value("refunded")),
            default=Value("unpaid"),
            output_field=CharField(),
        )
    )


def staff(_request: Any = None) -> QuerySet[User]:
    return User.objects.filter(is_staff=True, is_active=True).order_by("first_name", "email")


class OrderFilterSet(ConsoleFilterSet):
    """status, channel, payment, assignee, held, placed between two days, total between two sums."""

    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=ORDER_FLOW.choices)
    payment = django_filters.ChoiceFilter(
        label=_("Payment"),
        choices=[(state.name, state.label) for state in PAYMENT_STATES.values()],
        method="by_payment",
        empty_label=ANY,
    )
    channel = django_filters.ChoiceFilter(
        label=_("Channel"), choices=Order.Channel.choices, empty_label=ANY
    )
    assignee = django_filters.ModelChoiceFilter(
        label=_("Assignee"), queryset=staff, empty_label=ANY, null_label=_("Nobody")
    )
    held = django_filters.ChoiceFilter(
        label=_("On hold"),
        choices=[("true", _("Yes")), ("false", _("No"))],
        method="by_hold",
        empty_label=ANY,
    )
    placed = DayRangeFilter(label=_("Placed"), field_name="placed_at")
    total_min = django_filters.NumberFilter(
        label=_("Total from"), field_name="total", lookup_expr="gte"
    )
    total_max = django_filters.NumberFilter(
        label=_("Total up to"), field_name="total", lookup_expr="lte"
    )

    class Meta:
        model = Order
        fields: list[str] = []

    def by_payment(self, orders: QuerySet[Order], _name: str, state: str) -> QuerySet[Order]:
        return with_payment_state(orders).filter(payment_state=state)

    def by_hold(self, orders: QuerySet[Order], _name: str, answer: str) -> QuerySet[Order]:
        return orders.filter(is_held=answer == "true")
