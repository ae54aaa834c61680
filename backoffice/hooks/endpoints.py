"""What people do with endpoints and deliveries: make, edit, resume, a new secret, send again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history, jobs
from backoffice.hooks.sending import require_address
from backoffice.hooks.telling import KIND, event_choices
from backoffice.models import AuditEvent, User, WebhookDelivery, WebhookEndpoint, WebhookHealth
from backoffice.models.hooks import new_secret
from backoffice.refused import BadValue, Refused, UnknownRow
from backoffice.steps import editing, require_permission

ADD = "backoffice.add_webhookendpoint"
CHANGE = "backoffice.change_webhookendpoint"
RESEND = "backoffice.resend_webhookdelivery"
EDITABLE = ("url", "description", "events", "is_active")
State = WebhookDelivery.State


class NotPaused(Refused):
    sentence = _("This endpoint is not paused.")
    http_status = 409


class StillWaiting(Refused):
    sentence = _("This delivery is still under way; it is tried again by itself.")
    http_status = 409


def make_endpoint(
    *,
    url: str,
    events: Sequence[str],
    description: str = "",
    is_active: bool = True,
    by: User,
    reason: str,
) -> WebhookEndpoint:
    """Have another system told of events; its secret is made here.

    events: kinds as `event_choices` names them, one or more.
    Refuses: NotAllowed; BadAddress; BadValue.
    Atomic: one row with its history, in which the secret does not stand.
    """
    require_permission(by, ADD, _("make webhook endpoints"))
    values = {"url": url, "events": events, "description": description, "is_active": is_active}
    endpoint = WebhookEndpoint(**_clean(values))
    changes.say(action=ADD, by=by, reason=reason)
    return history.insert_rows([endpoint])[0]


def edit_endpoint(
    *,
    endpoint_id: int,
    values: Mapping[str, Any],
    by: User,
    reason: str,
    version: int | None = None,
) -> WebhookEndpoint:
    """Change where an endpoint is, what it hears, or whether it is told at all.

    values: any of EDITABLE. What waits for it waits for the new address.
    Refuses: what `editing` refuses; BadAddress; BadValue.
    Atomic: locks the endpoint; one history row when something changed.
    """
    with editing(
        WebhookEndpoint, endpoint_id, by=by, permission=CHANGE, reason=reason, version=version
    ) as endpoint:
        for name, value in _clean(values).items():
            setattr(endpoint, name, value)
    return endpoint


def resume_endpoint(
    *, webhook_endpoint_id: int, by: User, reason: str = "", version: int | None = None
) -> WebhookEndpoint:
    """Tell a paused endpoint again; what waited for it is due at once.

    Refuses: what `editing` refuses; NotPaused.
    Atomic: locks the endpoint; one history row.
    """
    with editing(
        WebhookEndpoint,
        webhook_endpoint_id,
        by=by,
        permission=CHANGE,
        reason=reason,
        version=version,
    ) as endpoint:
        if endpoint.paused_at is None:
            raise NotPaused
        endpoint.paused_at = None
        WebhookHealth.objects.filter(endpoint=endpoint).update(failing_since=None)
        waiting = WebhookDelivery.objects.filter(endpoint=endpoint, state=State.WAITING)
        waiting.update(next_at=timezone.now())
    return endpoint


@transaction.atomic
def new_endpoint_secret(
    *, webhook_endpoint_id: int, by: User, reason: str = "", version: int | None = None
) -> WebhookEndpoint:
    """Give an endpoint another secret; the old one signs nothing from now on.

    Refuses: NotAllowed; UnknownRow.
    Atomic: one history row, and an entry in the audit log: the secret stands in neither.
    """
    with editing(
        WebhookEndpoint,
        webhook_endpoint_id,
        by=by,
        permission=CHANGE,
        reason=reason,
        version=version,
    ) as endpoint:
        endpoint.secret = new_secret()
        AuditEvent.record("webhook_secret_changed", subject=endpoint, reason=reason)
    return endpoint


@transaction.atomic
def resend_delivery(*, webhook_delivery_id: int, by: User, reason: str = "") -> WebhookDelivery:
    """Send an event once more to its endpoint, under the same id: a receiver may know it.

    Refuses: NotAllowed; UnknownRow; StillWaiting.
    Atomic: one delivery, one job, one entry in the audit log.
    """
    require_permission(by, RESEND, _("send webhooks again"))
    rows = WebhookDelivery.objects.select_for_update(of=("self",))
    delivery = rows.filter(pk=webhook_delivery_id).select_related("endpoint", "event").first()
    if delivery is None:
        raise UnknownRow(what=WebhookDelivery._meta.verbose_name, key=webhook_delivery_id)
    if delivery.state == State.WAITING:
        raise StillWaiting
    delivery.state, delivery.tries = State.WAITING, 0
    delivery.next_at, delivery.ended_at = timezone.now(), None
    delivery.save(update_fields=["state", "tries", "next_at", "ended_at"])
    changes.say(action=RESEND, by=by, reason=reason)
    AuditEvent.record("webhook_sent_again", subject=delivery, reason=reason)
    jobs.start(KIND, by=by, arguments={"event_ids": [delivery.event_id]}, label=str(delivery)[:200])
    return delivery


def _clean(values: Mapping[str, Any]) -> dict[str, Any]:
    cleaned = {name: values[name] for name in EDITABLE if name in values}
    if "url" in cleaned:
        cleaned["url"] = require_address(str(cleaned["url"]))
        if len(cleaned["url"]) > 500:  # noqa: PLR2004
            raise BadValue(field=_("Address"), problem=_("at most 500 characters."))
    if "description" in cleaned:
        cleaned["description"] = str(cleaned["description"]).strip()[:200]
    if "events" in cleaned:
        known = dict(event_choices())
        cleaned["events"] = sorted(set(cleaned["events"]))
        if not cleaned["events"] or any(kind not in known for kind in cleaned["events"]):
            raise BadValue(field=_("Events"), problem=_("choose one or more from the list."))
    return cleaned
