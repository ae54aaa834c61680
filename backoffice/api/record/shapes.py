"""What is answered about the record; personal data only to whom the console would show them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backoffice.api.serializers import Answer, Sent
from backoffice.models import ChangeSet


class ChangeSetAnswer(Answer):
    uuid = serializers.UUIDField()
    at = serializers.DateTimeField()
    actor = serializers.UUIDField(source="actor_id", allow_null=True)
    who = serializers.CharField()
    actor_kind = serializers.CharField()
    channel = serializers.CharField()
    action = serializers.CharField()
    reason_code = serializers.CharField()
    note = serializers.CharField()
    request_id = serializers.CharField()


class FieldChangeAnswer(Answer):
    label = serializers.CharField()  # type: ignore[assignment]
    old = serializers.CharField()
    new = serializers.CharField()


class EntryAnswer(Answer):
    at = serializers.DateTimeField()
    title = serializers.CharField()
    what = serializers.CharField()
    step = serializers.CharField()
    who = serializers.CharField()
    channel = serializers.CharField()
    why = serializers.CharField()
    changes = FieldChangeAnswer(many=True)


class FactAnswer(Answer):
    title = serializers.CharField()
    values = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField()), help_text="Label and value."
    )


class SectionAnswer(Answer):
    title = serializers.CharField()
    entries = EntryAnswer(many=True)
    facts = FactAnswer(many=True)
    more = serializers.CharField(help_text="How many rows are not shown, in words; blank: none.")


class EventAnswer(Answer):
    at = serializers.DateTimeField()
    kind = serializers.CharField()
    who = serializers.CharField(source="change_set.who")
    subject_kind = serializers.CharField()
    subject_key = serializers.CharField()
    detail = serializers.DictField()
    change_set = serializers.UUIDField(source="change_set.uuid")


class WholeChangeSetAnswer(ChangeSetAnswer):
    """Everything that one click did."""

    sections = SectionAnswer(many=True)
    events = serializers.SerializerMethodField()

    @extend_schema_field(EventAnswer(many=True))
    def get_events(self, row: ChangeSet) -> Any:
        events = row.events.select_related("change_set", "change_set__origin").order_by("pk")
        return EventAnswer(events, many=True).data


class HistoryAsked(Sent):
    model = serializers.CharField(max_length=80, help_text="For example catalog.Product.")
    uuid = serializers.UUIDField(help_text="Of a row that is there, or was.")
    page = serializers.IntegerField(min_value=1, max_value=100_000, required=False, default=1)


class HistoryAnswer(Answer):
    entries = EntryAnswer(many=True)
    has_more = serializers.BooleanField()
