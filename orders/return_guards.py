"""Why a step of a return is closed: pure functions of one loaded return (or of its order)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from backoffice.refused import Refused
from orders import guards

if TYPE_CHECKING:
    from orders.models import Order, Return


class NothingToReturn(Refused):
    """facts: shipped, returned, announced (units)."""

    sentence = _(
        "Nothing is left to take back: {shipped} units were shipped, {returned} are back and "
        "{announced} are on their way."
    )
    http_status = 409


class NothingCameBack(Refused):
    sentence = _("None of the units came back.")
    hint = _("Close the return; there is nothing to give back for it.")
    http_status = 409


class NothingDue(Refused):
    sentence = _("Nothing is due for this return any more.")
    hint = _("Close it.")
    http_status = 409


class ExchangedAlready(Refused):
    """facts: order (the exchange)."""

    sentence = _("It was exchanged for {order} already.")
    hint = _("Refund what is left of it.")
    http_status = 409


class RefundAsked(Refused):
    """facts: amount (with its currency), who."""

    sentence = _("A refund of {amount} waits for a second person, asked for by {who}.")
    hint = _("Let it be approved, declined or withdrawn first.")
    http_status = 409


def has_units_to_return(order: Order) -> Refused | None:
    """everything that was shipped is back or on its way back"""
    facts = order.facts
    if facts.returnable_units > 0:
        return None
    return NothingToReturn(
        shipped=facts.shipped_units,
        returned=facts.returned_units,
        announced=facts.announced_units,
    )


def order_has_no_claim(row: Return) -> Refused | None:
    """a step that moves money is under way on its order"""
    return guards.no_claim(row.order)


def no_refund_asked(row: Return) -> Refused | None:
    """a refund of it waits for a second person"""
    asked = row.facts.asked
    return RefundAsked(amount=asked.size, who=asked.asked_by) if asked else None


def something_came_back(row: Return) -> Refused | None:
    """none of its units came back"""
    return None if row.facts.came_back else NothingCameBack()


def something_is_due(row: Return) -> Refused | None:
    """nothing is due for it any more"""
    return None if row.facts.due > 0 else NothingDue()


def not_exchanged(row: Return) -> Refused | None:
    """it was exchanged"""
    return ExchangedAlready(order=row.exchange) if row.exchange_id else None
