"""How the record is narrowed, in the console and by REST alike."""

from __future__ import annotations

import django_filters
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.filters import ConsoleFilterSet, DayRangeFilter
from backoffice.models import AuditEvent, ChangeSet


class ChangeSetFilters(ConsoleFilterSet):
    at = DayRangeFilter(field_name="at", label=_("When"))
    channel = django_filters.MultipleChoiceFilter(choices=ChangeSet.Channel, label=_("Door"))
    actor_kind = django_filters.MultipleChoiceFilter(
        choices=ChangeSet.ActorKind, label=_("Kind of actor")
    )
    action = django_filters.CharFilter(lookup_expr="icontains", label=_("Action contains"))

    class Meta:
        model = ChangeSet
        fields = ("at", "channel", "actor_kind", "action")


class AuditEventFilters(ConsoleFilterSet):
    at = DayRangeFilter(field_name="at", label=_("When"))
    kind = django_filters.CharFilter(lookup_expr="icontains", label=_("Kind contains"))
    subject_kind = django_filters.CharFilter(lookup_expr="icontains", label=_("About contains"))

    class Meta:
        model = AuditEvent
        fields = ("at", "kind", "subject_kind")
