"""Whom a draft is for and where it goes."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.acts import Act
from backoffice.flows import Ask
from backoffice.models import User
from backoffice.refused import Refused, UnknownRow
from orders import services
from orders.models import Address, Contact, Order


class NotADraftNow(Refused):
    sentence = _("Only a draft's contact and address can be changed here.")
    hint = _("Cancel the order and write a new one.")
    http_status = 409


@transaction.atomic
def give_address(
    *, order_id: int, by: User, reason: str, version: int | None = None, **fields: str
) -> Order:
    """Record an address of the customer and send the draft, and its bill, there."""
    address = services.record_address(
        customer_id=_draft(order_id).customer_id, by=by, reason=reason, **fields
    )
    return services.address_draft(
        order_id=order_id,
        shipping_address_id=address.pk,
        billing_address_id=address.pk,
        by=by,
        reason=reason,
        version=version,
    )


@transaction.atomic
def give_contact(
    *, order_id: int, by: User, reason: str, version: int | None = None, **fields: str
) -> Order:
    """Record how to reach the customer and put it on the draft."""
    contact = services.record_contact(
        customer_id=_draft(order_id).customer_id, by=by, reason=reason, **fields
    )
    return services.address_draft(
        order_id=order_id, contact_id=contact.pk, by=by, reason=reason, version=version
    )


def _draft(order_id: int) -> Order:
    order = Order.objects.get_or_none(pk=order_id)
    if order is None:
        raise UnknownRow(what=_("order"), key=order_id)
    return order


def is_draft(order: Order) -> Refused | None:
    """it is no draft"""
    return None if order.status == "draft" else NotADraftNow()


def _lines_of(model: type[Contact | Address], required: Sequence[str]) -> tuple[Ask, ...]:
    """Ask for a personal record, column by column."""
    helps = {"country": _("Two letters, for example DE.")}
    return tuple(
        Ask(
            name,
            capfirst(model._meta.get_field(name).verbose_name),
            "line",
            required=name in required,
            help=helps.get(name, ""),
        )
        for name in model.personal_fields
    )


ACTS: tuple[Act, ...] = (
    Act(
        "give_contact",
        _("Change contact"),
        "orders.change_order",
        asks=_lines_of(Contact, ("name",)),
        one=give_contact,
        refusal=is_draft,
    ),
    Act(
        "give_address",
        _("Change address"),
        "orders.change_order",
        asks=_lines_of(Address, ("name", "line1", "city", "country")),
        one=give_address,
        refusal=is_draft,
    ),
)
