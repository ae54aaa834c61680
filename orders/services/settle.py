"""Claims that were left open: the bank's answer was lost, or the worker died before settling."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice import steps
from backoffice.models import AuditEvent, User
from backoffice.refused import ReasonMissing, Refused, UnknownRow
from orders.integrations.gateway import Approved
from orders.models import Order, PaymentIntent
from orders.services import claims
from orders.states import step_named

FIRST_PAUSE_SECONDS = 60
# No call to a gateway may take as long as this.
CALL_SECONDS = 60
LONGEST_PAUSE_SECONDS = 6 * 60 * 60
BY_HAND_PERMISSION = "orders.record_payment_order"


class AlreadySettled(Refused):
    """facts: intent, state."""

    sentence = _("“{intent}” is {state} already.")
    hint = _("Look at the order's timeline.")
    http_status = 409


class BeingAsked(Refused):
    """facts: since."""

    sentence = _("The bank is being asked right now, since {since:%H:%M:%S} UTC.")
    hint = _("Wait a minute; then ask again if it has not answered.")
    http_status = 409


class NotForHand(Refused):
    sentence = _("Only money that the bank refused to give back can be returned by hand.")
    hint = _("Ask the bank again first.")
    http_status = 409


def settle_in_doubt(*, intent_id: int, by: User | None) -> Order:
    """Ask the bank again with the same key, settle for whoever asked first, and take the step.

    by: who presses the button; None is the machine (`manage.py settle_payments`). It needs the
    permission of the step itself; the step is still recorded as the first person's.
    Refuses: UnknownRow; NotAllowed; AlreadySettled; BeingAsked; PaymentDeclined; PartlyReturned;
    PaymentInDoubt; ServiceUnavailable; and what the step refuses by now.
    Moves money at most once: the same key gives the first answer. Call it outside of a
    transaction.
    """
    intent = _open_intent(intent_id)
    if by is not None:
        step = step_named(intent.step)
        steps.require_permission(by, step.permission_name, str(step.label).lower())
    if may_be_under_way(intent):
        raise BeingAsked(since=intent.claimed_at)
    if by is not None:
        AuditEvent.record("payment_asked_again", subject=intent, order=str(intent.order))
    return claims.pursue(intent, is_first=False)


def return_by_hand(*, intent_id: int, by: User, reason: str) -> Order:
    """End a claim whose refund the bank declines: a person has returned the money another way.

    reason: how it went back, for the record; required.
    Refuses: UnknownRow; NotAllowed; ReasonMissing; AlreadySettled; NotForHand unless the bank has
    declined this very piece; and what `settle_in_doubt` refuses for the pieces after it.
    Moves no money for this piece; records it as returned, and goes on with the step.
    """
    steps.require_permission(by, BY_HAND_PERMISSION, str(_("return money by hand")))
    if not reason.strip():
        raise ReasonMissing(step=_("Return by hand"))
    intent = _open_intent(intent_id)
    if not intent.arguments["attempts"] or intent.state != PaymentIntent.State.CLAIMED:
        raise NotForHand
    AuditEvent.record("payment_returned_by_hand", subject=intent, reason=reason)
    settled = claims.settle(intent, Approved(intent.charge, reason))
    if settled.refusal is not None:
        raise settled.refusal
    return claims.pursue(settled.following) if settled.following else settled.order


def due_claims(*, now: datetime, pause_seconds: int = FIRST_PAUSE_SECONDS) -> list[PaymentIntent]:
    """Return the open claims that the machine should ask about now, oldest first.

    One that the bank has declined waits twice as long each time, up to six hours.
    """
    open_claims = PaymentIntent.objects.filter(settled_at=None).select_related("order", "by")
    return [
        intent
        for intent in open_claims.order_by("claimed_at", "pk")
        if intent.claimed_at + _pause(intent, pause_seconds) <= now
    ]


def may_be_under_way(intent: PaymentIntent) -> bool:
    """Tell whether the first call may still be on its way.

    If that one then reports that it was never sent, it closes the claim: an answer fetched here
    in the meantime would be recorded nowhere.
    """
    is_first = intent.state == PaymentIntent.State.CLAIMED and not intent.arguments["attempts"]
    return is_first and timezone.now() < intent.claimed_at + timedelta(seconds=CALL_SECONDS)


def _pause(intent: PaymentIntent, pause_seconds: int) -> timedelta:
    wait = pause_seconds * 2 ** min(intent.arguments["attempts"], 10)
    return timedelta(seconds=min(wait, max(pause_seconds, LONGEST_PAUSE_SECONDS)))


def _open_intent(intent_id: int) -> PaymentIntent:
    intent = PaymentIntent.objects.select_related("order", "by").filter(pk=intent_id).first()
    if intent is None:
        raise UnknownRow(what=_("payment intent"), key=intent_id)
    if intent.settled_at is not None:
        raise AlreadySettled(intent=intent, state=intent.get_state_display())
    return intent
