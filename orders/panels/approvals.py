"""What waits for a second person about this order, above everything else that is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from backoffice.approvals import inbox
from backoffice.models import Approval
from orders.panels.base import Asked, Panel


def show(asked: Asked) -> Mapping[str, Any] | None:
    """Tell everybody who works on the order; only those who may open the request get the link."""
    waiting = inbox.waiting_about(asked.ws.order)
    if not waiting:
        return None
    mine_to_see = set(
        Approval.objects.seen_by(asked.user)
        .filter(pk__in=[row.pk for row in waiting])
        .values_list("pk", flat=True)
    )
    to_decide = {
        row.pk for row in inbox.waiting_for(asked.user) if row.pk in {w.pk for w in waiting}
    }
    return {
        "rows": [
            {
                "approval": row,
                "url": _page("change", row.pk) if row.pk in mine_to_see else "",
                "approve_url": _act(row.pk, "approve") if row.pk in to_decide else "",
                "decline_url": _act(row.pk, "decline") if row.pk in to_decide else "",
                "withdraw_url": _act(row.pk, "withdraw")
                if row.is_waiting and row.asked_by_id == asked.user.pk
                else "",
            }
            for row in waiting
        ]
    }


def _page(what: str, pk: int) -> str:
    return reverse(f"admin:backoffice_approval_{what}", args=[pk])


def _act(pk: int, name: str) -> str:
    return reverse("admin:backoffice_approval_act", args=[pk, name])


PANEL = Panel("approvals", "orders/workspace/approvals.html", "top", show)
