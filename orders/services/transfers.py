"""Money that goes back by hand: refunds that no gateway can make, and that somebody has sent."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes
from backoffice.models import User
from backoffice.refused import BadValue, Refused, UnknownRow
from backoffice.steps import require_permission
from orders.models import Refund, Transfer

PERMISSION = "orders.record_payment_order"
LONGEST_REFERENCE_CHARS = 120


class NotToTransfer(Refused):
    sentence = _("This refund went back through the gateway; there is nothing to transfer.")
    http_status = 409


class TransferredAlready(Refused):
    """facts: reference, who."""

    sentence = _("It was transferred already: “{reference}”, by {who}.")
    http_status = 409


@transaction.atomic
def record_transfer(*, refund_id: int, by: User, reference: str, reason: str = "") -> Transfer:
    """Note that a refund which no gateway could make was sent by hand.

    reference: what the bank statement will say.
    Refuses: NotAllowed; UnknownRow; BadValue; NotToTransfer; TransferredAlready.
    Atomic: one transfer; of two people at once the second is told who was first.
    """
    require_permission(by, PERMISSION, str(_("record transfers")))
    refund = Refund.objects.filter(pk=refund_id).first()
    if refund is None:
        raise UnknownRow(what=Refund._meta.verbose_name, key=refund_id)
    if (refused := is_to_transfer(refund)) is not None:
        raise refused
    reference = reference.strip()
    if not reference or len(reference) > LONGEST_REFERENCE_CHARS or not reference.isprintable():
        problem = _("1 to {most} characters are needed.").format(most=LONGEST_REFERENCE_CHARS)
        raise BadValue(field=_("Reference"), problem=problem)
    changes.say(action="orders.record_transfer", by=by, reason=reason)
    try:
        with transaction.atomic():
            return Transfer.objects.create(
                refund=refund,
                reference=reference,
                change_set=changes.require(),
                at=changes.moment(),
            )
    except IntegrityError:
        # One row per refund: whoever was first has it.
        refund.refresh_from_db()
        refused = is_to_transfer(refund)
        if refused is None:
            raise
        raise refused from None


def is_to_transfer(refund: Refund) -> Refused | None:
    """Return why a refund waits for no transfer, or None."""
    if not refund.is_by_hand:
        return NotToTransfer()
    done = Transfer.objects.filter(refund=refund).select_related("change_set__actor").first()
    if done is not None:
        return TransferredAlready(reference=done.reference, who=done.change_set.who)
    return None
