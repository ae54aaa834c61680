"""What is sent and answered about imports."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backoffice.api.serializers import Answer, Sent
from backoffice.imports.preview import TABS, Shown
from backoffice.models import ImportRun

REASON_LENGTH = 500
SET_BY_US = frozenset(
    {
        "uuid", "owner", "state", "sha256", "new", "changed", "unchanged", "refused", "left_out",
        "warned", "applied", "change_set", "outcome", "job", "size_bytes",
    }
)  # fmt: skip


class UploadSent(Sent):
    set_by_us = SET_BY_US

    file = serializers.FileField(help_text="CSV, TSV, XLSX or ODS.")
    sheet = serializers.CharField(max_length=40, help_text="products, prices, stock, orders …")
    recipe = serializers.CharField(
        max_length=60, required=False, allow_blank=True, default="", help_text="None: recognised."
    )
    mode = serializers.ChoiceField(ImportRun.Mode.choices, required=False, default="")
    policy = serializers.ChoiceField(ImportRun.Policy.choices, required=False, default="")


class ApplySent(Sent):
    """What is confirmed is the plan that was seen: its number says which."""

    set_by_us = SET_BY_US

    plan_number = serializers.IntegerField(min_value=0, max_value=2**31 - 1)
    reason = serializers.CharField(
        max_length=REASON_LENGTH, required=False, allow_blank=True, default=""
    )
    policy = serializers.ChoiceField(ImportRun.Policy.choices, required=False, default="")


class RowsAsked(Sent):
    tab = serializers.ChoiceField(["all", *TABS], required=False, default="all")
    after = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, required=False, default=0, help_text="A row's number."
    )
    search = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    code = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    page_size = serializers.IntegerField(min_value=1, max_value=100, required=False, default=20)


class RunAnswer(Answer):
    uuid = serializers.UUIDField()
    sheet = serializers.CharField()
    recipe = serializers.CharField()
    mode = serializers.CharField()
    policy = serializers.CharField()
    state = serializers.CharField(source="shown_state")
    is_mine = serializers.SerializerMethodField()
    file_name = serializers.CharField()
    sha256 = serializers.CharField()
    size_bytes = serializers.IntegerField()
    plan_number = serializers.IntegerField()
    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()
    left_out = serializers.IntegerField()
    warned = serializers.IntegerField()
    applied = serializers.IntegerField()
    reason = serializers.CharField()
    outcome = serializers.CharField()
    undoes = serializers.UUIDField(source="undoes.uuid", allow_null=True, default=None)
    change_set = serializers.UUIDField(source="change_set.uuid", allow_null=True, default=None)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_is_mine(self, run: ImportRun) -> bool:
        return run.owner_id == self.context["request"].user.pk


class FindingAnswer(Answer):
    code = serializers.CharField()
    field = serializers.CharField()  # type: ignore[assignment]
    column = serializers.CharField()
    sentence = serializers.CharField(source="message")
    hint = serializers.CharField()
    is_warning = serializers.BooleanField()


class OldAndNew(Answer):
    old = serializers.CharField()
    new = serializers.CharField()


class RowAnswer(Answer):
    number = serializers.IntegerField()
    line = serializers.IntegerField()
    key = serializers.CharField()
    title = serializers.CharField()
    verdict = serializers.CharField()
    cells = serializers.DictField(child=serializers.CharField())
    changes = serializers.SerializerMethodField()
    findings = FindingAnswer(many=True)

    @extend_schema_field(serializers.DictField(child=OldAndNew()))
    def get_changes(self, row: Shown) -> dict[str, Any]:
        return {name: {"old": old, "new": new} for name, (old, new) in row.changes.items()}


class RowsAnswer(Answer):
    rows = RowAnswer(many=True)
    next_after = serializers.IntegerField(allow_null=True, help_text="None: these were the last.")


class ReasonAnswer(Answer):
    """What was said of many rows in one way."""

    code = serializers.CharField()
    field = serializers.CharField()  # type: ignore[assignment]
    column = serializers.CharField()
    example = serializers.CharField()
    is_warning = serializers.BooleanField()
    count = serializers.IntegerField()
