"""The door that gateways knock at: checked by signature, stored, answered at once."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from backoffice import changes
from orders.integrations.stripe_events import Forged, read_event
from orders.services.webhooks import receive_webhook

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Store one event of Stripe's and answer 200; what it asks for is done by a job.

    400: not signed by Stripe, stale, or no event. 413: larger than any event is. Stripe sends what
    was not answered with 200 again.
    """
    if _size(request) > settings.WEBHOOK_MAX_BYTES:
        return _say(413, "too large")
    try:
        body = request.body
    except (RequestDataTooBig, UnreadablePostError):
        return _say(413, "too large")
    try:
        event = read_event(body, request.headers.get("Stripe-Signature", ""))
    except Forged as why:
        logger.warning("A webhook was refused: %s", why)
        return _say(400, "not accepted")
    with changes.change(action="orders.webhook", channel="webhook", separate=True):
        receive_webhook(gateway="stripe", event=event)
    return _say(200, "stored")


def _size(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _say(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")
