"""Why a step of an order is closed: pure functions of one loaded order (see `facts`)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from backoffice.refused import Refused

if TYPE_CHECKING:
    from orders.models import Order


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


class NotFullyShipped(Refused):
    sentence = _("Units still to be shipped: {open_units}.")
    hint = _("Ship them first.")
    http_status = 409


class NothingToShip(Refused):
    sentence = _("Everything is shipped already.")
    http_status = 409


class AlreadyShipped(Refused):
    sentence = _("{shipped_units} units have left the house.")
    hint = _("Take them back as a return instead.")
    http_status = 409


class ClaimOpen(Refused):
    sentence = _("The order is being worked on: “{step}” by {who}, since {since:%H:%M:%S} UTC.")
    hint = _("Wait a moment; if the bank has not answered, ask it again from the order's page.")
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
    covered = order.facts.covered
    if covered >= order.total:
        return None
    return PaymentMissing(covered=covered, total=order.total, currency=order.currency)


def is_not_covered(order: Order) -> Refused | None:
    """the payment is there (an authorisation whose capture was declined does not count)"""
    return PaymentPresent() if order.facts.surely_covered >= order.total else None


def is_not_paid(order: Order) -> Refused | None:
    """it is fully paid"""
    return AlreadyPaid() if order.facts.net_paid >= order.total else None


def is_paid(order: Order) -> Refused | None:
    """it is not fully paid"""
    if order.facts.net_paid >= order.total:
        return None
    return NotFullyPaid(paid=order.facts.net_paid, total=order.total, currency=order.currency)


def all_shipped(order: Order) -> Refused | None:
    """units are still to be shipped"""
    if order.facts.open_units == 0:
        return None
    return NotFullyShipped(open_units=order.facts.open_units)


def has_open_units(order: Order) -> Refused | None:
    """everything is shipped"""
    return None if order.facts.open_units else NothingToShip()


def nothing_shipped(order: Order) -> Refused | None:
    """something was shipped (a return is the way then)"""
    if order.facts.shipped_units == 0:
        return None
    return AlreadyShipped(shipped_units=order.facts.shipped_units)


def no_claim(order: Order) -> Refused | None:
    """another step that moves money is under way"""
    claim = order.facts.claim
    if claim is None:
        return None
    since: datetime = claim.claimed_at
    return ClaimOpen(step=claim.step_label, who=claim.by, since=since)
