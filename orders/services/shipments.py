"""Parcels: packed on the bench, then sent, or unpacked again."""

from __future__ import annotations

from backoffice.models import User
from backoffice.steps import taking
from orders.models import Shipment
from orders.states import SHIPMENT_FLOW


@SHIPMENT_FLOW.verb("send")
def send_shipment(
    *,
    shipment_id: int,
    by: User,
    reason: str,
    tracking: str = "",
    carrier: str = "",
    version: int | None = None,
) -> Shipment:
    with taking(SHIPMENT_FLOW["send"], shipment_id, by=by, reason=reason, version=version) as row:
        pass
    return row


@SHIPMENT_FLOW.verb("unpack")
def unpack_shipment(
    *, shipment_id: int, by: User, reason: str, version: int | None = None
) -> Shipment:
    with taking(SHIPMENT_FLOW["unpack"], shipment_id, by=by, reason=reason, version=version) as row:
        pass
    return row
