"""What is due for a return now: asked before a refund of it, and again under the order's lock."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from backoffice.refused import Refused, UnknownRow
from orders.models import Order, Return
from orders.services.returns.facts import load_return_facts
from orders.states import REFUND_RETURN


class MoreThanDueForReturn(Refused):
    """facts: number, amount, due, currency."""

    sentence = _("Only {due} {currency} are due for {number}, not {amount} {currency}.")
    hint = _("Somebody else may have refunded it meanwhile; look at it again.")
    http_status = 409


def fresh_return(return_id: int) -> Return:
    row: Return | None = Return.objects.get_or_none(pk=return_id)
    if row is None:
        raise UnknownRow(what=Return._meta.verbose_name, key=return_id)
    load_return_facts([row])
    return row


def require_due(order: Order, return_id: int, amount: Decimal) -> None:
    """Refuse a refund of a locked order above what its return is still due.

    amount: of the goods, without shipping. `refund_order` asks this under the order's lock.
    Refuses: UnknownRow (also for another order's return); what REFUND_RETURN's guards refuse but
    for the claim and the approval, which are the refund's own; MoreThanDueForReturn.
    """
    row = fresh_return(return_id)
    if row.order_id != order.pk:
        raise UnknownRow(what=Return._meta.verbose_name, key=return_id)
    if row.status != "inspected":
        refused = REFUND_RETURN.refusal(row)
        assert refused is not None, "only an inspected return is refunded"
        raise refused
    if amount > row.facts.due:
        raise MoreThanDueForReturn(
            number=row, amount=amount, due=row.facts.due, currency=order.currency
        )
