"""Checking out: a customer's cart becomes their order, once, at the prices that they saw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history, steps
from backoffice.idempotency import once
from backoffice.models import User
from backoffice.refused import BadValue, Refused
from catalog.models import Product
from orders.models import Address, Cart, CartLine, Customer, Order
from orders.services.cart_look import CartLook, fee_for, look_at
from orders.services.carts import CartCheckedOut, TooManyUnits, lock_cart
from orders.services.customers import AddressFields, record_address, record_contact
from orders.services.line_drafts import LineDraft, arrange
from orders.services.lines import add_up, freeze_prices
from orders.services.place import place_order
from orders.states import ORDER_FLOW

CHECK_OUT = ORDER_FLOW["check_out"]
LONGEST_KEY_CHARS = 64


class CartEmpty(Refused):
    sentence = _("The cart is empty.")
    hint = _("Lay something into it first.")


class CartChanged(Refused):
    """facts: lines (SKUs)."""

    sentence = _("Since you looked, price or number changed: {lines}.")
    hint = _("Look at the cart again; nothing was ordered.")
    http_status = 409


class LinesNotAvailable(Refused):
    """facts: lines (sentences, one for each line that cannot be ordered)."""

    sentence = _("Not everything can be ordered: {lines}")
    hint = _("Take these lines out, or fewer units; nothing was ordered.")
    http_status = 409


class NoCustomer(Refused):
    sentence = _("Only customers order from a cart.")
    hint = _("Sign in as a customer, or write the order in the console.")
    http_status = 403


class ContactFields(TypedDict, total=False):
    """Whom an order is for."""

    name: str
    email: str
    phone: str


def check_out(
    *,
    cart_id: int,
    by: User,
    contact: ContactFields,
    shipping: AddressFields,
    billing: AddressFields | None,
    key: str,
    stamp: str = "",
) -> Order:
    """Do `order_cart` once, however often it is asked under one key.

    key: the same again answers with the same order; refused, it is free again.
    Refuses: what `order_cart` refuses; StillRunning; KeyReused.
    Call it outside of a transaction.
    """
    if not key or len(key) > LONGEST_KEY_CHARS or "\x00" in key:
        raise BadValue(field=_("Idempotency key"), problem=_("1 to 64 characters are needed."))
    asked = {"check_out": [dict(contact), dict(shipping), billing and dict(billing)]}

    def work() -> str:
        order = order_cart(
            cart_id=cart_id,
            by=by,
            contact=contact,
            shipping=shipping,
            billing=billing,
            stamp=stamp,
        )
        return str(order.uuid)

    answer = once(by=by, key=key, content=asked, work=work)
    return Order.objects.get(uuid=UUID(answer), customer=by.pk)


@transaction.atomic
def order_cart(
    *,
    cart_id: int,
    by: User,
    contact: ContactFields,
    shipping: AddressFields,
    billing: AddressFields | None,
    stamp: str = "",
) -> Order:
    """Make an order of the customer's own cart: prices frozen, stock promised, the cart empty.

    billing: None: the same as shipping. stamp: `CartLook.stamp` of what was shown; blank: whatever
    it costs now.
    Refuses: NoCustomer; UnknownRow (not their cart); CartCheckedOut; CartEmpty; CartChanged;
    LinesNotAvailable; NotEnoughStock (a rival was faster); BadValue.
    Atomic: locks the cart, then what `place_order` locks; one order, its lines, its people.
    """
    _require_customer(by)
    cart = lock_cart(cart_id, by)
    if cart.checked_out_at is not None:
        raise CartCheckedOut(order=cart.order)
    look = look_at(cart, at=changes.moment())
    _require_as_shown(look, stamp)
    drafts = [LineDraft(line.product.pk, line.units) for line in look.lines]
    order = _place(drafts, by=by, people=(contact, shipping, billing))
    _close(cart, order)
    return order


@transaction.atomic
def order_product(
    *,
    product_id: int,
    units: int,
    by: User,
    contact: ContactFields,
    shipping: AddressFields,
    billing: AddressFields | None,
) -> Order:
    """Make an order of one product, beside whatever lies in the customer's cart.

    Refuses: NoCustomer; BadValue; TooManyUnits; NotForSale; SoldThroughVariants; OtherCurrency;
    NotEnoughStock.
    Atomic: what `place_order` locks; one order, its line, its people.
    """
    _require_customer(by)
    if units > CartLine.MOST_UNITS:
        sku = Product.objects.filter(pk=product_id).values_list("sku", flat=True).first()
        raise TooManyUnits(sku=sku, most=CartLine.MOST_UNITS)
    return _place([LineDraft(product_id, units)], by=by, people=(contact, shipping, billing))


def _require_customer(by: User) -> None:
    if not Customer.objects.filter(pk=by.pk, is_active=True).exists():
        raise NoCustomer


def _place(
    drafts: list[LineDraft],
    *,
    by: User,
    people: tuple[ContactFields, AddressFields, AddressFields | None],
) -> Order:
    """Write a customer's order and place it, at the prices and the stock of now."""
    changes.say(action=CHECK_OUT.action, by=by, reason="")
    order = Order(customer_id=by.pk, channel=Order.Channel.WEB, **_people(by, *people))
    rows = arrange(order, [], drafts).kept
    freeze_prices(order, rows, at=changes.moment())
    order.shipping_fee = fee_for(order.subtotal)
    add_up(order, rows)
    steps.enter(CHECK_OUT, [order], by=by, reason="")
    for row in rows:
        row.order_id = order.pk
    history.insert_rows(rows, step=CHECK_OUT.name)
    # The letter is written once the payment has come.
    return place_order(order_id=order.pk, by=by, reason="", notify=False)


def _require_as_shown(look: CartLook, stamp: str) -> None:
    if not look.lines:
        raise CartEmpty
    if stamp and (changed := look.differences_from(stamp)):
        raise CartChanged(lines=", ".join(changed))
    if look.problems:
        raise LinesNotAvailable(lines=" ".join(problem.message for problem in look.problems))


def _people(
    by: User,
    contact: ContactFields,
    shipping: AddressFields,
    billing: AddressFields | None,
) -> Mapping[str, Any]:
    """Record whom and where; what is the same as before is no new row."""
    name = contact.get("name") or by.get_full_name()

    def record(typed: AddressFields) -> Address:
        named: AddressFields = {"name": name, **typed}
        return record_address(customer_id=by.pk, by=by, reason="", **named)

    goes_to = record(shipping)
    return {
        "contact": record_contact(
            customer_id=by.pk,
            name=name,
            email=contact.get("email") or by.email,
            phone=contact.get("phone", ""),
            by=by,
            reason="",
        ),
        "shipping_address": goes_to,
        "billing_address": goes_to if billing is None else record(billing),
    }


def _close(cart: Cart, order: Order) -> None:
    cart.lines.all().delete()
    cart.order, cart.checked_out_at = order, changes.moment()
    cart.updated_at = cart.checked_out_at
    cart.save(update_fields=["order", "checked_out_at", "updated_at"])
