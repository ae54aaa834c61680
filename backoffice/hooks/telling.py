"""The outbox: what happened is written down for each listener, with what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, jobs
from backoffice.models import OutgoingEvent, WebhookDelivery, WebhookEndpoint
from backoffice.refused import Text

KIND = "backoffice.deliver_webhooks"

_events: dict[str, Text] = {}


def event(kind: str, label: Text) -> str:
    """Register a kind of event: "order.placed". Returns the kind."""
    _events[kind] = label
    return kind


def event_choices() -> list[tuple[str, Text]]:
    return sorted(_events.items())


def _listeners(kind: str) -> list[int]:
    rows = WebhookEndpoint.objects.listening().order_by("pk").values_list("pk", "events")
    return [pk for pk, events in rows if kind in events]


def is_heard(kind: str) -> bool:
    """Tell whether anybody listens: facts that cost queries are gathered only then."""
    return bool(_listeners(kind))


def tell(kind: str, facts: Sequence[Mapping[str, Any]]) -> list[OutgoingEvent]:
    """Write one event for each of `facts`, for whoever listens; nobody listens: nothing.

    Called inside the transaction of what happened: both stand, or neither. facts: JSON without
    personal data: what is told cannot be taken back.
    Atomic: the events, a delivery for each listener, and one job.
    """
    assert kind in _events, kind
    listeners = _listeners(kind) if facts else []
    if not listeners:
        return []
    moment, change_set = changes.moment(), changes.require()
    with transaction.atomic():
        events = OutgoingEvent.objects.bulk_create(
            OutgoingEvent(kind=kind, facts=dict(each), at=moment, change_set=change_set)
            for each in facts
        )
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(event=each, endpoint_id=pk) for each in events for pk in listeners
        )
        jobs.start(
            KIND,
            by=None,
            arguments={"event_ids": [each.pk for each in events]},
            label=str(_("Tell others: {kind}")).format(kind=_events[kind]),
        )
    return events
