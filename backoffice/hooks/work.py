"""The background work of webhooks: telling what just happened, and again what was not heard."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.hooks import delivering
from backoffice.hooks.telling import KIND
from backoffice.jobs.kinds import kind, periodic
from backoffice.jobs.running import Run


@kind(KIND, label=_("Tell other systems"))
def deliver_event(run: Run) -> dict[str, int]:
    """Tell whoever listens of events; what is not heard is tried again by the clock."""
    event_ids = run.arguments["event_ids"]
    return {"delivered": delivering.deliver_event(event_ids, now=timezone.now(), check=run.check)}


@periodic("backoffice.deliver_due_webhooks", every_minutes=1, label=_("Tell other systems again"))
def deliver_due(run: Run) -> dict[str, int]:
    return {"delivered": delivering.deliver_due(now=timezone.now(), check=run.check)}


@periodic("backoffice.forget_webhooks", every_minutes=60, label=_("Put away old webhooks"))
def forget_deliveries(run: Run) -> dict[str, int]:
    return {"deliveries": delivering.forget_deliveries(now=timezone.now())}
