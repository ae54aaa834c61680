"""What returns put on the home page, into the sidebar and into the palette."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from backoffice.cards import Hit, NavItem, Panel, PanelRow, register, search_source
from backoffice.models import User
from orders.models import Return
from orders.sight import Sight
from orders.states import RETURN_FLOW

SALES = _("Sales")
RETURNS = "admin:orders_return_changelist"
PANEL_ROWS = 5


def _open(_user: User) -> int:
    return Return.objects.exclude(status__in=("closed", "cancelled")).count()


def _at_the_bench(_user: User) -> Sequence[PanelRow]:
    """Say of each parcel to be inspected: its number, its order, since when it lies there."""
    rows = Return.objects.to_inspect().select_related("order").order_by("received_at", "pk")
    return [
        PanelRow(
            title=row.number,
            url=reverse("admin:orders_return_inspect", args=[row.pk]),
            detail=" · ".join(
                [str(row.order), timesince(row.received_at or row.created_at, depth=1)]
            ),
            badge=RETURN_FLOW.state_of(row).label,
            tone=RETURN_FLOW.state_of(row).tone,
        )
        for row in rows[:PANEL_ROWS]
    ]


register(
    NavItem(
        name="returns", label=_("Returns"), permission="orders.view_return", url=RETURNS,
        group=SALES, icon="assignment_return", key="b", order=65, badge=_open,
        words="rma exchange back",
    ),
    Panel(
        name="to_inspect", label=_("Returns to inspect"), permission="orders.inspect_return",
        url=RETURNS, query="queue=to_inspect", rows=_at_the_bench,
        empty=_("No parcel waits to be looked at."), icon="fact_check", order=25,
    ),
)  # fmt: skip


@search_source(permission="orders.view_return", label=_("Returns"), order=15)
def find_returns(user: User, text: str, limit: int) -> Iterator[Hit]:
    """By number, with or without dashes and letters."""
    digits = "".join(sign for sign in text if sign.isdigit())
    if not digits or set(text.upper()) - set("RMA-0123456789 "):
        return
    sight = Sight.of(user)
    found = Return.objects.search(text).select_related("order__contact", "order__customer")
    for row in found.order_by("-pk")[:limit]:
        who = sight.name(str(row.order.contact or row.order.customer))
        yield Hit(
            title=row.number,
            url=reverse("admin:orders_return_change", args=[row.pk]),
            description=f"{RETURN_FLOW.state_of(row).label} · {row.order} · {who}",
            icon="assignment_return",
            is_exact="".join(sign for sign in row.number if sign.isdigit()) == digits,
        )
