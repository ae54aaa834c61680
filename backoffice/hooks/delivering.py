"""Delivering: at least once, again for a day with growing pauses, without waiting for a dead ear.

Sending happens outside of every transaction; a lease keeps two workers off one delivery. A worker
that dies after sending leaves the delivery due again: receivers know an event by its id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice import changes, history
from backoffice.hooks.sending import Told, send
from backoffice.models import (
    OutgoingEvent,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookHealth,
)

State = WebhookDelivery.State

# After the first attempt: the pauses before the next ones, a day together.
PAUSE_MINUTES = (1, 5, 15, 60, 120, 240, 480, 480)
PAUSE_AFTER_HOURS = 24
AT_ONCE = 200
KEEP_DAYS = 30

Check = Callable[[], None]


def deliver_event(event_ids: Sequence[int], *, now: datetime, check: Check = lambda: None) -> int:
    """Deliver what just happened; return how many got through."""
    return _deliver(_due(now, event__in=event_ids), check)


def deliver_due(*, now: datetime, check: Check = lambda: None) -> int:
    """Deliver whatever is due, events of any age; return how many got through."""
    return _deliver(_due(now), check)


def forget_deliveries(*, now: datetime) -> int:
    """Throw away what ended weeks ago, events with it that nobody waits for any more."""
    old = now - timedelta(days=KEEP_DAYS)
    gone = WebhookDelivery.objects.exclude(state=State.WAITING).filter(ended_at__lt=old)
    number = gone.delete()[1].get("backoffice.WebhookDelivery", 0)
    OutgoingEvent.objects.filter(at__lt=old, deliveries=None).delete()
    return number


def _due(now: datetime, **narrowed: object) -> Sequence[WebhookDelivery]:
    due = WebhookDelivery.objects.due(now).filter(**narrowed)
    return list(due.select_related("event", "endpoint").order_by("next_at", "pk")[:AT_ONCE])


def _deliver(due: Sequence[WebhookDelivery], check: Check) -> int:
    delivered, deaf = 0, set[int]()
    for delivery in due:
        check()
        # One that does not answer keeps the others waiting once, not once for each event.
        if delivery.endpoint_id in deaf or not _lease(delivery):
            continue
        told = send(delivery.endpoint, delivery.event, now=timezone.now())
        _record(delivery, told)
        if told.is_ok:
            delivered += 1
        else:
            deaf.add(delivery.endpoint_id)
    return delivered


def _lease(delivery: WebhookDelivery) -> bool:
    """Take a delivery for this worker: True when nobody else has it, or had it meanwhile."""
    until = timezone.now() + timedelta(seconds=6 * settings.WEBHOOK_TIMEOUT_SECONDS + 30)
    mine = WebhookDelivery.objects.filter(
        pk=delivery.pk, state=State.WAITING, next_at=delivery.next_at
    )
    return bool(mine.update(next_at=until, tries=delivery.tries + 1))


def _record(delivery: WebhookDelivery, told: Told) -> None:
    now = timezone.now()
    tries = delivery.tries + 1
    with transaction.atomic():
        WebhookAttempt.objects.create(
            delivery=delivery,
            at=now,
            status=told.status,
            milliseconds=told.milliseconds,
            excerpt=told.excerpt,
            problem=told.problem,
        )
        waiting = WebhookDelivery.objects.filter(pk=delivery.pk, state=State.WAITING)
        if told.is_ok:
            waiting.update(state=State.DELIVERED, ended_at=now)
        elif tries > len(PAUSE_MINUTES):
            waiting.update(state=State.GIVEN_UP, ended_at=now)
        else:
            pause = timedelta(minutes=PAUSE_MINUTES[tries - 1])
            waiting.update(next_at=now + pause)
        _note_health(delivery.endpoint, told, now)


def _note_health(endpoint: WebhookEndpoint, told: Told, now: datetime) -> None:
    health, _is_new = WebhookHealth.objects.get_or_create(endpoint=endpoint)
    if told.is_ok:
        WebhookHealth.objects.filter(pk=health.pk).update(failing_since=None, ok_at=now)
        return
    if health.failing_since is None:
        WebhookHealth.objects.filter(pk=health.pk).update(failing_since=now)
    elif now - health.failing_since >= timedelta(hours=PAUSE_AFTER_HOURS):
        _pause(endpoint.pk, now)


def _pause(endpoint_id: int, now: datetime) -> None:
    row = WebhookEndpoint.objects.select_for_update(of=("self",), no_key=True).get(pk=endpoint_id)
    if row.paused_at is not None:
        return
    with changes.change(action="backoffice.pause_webhook", channel="job", separate=True, by=None):
        changes.say(
            action="backoffice.pause_webhook", by=None, reason=_("Nothing got through for a day.")
        )
        row.paused_at = now
        row.version += 1
        history.update_rows([row], step="pause")
