"""What the ground puts on the home page: the record, and the people."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.everything import page_of
from backoffice.adminkit.timeline import action_words, in_words
from backoffice.cards import Kpi, Panel, PanelRow, register
from backoffice.models import AuditEvent, ChangeSet, User

ROWS = 6
FAILED_DAYS = 7


def _failed_sign_ins(user: User) -> int:
    since = timezone.now() - timedelta(days=FAILED_DAYS)
    return AuditEvent.objects.filter(kind="sign_in_failed", at__gte=since).count()


def _latest_changes(user: User) -> list[PanelRow]:
    sets = ChangeSet.objects.exclude(action__startswith="auth.").select_related("origin")
    return [
        PanelRow(
            title=action_words(row.action) or row.get_channel_display(),
            url=page_of(type(row), row.pk),
            detail=" · ".join(part for part in (row.who, in_words(row.at), row.why) if part),
            badge=row.get_channel_display(),
        )
        for row in sets.order_by("-id")[:ROWS]
    ]


def _without_role(user: User) -> list[PanelRow]:
    people = User.objects.filter(is_staff=True, is_active=True, groups=None, is_superuser=False)
    return [
        PanelRow(
            title=person.get_full_name(),
            url=reverse("admin:backoffice_user_change", args=[person.pk]),
            detail=person.email,
        )
        for person in people.order_by("-created_at")[:ROWS]
    ]


register(
    Kpi(
        name="staff",
        label=_("Active accounts"),
        icon="badge",
        order=900,
        permission="backoffice.change_user",
        url="admin:backoffice_user_changelist",
        query="queue=active",
        hint=_("staff who may sign in"),
        value=lambda user: User.objects.filter(is_staff=True, is_active=True).count(),
    ),
    Kpi(
        name="failed_sign_ins",
        label=_("Failed sign-ins"),
        icon="lock",
        order=910,
        permission="backoffice.view_auditevent",
        url="admin:backoffice_auditevent_changelist",
        query="queue=sign_ins",
        hint=_("in the last 7 days"),
        value=_failed_sign_ins,
    ),
    Panel(
        name="without_role",
        label=_("Accounts without a role"),
        icon="person_alert",
        order=900,
        permission="backoffice.change_user",
        url="admin:backoffice_user_changelist",
        query="queue=no_role",
        rows=_without_role,
        empty=_("Everybody who may sign in has a role."),
    ),
    Panel(
        name="latest_changes",
        label=_("Latest changes"),
        icon="history",
        order=910,
        permission="backoffice.view_changeset",
        url="admin:backoffice_changeset_changelist",
        rows=_latest_changes,
        empty=_("Nothing was changed yet."),
    ),
)
