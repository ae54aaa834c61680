"""What parcels put on the home page and into the palette."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backoffice.cards import Hit, Kpi, register, search_source
from backoffice.models import User
from orders import carriers
from orders.models import Shipment
from orders.states import SHIPMENT_FLOW

SHORTEST_NUMBER = 6


def _packed(_user: User) -> int:
    return Shipment.objects.filter(status="packed").count()


register(
    Kpi(
        name="parcels_packed", label=_("Packed, not sent"), permission="orders.ship_order",
        url="admin:orders_shipment_changelist", query="queue=packed", value=_packed,
        icon="package_2", order=45,
    ),
)  # fmt: skip


@search_source(permission="orders.view_shipment", label=_("Parcels"), order=15)
def find_parcels(_user: User, text: str, limit: int) -> Iterator[Hit]:
    """By the whole tracking number, as it was typed or without its spaces and dashes."""
    words = " ".join(text.split())
    if len(words) < SHORTEST_NUMBER or not any(sign.isdigit() for sign in words):
        return
    found = Shipment.objects.filter(tracking__in={words, words.upper(), carriers.plain(words)})
    for parcel in found.select_related("order").order_by("-pk")[:limit]:
        yield Hit(
            title=str(parcel),
            url=reverse("admin:orders_order_change", args=[parcel.order_id]),
            description=f"{SHIPMENT_FLOW.state_of(parcel).label} · {parcel.order}",
            icon="local_shipping",
            is_exact=True,
        )
