"""Shipping and packing from a dialog: its answers in the words of the verbs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.acts import Act
from backoffice.flows import Ask
from backoffice.models import User
from orders import services
from orders.models import Order, Shipment
from orders.states import PACK, SHIPMENT_FLOW
from orders.states.questions import CARRIER, TRACKING


def ship(
    *,
    order_id: int,
    by: User,
    reason: str,
    version: int | None = None,
    location_id: str = "",
    **answers: Any,
) -> Order:
    """Ship what the dialog names; every line of it stands there, none is “all”."""
    return services.ship_order(
        order_id=order_id,
        by=by,
        reason=reason,
        version=version,
        location_id=_place(location_id),
        **answers,
    )


def pack(
    *,
    order_id: int,
    by: User,
    reason: str,
    lines: Mapping[int, int],
    version: int | None = None,
    location_id: str = "",
) -> list[Shipment]:
    """Pack what the dialog names."""
    return services.pack_order(
        order_id=order_id,
        by=by,
        reason=reason,
        lines=lines,
        version=version,
        location_id=_place(location_id),
    )


def _place(answer: str) -> int | None:
    """Return the key of the location chosen from the list; blank: where it is promised."""
    return int(answer) if answer else None


# What the flow's own step “ship” is told beside its table row.
SHIP_OPTIONS = {"one": ship, "icon": "local_shipping", "done": _("{row}: shipped.")}

ACTS: tuple[Act, ...] = (
    Act.from_step(PACK, one=pack, icon="package_2", done=_("{row}: the parcel is packed.")),
)

CORRECT = Act(
    "correct",
    _("Correct number"),
    SHIPMENT_FLOW["send"].permission_name,
    asks=(TRACKING, CARRIER, Ask("reason", _("Remark"))),
    one=services.correct_shipment,
    applies=lambda parcel: parcel.status != "cancelled",
    effect=_("writes another tracking number on the parcel"),
    done=_("{row}: corrected."),
)
