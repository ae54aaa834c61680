"""How orders are narrowed down: the console's filters, and those of every other door."""

from __future__ import annotations

from datetime import timedelta
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
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.filters import ConsoleFilterSet, DayRangeFilter
from backoffice.models import User
from orders.axes import PAYMENT_STATES
from orders.facts import is_past
from orders.models import Order, Payment, Refund
from orders.states import ORDER_FLOW

# SQLite adds decimals as binary fractions: sums are compared within half a cent.
HALF_A_CENT = Decimal("0.005")
ANY = _("Any")
_MONEY = DecimalField(max_digits=12, decimal_places=2)


def _sum(facts: QuerySet[Any], column: str = "amount") -> Coalesce:
    rows = facts.filter(order=OuterRef("pk")).order_by().values("order")
    summed = rows.annotate(money=Sum(column)).values("money")
    return Coalesce(Subquery(summed, output_field=_MONEY), Decimal(0), output_field=_MONEY)


def with_payment_state(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Annotate `payment_state`: `OrderFacts.payment_state` in the database's words."""
    kind = Payment.Kind
    return orders.annotate(
        refunded_since=_sum(Refund.objects.exclude(is_past())),
        lowered=_sum(Refund.objects.exclude(is_past()), "lowers_due_by"),
        net_paid=_sum(Payment.objects.filter(kind__in=(kind.CAPTURED, kind.RECEIVED)))
        - _sum(Refund.objects.all()),
        authorised=_sum(Payment.objects.filter(kind=kind.AUTHORISED))
        - _sum(Payment.objects.filter(kind__in=(kind.VOIDED, kind.CAPTURED))),
    ).annotate(
        payment_state=Case(
            When(
                Q(net_paid__gt=HALF_A_CENT)
                & Q(net_paid__gt=F("total") - F("lowered") - HALF_A_CENT),
                then=Case(
                    When(lowered__gt=HALF_A_CENT, then=Value("partly_refunded")),
                    default=Value("paid"),
                ),
            ),
            When(
                Q(net_paid__gt=HALF_A_CENT) & Q(refunded_since__gt=F("lowered") + HALF_A_CENT),
                then=Value("partly_refunded"),
            ),
            When(net_paid__gt=HALF_A_CENT, then=Value("partly_paid")),
            When(authorised__gt=HALF_A_CENT, then=Value("authorised")),
            When(refunded_since__gt=HALF_A_CENT, then=Value("refunded")),
            default=Value("unpaid"),
            output_field=CharField(),
        )
    )


def staff(_request: Any = None) -> QuerySet[User]:
    return User.objects.filter(is_staff=True, is_active=True).order_by("first_name", "email")


class OrderFilterSet(ConsoleFilterSet):
    """What an order is (status, payment, channel, tag …), between two days, between two sums."""

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
    tag = django_filters.CharFilter(label=_("Tag"), method="by_tag", max_length=40)
    follow_up = django_filters.ChoiceFilter(
        label=_("Follow up"),
        choices=[("due", _("Today or overdue")), ("later", _("Later")), ("none", _("No day set"))],
        method="by_follow_up",
        empty_label=ANY,
    )
    waits_days = django_filters.ChoiceFilter(
        label=_("Waiting to be processed"),
        choices=[("1", _("More than a day")), ("2", _("More than two days"))],
        method="by_wait",
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

    def by_tag(self, orders: QuerySet[Order], _name: str, tag: str) -> QuerySet[Order]:
        return orders.tagged(" ".join(tag.lower().split()))

    def by_follow_up(self, orders: QuerySet[Order], _name: str, answer: str) -> QuerySet[Order]:
        today = timezone.localdate()
        match answer:
            case "due":
                return orders.follow_up_by(today)
            case "later":
                return orders.filter(follow_up_on__gt=today)
            case _:
                return orders.filter(follow_up_on=None)

    def by_wait(self, orders: QuerySet[Order], _name: str, days: str) -> QuerySet[Order]:
        since = timezone.now() - timedelta(days=int(days))
        return orders.to_process().filter(placed_at__lt=since)

    def by_hold(self, orders: QuerySet[Order], _name: str, answer: str) -> QuerySet[Order]:
        return orders.filter(is_held=answer == "true")
