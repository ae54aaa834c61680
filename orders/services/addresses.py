"""Whom an order is for and where it goes, while that can still be said."""

from __future__ import annotations

from typing import TypeVar

from django.utils.translation import gettext_lazy as _

from backoffice import steps
from backoffice.models import User
from backoffice.refused import Refused, UnknownRow
from orders import guards
from orders.models import Address, Contact, Order
from orders.states import ADDRESS, ORDER_FLOW

R = TypeVar("R", Contact, Address)


class BillWritten(Refused):
    """facts: order."""

    sentence = _("{order} is being processed: its bill goes where it was going.")
    hint = _("The shipping address can still be changed while nothing is packed.")
    http_status = 409


def address_order(
    *,
    order_id: int,
    by: User,
    reason: str,
    contact_id: int | None = None,
    billing_address_id: int | None = None,
    shipping_address_id: int | None = None,
    version: int | None = None,
) -> Order:
    """Say whom an order is for and where it goes; None leaves a part as it is.

    A draft and a pending order take all; one that is being processed takes a contact, and a
    shipping address while nothing is packed or shipped.
    Refuses: UnknownRow (also for another customer's record); NotAllowed; StaleVersion; StepNotOpen;
    ClaimOpen; BillWritten; StillPacked; AlreadyShipped.
    Atomic: locks the order; one history row when something changed.
    """
    with steps.editing(
        Order, order_id, by=by, permission=ADDRESS.permission_name, reason=reason, version=version
    ) as order:
        ORDER_FLOW.load([order])
        if (refused := ADDRESS.refusal(order)) is not None:
            raise refused
        point_to(
            order,
            contact_id=contact_id,
            billing_address_id=billing_address_id,
            shipping_address_id=shipping_address_id,
        )
    return order


def point_to(
    order: Order,
    *,
    contact_id: int | None = None,
    billing_address_id: int | None = None,
    shipping_address_id: int | None = None,
) -> None:
    """Set who and where on a locked order with its facts; what is None, or the same, stays.

    Refuses: UnknownRow; BillWritten; StillPacked; AlreadyShipped.
    """
    if contact_id is not None and contact_id != order.contact_id:
        order.contact = _record(Contact, contact_id, order)
    if billing_address_id is not None and billing_address_id != order.billing_address_id:
        if order.status == "processing":
            raise BillWritten(order=order)
        order.billing_address = _record(Address, billing_address_id, order)
    if shipping_address_id is not None and shipping_address_id != order.shipping_address_id:
        if (refused := may_go_elsewhere(order)) is not None:
            raise refused
        order.shipping_address = _record(Address, shipping_address_id, order)


def may_go_elsewhere(order: Order) -> Refused | None:
    """Return why an order's parcels must go where they were going, or None."""
    return guards.nothing_shipped(order) or guards.nothing_packed(order)


def _record(model: type[R], pk: int, order: Order) -> R:
    """Return the customer's own record. Refuses: UnknownRow."""
    row = model._default_manager.filter(
        pk=pk, customer_id=order.customer_id, erased_at=None
    ).first()
    if row is None:
        raise UnknownRow(what=model._meta.verbose_name, key=pk)
    return row
