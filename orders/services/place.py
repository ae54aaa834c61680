"""Placing: the draft becomes an order, with a number, frozen prices and promised stock."""

from __future__ import annotations

from django.db import transaction

from backoffice import changes
from backoffice.models import User
from backoffice.steps import taking
from orders.models import Address, Contact, Order
from orders.numbers import number_for
from orders.services.lines import commit_lines, freeze_prices, locked_lines
from orders.services.messages import queue_message
from orders.signals import order_placed
from orders.states import ORDER_FLOW

PLACE = ORDER_FLOW["place"]


@ORDER_FLOW.verb("place")
@transaction.atomic
def place_order(
    *, order_id: int, by: User, reason: str, notify: bool = True, version: int | None = None
) -> Order:
    """Turn a draft into an order that waits to be processed.

    notify: a confirmation by e-mail to the contact; a shop that confirms once the payment has
    come places without.
    Refuses: what `taking` refuses; OrderEmpty; NotForSale; SoldThroughVariants; OtherCurrency;
    NotEnoughStock (then nothing at all is committed).
    Atomic: locks the order, its lines, their stock levels in order; freezes SKU, name and price,
    commits stock, numbers the order; one history row for the order and one for each line.
    """
    with taking(PLACE, order_id, by=by, reason=reason, version=version) as order:
        make_binding(order, step=PLACE.name)
    transaction.on_commit(lambda: order_placed.send_robust(sender=Order, order=order))
    if notify:
        queue_message(order=order, template="confirmation", by=by)
    return order


def make_binding(order: Order, *, step: str) -> None:
    """Do what placing does to a locked order that was never placed before."""
    lines = locked_lines(order)
    freeze_prices(order, lines, at=changes.moment())
    commit_lines({line: line.quantity for line in lines}, step=step)
    order.number = number_for(order.pk)
    order.placed_at = changes.moment()
    _say_where(order)


def _say_where(order: Order) -> None:
    """Keep the draft's contact and addresses; where it has none, take the customer's latest."""
    of_customer = {"customer_id": order.customer_id, "erased_at": None}
    if order.contact_id is None:
        order.contact = Contact.objects.filter(**of_customer).order_by("-pk").first() or _contact(
            order
        )
    if order.shipping_address_id is None:
        order.shipping_address = Address.objects.filter(**of_customer).order_by("-pk").first()
    if order.billing_address_id is None:
        order.billing_address = order.shipping_address


def _contact(order: Order) -> Contact:
    """Record the customer's own name and e-mail as the contact: an order always has one."""
    customer = order.customer
    contact = Contact(
        customer_id=order.customer_id, name=customer.get_full_name(), email=customer.email
    )
    contact.save()
    return contact
