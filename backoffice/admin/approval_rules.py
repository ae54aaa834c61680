"""The rules behind approvals: which sizes of an action need a second person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from backoffice import approvals
from backoffice.adminkit.console import ConsoleAdmin, badge
from backoffice.adminkit.display import number
from backoffice.adminkit.forms import ConsoleForm
from backoffice.adminkit.timeline import in_words
from backoffice.cards import NavItem, register
from backoffice.models import ApprovalRule


class RuleForm(ConsoleForm):
    class Meta:
        model = ApprovalRule
        fields = ("above", "expires_hours", "is_active")

    def _get_validation_exclusions(self) -> set[str]:
        # The verb says in words what the constraint over these says by its name.
        return {*super()._get_validation_exclusions(), "action", "currency"}


class NewRuleForm(RuleForm):
    action = forms.ChoiceField(label=_("Action"), widget=UnfoldAdminSelectWidget)
    currency = forms.CharField(
        label=_("Currency"),
        required=False,
        max_length=3,
        help_text=_("For amounts. Blank: every currency that has no rule of its own."),
        widget=UnfoldAdminTextInputWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["action"].choices = [(kind.name, kind.label) for kind in approvals.actions()]


@admin.register(ApprovalRule)
class ApprovalRuleAdmin(ConsoleAdmin):
    """Which sizes need a second person; made and switched by administrators."""

    list_display = ("rule", "in_force", "hours", "asked", "edited")
    ordering = ("action", "currency", "-id")
    form = RuleForm
    fieldsets = (
        (None, {"fields": ("rule_action", "above", "rule_currency", "expires_hours", "is_active")}),
    )
    add_fieldsets = (
        (None, {"fields": ("action", "above", "currency", "expires_hours", "is_active")}),
    )
    readonly_fields = ("rule_action", "rule_currency")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fieldsets if obj is not None else self.add_fieldsets

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs.setdefault("form", RuleForm if change else NewRuleForm)
        return super().get_form(request, obj, change, **kwargs)

    def perform_save(
        self, request: HttpRequest, form: Any, obj: ApprovalRule, *, change: bool
    ) -> ApprovalRule:
        data = form.cleaned_data
        who = {"by": request.user, "reason": data["reason"]}
        if not change:
            wanted = ("action", "above", "currency", "expires_hours", "is_active")
            return approvals.make_rule(**{name: data[name] for name in wanted}, **who)
        return approvals.edit_rule(
            rule_id=obj.pk,
            values={name: data[name] for name in form.changed_data if name in data},
            version=data["version"],
            **who,
        )

    @admin.display(description=_("Rule"), ordering="action")
    def rule(self, row: ApprovalRule) -> str:
        return str(row)

    @admin.display(description=_("Action"))
    def rule_action(self, row: ApprovalRule) -> str:
        return approvals.label_of(row.action)

    @admin.display(description=_("Currency"))
    def rule_currency(self, row: ApprovalRule) -> str:
        return row.currency or "–"

    @admin.display(description=_("In force"), ordering="is_active")
    def in_force(self, row: ApprovalRule) -> SafeString:
        return badge(_("In force"), "success") if row.is_active else badge(_("Off"), "neutral")

    @admin.display(description=_("Hours to decide"), ordering="expires_hours")
    def hours(self, row: ApprovalRule) -> SafeString:
        return number(row.expires_hours)

    @admin.display(description=_("Asked so far"))
    def asked(self, row: ApprovalRule) -> SafeString:
        return number(row.asked_count)

    @admin.display(description=_("Last edited"), ordering="updated_at")
    def edited(self, row: ApprovalRule) -> str:
        return in_words(row.updated_at)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApprovalRule]:
        return super().get_queryset(request).annotate(asked_count=Count("approvals"))


register(
    NavItem(
        name="approval_rules",
        label=_("Approval rules"),
        url="admin:backoffice_approvalrule_changelist",
        permission="backoffice.view_approvalrule",
        icon="rule",
        group=_("People"),
        order=920,
        words="four eyes limits refund above",
    ),
)
