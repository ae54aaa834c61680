"""The kinds of work that orders have done in the background: thin, each calls a service."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice import jobs, retention
from backoffice.refused import Refused
from orders.models import Message
from orders.services import (
    carts,
    due_claims,
    messages,
    release_due_holds,
    settle_in_doubt,
    webhooks,
)

# What we wrote to customers expires where a rule says so; that we wrote stays.
retention.personal(Message, at="at")


@jobs.periodic("orders.settle_payments", every_minutes=1, label=_("Settle payments in doubt"))
def settle_payments(run: jobs.Run) -> dict[str, int]:
    """Ask the bank again about payments whose answer was lost; each settles by itself."""
    claims = due_claims(now=timezone.now())
    refused = 0
    for number, intent in enumerate(claims):
        run.check()
        run.progress(number, len(claims))
        try:
            settle_in_doubt(intent_id=intent.pk, by=None)
        except Refused:
            refused += 1
    run.progress(len(claims), len(claims))
    return {"asked": len(claims), "refused": refused}


@jobs.periodic("orders.release_due_holds", every_minutes=5, label=_("Release holds that are due"))
def release_holds(run: jobs.Run) -> dict[str, int]:
    """End the holds whose moment has come."""
    outcome = release_due_holds(now=timezone.now())
    return {"released": len(outcome.done), "refused": len(outcome.refused)}


@jobs.periodic("orders.forget_carts", every_minutes=60, label=_("Throw away old carts"))
def forget_carts(run: jobs.Run) -> dict[str, int]:
    """Throw away carts that nobody has touched for weeks."""
    return {"carts": carts.forget_carts(now=timezone.now())}


@jobs.kind(messages.SEND_KIND, label=_("Send letters"), most_attempts=5)
def send_letters(run: jobs.Run) -> dict[str, Any]:
    """Hand letters to the mail server; what went out is not sent again."""
    return messages.send_messages(run, run.arguments["message_ids"])


@jobs.kind(messages.WRITE_KIND, label=_("Write letters"), most_attempts=5)
def write_letters(run: jobs.Run) -> dict[str, Any]:
    """Write the letters of a bulk step, and send them."""
    return messages.write_messages(run)


@jobs.kind(webhooks.KIND, label=_("Handle a webhook event"), most_attempts=5)
def handle_webhook(run: jobs.Run) -> dict[str, str]:
    """Do what a gateway's event asks for; a second time finds it done."""
    event = webhooks.handle_webhook(event_id=run.arguments["event_id"])
    return {"outcome": event.outcome}
