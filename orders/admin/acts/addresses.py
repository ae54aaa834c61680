"""Whom an order is for and where it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.acts import Act
from backoffice.flows import Ask
from backoffice.models import User
from backoffice.refused import Refused, UnknownRow
from orders import services
from orders.models import Address, Contact, Order
from orders.services.addresses import may_go_elsewhere
from orders.states import ADDRESS

REASON = Ask("reason", _("Reason"), "line", help=_("It stands in the order's timeline."))


@transaction.atomic
def give_contact(
    *, order_id: int, by: User, reason: str, version: int | None = None, **fields: str
) -> Order:
    """Record how to reach the customer and put it on the order."""
    contact = services.record_contact(
        customer_id=_order(order_id).customer_id, by=by, reason=reason, **fields
    )
    return services.address_order(
        order_id=order_id, contact_id=contact.pk, by=by, reason=reason, version=version
    )


@transaction.atomic
def give_address(
    *, order_id: int, by: User, reason: str, version: int | None = None, **fields: str
) -> Order:
    """Record an address of the customer and send the order there; the bill goes along.

    A bill that goes elsewhere already, or is written, stays where it goes.
    """
    order = _order(order_id)
    address = services.record_address(customer_id=order.customer_id, by=by, reason=reason, **fields)
    is_one = order.billing_address_id in {None, order.shipping_address_id}
    goes_along = is_one and order.status != "processing"
    return services.address_order(
        order_id=order_id,
        shipping_address_id=address.pk,
        billing_address_id=address.pk if goes_along else None,
        by=by,
        reason=reason,
        version=version,
    )


@transaction.atomic
def give_billing_address(
    *, order_id: int, by: User, reason: str, version: int | None = None, **fields: str
) -> Order:
    """Record an address of the customer and send the order's bill there."""
    address = services.record_address(
        customer_id=_order(order_id).customer_id, by=by, reason=reason, **fields
    )
    return services.address_order(
        order_id=order_id, billing_address_id=address.pk, by=by, reason=reason, version=version
    )


def _order(order_id: int) -> Order:
    order: Order | None = Order.objects.get_or_none(pk=order_id)
    if order is None:
        raise UnknownRow(what=_("order"), key=order_id)
    return order


def _ships_elsewhere(order: Order) -> Refused | None:
    """it is too late for another shipping address"""
    return ADDRESS.refusal(order) or may_go_elsewhere(order)


def _is_editable(order: Order) -> bool:
    return order.status in ADDRESS.sources


def _is_unbilled(order: Order) -> bool:
    return order.status in {"draft", "pending"}


def _lines_of(
    model: type[Contact | Address], required: Sequence[str], present: Callable[[Order], Any]
) -> tuple[Ask, ...]:
    """Ask for a personal record, column by column, filled with the one that is there."""
    helps = {"country": _("Two letters, for example DE.")}

    def filled(name: str) -> Callable[[Order], Mapping[str, Any]]:
        return lambda order: {"initial": getattr(present(order), name, "")}

    return tuple(
        Ask(
            name,
            capfirst(model._meta.get_field(name).verbose_name),
            "line",
            required=name in required,
            help=helps.get(name, ""),
            about=filled(name),
        )
        for name in model.personal_fields
    )


WHERE = ("name", "line1", "city", "country")
ACTS: tuple[Act, ...] = (
    Act(
        "give_contact",
        _("Change contact"),
        "orders.change_order",
        asks=(*_lines_of(Contact, ("name",), lambda order: order.contact), REASON),
        one=give_contact,
        refusal=ADDRESS.refusal,
        applies=_is_editable,
    ),
    Act(
        "give_address",
        _("Change address"),
        "orders.change_order",
        asks=(*_lines_of(Address, WHERE, lambda order: order.shipping_address), REASON),
        one=give_address,
        refusal=_ships_elsewhere,
        applies=_is_editable,
    ),
    Act(
        "give_billing_address",
        _("Change billing address"),
        "orders.change_order",
        asks=(*_lines_of(Address, WHERE, lambda order: order.billing_address), REASON),
        one=give_billing_address,
        refusal=ADDRESS.refusal,
        applies=_is_unbilled,
    ),
)
