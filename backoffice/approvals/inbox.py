"""What waits for whom: selectors for inbox, badge, and the pages of a subject."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from backoffice.approvals.registry import actions
from backoffice.models import Approval, User
from backoffice.models.approvals import ApprovalQuerySet

APPROVE = "backoffice.approve_approval"


def waiting_for(user: User) -> ApprovalQuerySet:
    """Return what this person can decide now: nothing of their own, nothing they may not do."""
    if not (user.is_active and user.has_perm(APPROVE)):
        return Approval.objects.none()
    closed = [
        kind.name for kind in actions() if kind.permission and not user.has_perm(kind.permission)
    ]
    return (
        Approval.objects.waiting(timezone.now())
        .exclude(asked_by=user.pk)
        .exclude(action__in=closed)
        .select_related("asked_by")
        .order_by("expires_at", "pk")
    )


def asked_by(user: User) -> ApprovalQuerySet:
    """Return a person's own requests, newest first."""
    return Approval.objects.filter(asked_by=user.pk).order_by("-pk")


def waiting_about(subject: models.Model) -> list[Approval]:
    """Return what waits to be decided, or to be carried out, about one row."""
    found = Approval.objects.about(subject).filter(state__in=("waiting", "approved"))
    rows = found.select_related("asked_by").order_by("pk")
    return [row for row in rows if row.is_waiting or row.is_under_way]
