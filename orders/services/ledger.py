"""The facts of money: what is written down once a gateway has answered, and never changed."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from backoffice import changes
from orders.facts import ZERO, load_facts
from orders.integrations.gateway import Approved, Declined
from orders.models import Payment, PaymentIntent, Refund

Operation = PaymentIntent.Operation
BY_HAND = _("To be transferred by hand: it did not come through a gateway.")


def record_answer(intent: PaymentIntent, answer: Approved) -> None:
    """Write what moved, under the open change set."""
    if intent.operation == Operation.REFUND:
        answers, move = intent.arguments["answers"], intent.arguments["moves"][0]
        Refund.objects.create(
            order=intent.order,
            intent=intent,
            amount=intent.amount,
            currency=intent.currency,
            charge=intent.charge,
            shipping_amount=Decimal(move.get("shipping", 0)),
            lowers_due_by=Decimal(move.get("lowers_due_by", 0)),
            of_return_id=answers.get("return_id"),
            reason_code=answers.get("reason_code", ""),
            note=intent.reason,
            change_set=changes.require(),
            at=changes.moment(),
        )
        return
    kind = {
        Operation.AUTHORISE: Payment.Kind.AUTHORISED,
        Operation.CAPTURE: Payment.Kind.CAPTURED,
        Operation.VOID: Payment.Kind.VOIDED,
    }[Operation(intent.operation)]
    charge = intent.charge or answer.charge
    _write_payment(intent, kind, intent.amount, charge, answer.message)
    if intent.operation == Operation.CAPTURE:
        load_facts([intent.order])
        rest = sum((c.open for c in intent.order.facts.charges if c.charge == charge), ZERO)
        if rest:
            # A gateway lets go of what a capture leaves.
            _write_payment(intent, Payment.Kind.VOIDED, rest, charge, "")


def record_decline(intent: PaymentIntent, answer: Declined) -> None:
    """Write that the bank declined, under the open change set: it stands in the timeline."""
    words = f"{intent.get_operation_display()}: {answer.message}"
    _write_payment(intent, Payment.Kind.FAILED, intent.amount, intent.charge, words)


def _write_payment(
    intent: PaymentIntent, kind: str, amount: Decimal, charge: str, message: str
) -> None:
    Payment.objects.create(
        order=intent.order,
        intent=intent,
        kind=kind,
        amount=amount,
        currency=intent.currency,
        gateway=intent.gateway,
        charge=charge,
        message=message[:300],
        change_set=changes.require(),
        at=changes.moment(),
    )
