"""Why a step of an order is closed: pure functions of one loaded order (see `facts`)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from backoffice.refused import Refused

if TYPE_CHECKING:
    from orders.models import Order, Shipment


class OrderEmpty(Refused):
    sentence = _("The order has no lines.")
    hint = _("Add at least one line.")


class OrderHeld(Refused):
    sentence = _("The order is on hold: {why}.")
    hint = _("Release it first.")
    http_status = 409


class OrderNotHeld(Refused):
    sentence = _("The order is not on hold.")
    http_status = 409


class PaymentMissing(Refused):
    sentence = _("Only {covered} of {total} {currency} are authorised or paid.")
    hint = _("Take a payment first, or ask a manager to process it without one.")
    http_status = 409


class PaymentPresent(Refused):
    sentence = _("The payment is there; process the order the ordinary way.")
    http_status = 409


class AlreadyPaid(Refused):
    sentence = _("The order is fully paid.")
    http_status = 409


class NotFullyPaid(Refused):
    sentence = _("Only {paid} of {total} {currency} are paid.")
    hint = _("Record the payment first.")
    http_status = 409


class NothingToRefund(Refused):
    sentence = _("There is no money of the customer left to give back.")
    http_status = 409


class NothingToCapture(Refused):
    sentence = _("No money is authorised that is not captured or released.")
    hint = _("Take a payment first.")
    http_status = 409


class NotFullyShipped(Refused):
    sentence = _("Units still to be shipped: {open_units}.")
    hint = _("Ship them first.")
    http_status = 409


class NothingToShip(Refused):
    sentence = _("Everything is shipped already.")
    http_status = 409


class NothingLoose(Refused):
    """facts: packed (units)."""

    sentence = _("All units that are left are packed: {packed}.")
    hint = _("Send the parcels, or unpack one first.")
    http_status = 409


class NothingPromised(Refused):
    """facts: open_units."""

    sentence = _("No stock is promised to the {open_units} units that are left.")
    hint = _("Wait for the next delivery, or refund what cannot be sent.")
    http_status = 409


class StillPacked(Refused):
    """facts: packed (units)."""

    sentence = _("{packed} units are packed in a parcel.")
    hint = _("Unpack it first.")
    http_status = 409


class AlreadyShipped(Refused):
    sentence = _("{shipped_units} units have left the house.")
    hint = _("Take them back as a return instead.")
    http_status = 409


class OrderNotProcessing(Refused):
    """facts: order, state (in words)."""

    sentence = _("{order} is {state}; its parcels move only while it is being processed.")
    http_status = 409


class MoneyMoved(Refused):
    """facts: order, amount, currency."""

    sentence = _("{order} has {amount} {currency} authorised or paid.")
    hint = _("Merge the other order into this one instead, or return the money first.")
    http_status = 409


class OrderMerged(Refused):
    """facts: order, into (the order that took over its lines)."""

    sentence = _("{order} was merged into {into}, which has its lines now.")
    hint = _("Duplicate it if the customer wants the same again.")
    http_status = 409


class ClaimOpen(Refused):
    sentence = _("The order is being worked on: “{step}” by {who}, since {since:%H:%M:%S} UTC.")
    hint = _("Wait a moment; if the bank has not answered, ask it again from the order's page.")
    http_status = 409


class ReviewDue(Refused):
    """facts: total, limit, currency."""

    sentence = _("Orders above {limit} {currency} are looked at by a person first.")
    hint = _("The payment is reserved; nothing more is to be done.")
    http_status = 409


class NotChosen(Refused):
    sentence = _("This order was written by us and is not ready yet.")
    hint = _("We place it, or ask.")
    http_status = 409


def has_lines(order: Order) -> Refused | None:
    """the order has no lines"""
    return None if order.facts.ordered_units else OrderEmpty()


def not_held(order: Order) -> Refused | None:
    """it is on hold"""
    return OrderHeld(why=order.hold_reason.rstrip(".") or "–") if order.is_held else None


def is_held(order: Order) -> Refused | None:
    """it is not on hold"""
    return None if order.is_held else OrderNotHeld()


def is_covered(order: Order) -> Refused | None:
    """less than the total is authorised or paid"""
    facts, total = order.facts, order.total - order.facts.lowered
    if facts.covered >= total:
        return None
    return PaymentMissing(covered=facts.covered, total=total, currency=order.currency)


def is_not_covered(order: Order) -> Refused | None:
    """the payment is there (an authorisation whose capture was declined does not count)"""
    total = order.total - order.facts.lowered
    return PaymentPresent() if order.facts.surely_covered >= total else None


def is_not_paid(order: Order) -> Refused | None:
    """it is fully paid"""
    return AlreadyPaid() if order.facts.due_of(order.total) <= 0 else None


def is_paid(order: Order) -> Refused | None:
    """it is not fully paid"""
    facts, total = order.facts, order.total - order.facts.lowered
    if facts.due_of(order.total) <= 0:
        return None
    return NotFullyPaid(paid=facts.net_paid, total=total, currency=order.currency)


def needs_no_review(order: Order) -> Refused | None:
    """its total is above what goes through unseen"""
    limit = settings.ORDER_REVIEW_ABOVE
    if order.total <= limit:
        return None
    return ReviewDue(total=order.total, limit=limit, currency=order.currency)


def is_checked_out(order: Order) -> Refused | None:
    """staff wrote the draft, and place it themselves"""
    return None if order.channel == "web" else NotChosen()


def has_money_left(order: Order) -> Refused | None:
    """no money of the customer is left"""
    return None if order.facts.returnable > 0 else NothingToRefund()


def has_authorised(order: Order) -> Refused | None:
    """nothing is authorised"""
    return None if order.facts.authorised > 0 else NothingToCapture()


def all_shipped(order: Order) -> Refused | None:
    """units are still to be shipped"""
    if order.facts.open_units == 0:
        return None
    return NotFullyShipped(open_units=order.facts.open_units)


def has_open_units(order: Order) -> Refused | None:
    """everything is shipped"""
    return None if order.facts.open_units else NothingToShip()


def has_loose_units(order: Order) -> Refused | None:
    """what is left is packed already, or has no stock promised"""
    facts = order.facts
    if facts.loose_units:
        return None
    if facts.packed_units:
        return NothingLoose(packed=facts.packed_units)
    return NothingPromised(open_units=facts.open_units)


def nothing_packed(order: Order) -> Refused | None:
    """a parcel is packed (it is unpacked first)"""
    packed = order.facts.packed_units
    return StillPacked(packed=packed) if packed else None


def nothing_shipped(order: Order) -> Refused | None:
    """something was shipped (a return is the way then)"""
    if order.facts.shipped_units == 0:
        return None
    return AlreadyShipped(shipped_units=order.facts.shipped_units)


def has_no_money(order: Order) -> Refused | None:
    """money is authorised or paid (the other one is merged into it then)"""
    facts = order.facts
    if not (facts.captured or facts.authorised):
        return None
    amount = facts.covered or facts.captured
    return MoneyMoved(order=order, amount=amount, currency=order.currency)


def not_merged(order: Order) -> Refused | None:
    """it was merged into another order"""
    if order.merged_into_id is None:
        return None
    return OrderMerged(order=order, into=order.merged_into)


def no_claim(order: Order) -> Refused | None:
    """another step that moves money is under way"""
    claim = order.facts.claim
    if claim is None:
        return None
    since: datetime = claim.claimed_at
    return ClaimOpen(step=claim.step_label, who=claim.by, since=since)


# --- Of a parcel: what its order says, which the parcel's loader has put beside it --------------


def order_is_processing(parcel: Shipment) -> Refused | None:
    """its order is not being processed"""
    order = parcel.order
    if order.status == "processing":
        return None
    return OrderNotProcessing(order=order, state=str(order.get_status_display()).lower())


def order_not_held(parcel: Shipment) -> Refused | None:
    """its order is on hold"""
    return not_held(parcel.order)


def order_has_no_claim(parcel: Shipment) -> Refused | None:
    """a step that moves money is under way on its order"""
    return no_claim(parcel.order)
