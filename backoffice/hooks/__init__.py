"""Webhooks out: events of the trade told to other systems, at least once, signed.

An app registers its kinds with `event` and says `tell` inside the transaction of what happened;
`delivering` sends them after the commit, and again for a day where nobody answers.
"""

from backoffice.hooks.delivering import deliver_due, deliver_event
from backoffice.hooks.endpoints import (
    edit_endpoint,
    make_endpoint,
    new_endpoint_secret,
    resend_delivery,
    resume_endpoint,
)
from backoffice.hooks.telling import event, event_choices, is_heard, tell

__all__ = [
    "deliver_due",
    "deliver_event",
    "edit_endpoint",
    "event",
    "event_choices",
    "is_heard",
    "make_endpoint",
    "new_endpoint_secret",
    "resend_delivery",
    "resume_endpoint",
    "tell",
]
