"""What is due for what came back: refunded by the order's own refund, and the return closed."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history, steps
from backoffice.models import User
from backoffice.refused import BadValue, Refused
from orders.facts import CENT, ZERO
from orders.models import Order, Return
from orders.services.returns.due import fresh_return
from orders.services.returns.facts import locked_return, order_of
from orders.states import REFUND_RETURN, RETURN_FLOW

CLOSE = RETURN_FLOW["close"]


class FeeTooLarge(Refused):
    """facts: fee, due, currency."""

    sentence = _("A fee of {fee} {currency} leaves nothing of the {due} {currency} that are due.")
    hint = _("Keep less back, or close the return without a refund.")


class StillDue(Refused):
    """facts: due, currency."""

    sentence = _("{due} {currency} are still due to the customer.")
    hint = _("Refund or exchange it first, or say why nothing is given back.")
    http_status = 409


def refund_return(
    *,
    return_id: int,
    by: User,
    reason: str,
    shipping: Decimal | None = None,
    fee: Decimal | None = None,
    notify: bool = True,
    version: int | None = None,
) -> Return:
    """Give back what is due for a return, by the order's refund.

    shipping: how much of the shipping fee goes back with it; None is nothing. fee: what is kept
    of the goods' worth; it stays on the return; None keeps what stands there.
    Refuses: UnknownRow; NotAllowed; StaleVersion; StepNotOpen; ClaimOpen; RefundAsked;
    NothingCameBack; NothingDue; BadValue; FeeTooLarge; and what `refund_order` refuses, four eyes
    and limits included.
    Atomic for the fee: locks the order, then the return; one history row when it changes. Then
    moves money as `refund_order` does, which checks what is due once more under the order's lock:
    two who press at once refund once. The refund closes the return when nothing is due any more.
    Call it outside of a transaction.
    """
    # The refund asks what is due of a return: at the top of the file this would be a circle.
    from orders.services.refund import RefundUnits, refund_order

    with transaction.atomic(durable=True):
        row = _decided(return_id, by=by, reason=reason, fee=fee, version=version)
    due, back = row.facts.due, _money(shipping, _("Shipping"))
    units = [RefundUnits(line_id, n) for line_id, n in sorted(row.facts.open_units.items())]
    refund_order(
        order_id=row.order_id,
        by=by,
        reason_code="returned",
        reason=reason,
        lines=units,
        shipping=back,
        amount=due + back,
        notify=notify,
        return_id=return_id,
    )
    return fresh_return(return_id)


@RETURN_FLOW.verb("close")
def close_return(*, return_id: int, by: User, reason: str, version: int | None = None) -> Return:
    """Say that nothing is left to do.

    reason: required while something is still due: why is it not given back?
    Refuses: what `taking` refuses; ClaimOpen; RefundAsked; StillDue.
    Atomic: locks the order, then the return; one history row.
    """
    with locked_return(CLOSE, return_id, by=by, reason=reason, version=version) as row:
        if row.facts.due > 0 and not reason.strip():
            raise StillDue(due=row.facts.due, currency=row.order.currency)
        row.closed_at = changes.moment()
    return row


def close_if_settled(return_id: int, *, by: User) -> None:
    """Close a return of which nothing is due any more, for somebody who may; else leave it."""
    row = fresh_return(return_id)
    if row.facts.due <= 0 and CLOSE.refusal(row) is None and by.has_perm(CLOSE.permission_name):
        close_return(return_id=return_id, by=by, reason="")


def _decided(
    return_id: int, *, by: User, reason: str, fee: Decimal | None, version: int | None
) -> Return:
    """Lock the return, check that it may be refunded, keep the fee; return it with its facts."""
    Order.objects.select_for_update(of=("self",), no_key=True).get(pk=order_of(return_id))
    (row,) = steps.lock(REFUND_RETURN, [return_id])
    steps.check(REFUND_RETURN, row, by=by, version=version)
    kept = row.fee if fee is None else _money(fee, Return._meta.get_field("fee").verbose_name)
    if kept >= row.facts.unsettled:
        raise FeeTooLarge(fee=kept, due=row.facts.unsettled, currency=row.order.currency)
    if kept != row.fee:
        steps.say(REFUND_RETURN, by=by, reason=reason)
        row.fee = kept
        row.version += 1
        history.update_rows([row], step=REFUND_RETURN.name)
    return fresh_return(return_id)


def _money(amount: Decimal | None, field: object) -> Decimal:
    if amount is None:
        return ZERO
    if not amount.is_finite() or amount < 0 or amount != round(amount, 2):
        raise BadValue(field=field, problem=_("an amount of money, not negative, is needed."))
    return amount.quantize(CENT)
