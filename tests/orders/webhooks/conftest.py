"""A bank that answers on loopback, and a way to have it tell of something."""

from __future__ import annotations

import pytest

from orders.models import WebhookEvent
from tests.orders.stripe_standin import StripeStandIn
from tests.orders.webhooks.posting import SECRET, event, send

GATEWAY = "orders.integrations.stripe_gateway.StripeGateway"


@pytest.fixture
def bank(settings):
    with StripeStandIn() as running:
        settings.PAYMENT_GATEWAY = GATEWAY
        settings.STRIPE_API_BASE = running.url
        settings.STRIPE_SECRET_KEY = f"sk_test_{running.url[-5:]}"
        settings.STRIPE_WEBHOOK_SECRET = SECRET
        settings.STRIPE_TIMEOUT_SECONDS = 0.7
        yield running.book


@pytest.fixture
def tell(django_capture_on_commit_callbacks):
    """Send an event and do what its job does."""

    def tell(kind, found, event_id="evt_1"):
        with django_capture_on_commit_callbacks(execute=True):
            assert send(event(kind, found, event_id)).status_code == 200
        return WebhookEvent.objects.get(event_id=event_id)

    return tell
