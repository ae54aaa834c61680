"""How long the record is kept: the rules, what is due, and what expired."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Max, QuerySet, Sum
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from backoffice import retention
from backoffice.admin.removed import removed_urls
from backoffice.adminkit.console import ConsoleAdmin, badge
from backoffice.adminkit.display import number
from backoffice.adminkit.forms import ConsoleForm
from backoffice.adminkit.timeline import EMPTY, in_words
from backoffice.cards import NavItem, register
from backoffice.models import RetentionRule


class RetentionForm(ConsoleForm):
    class Meta:
        model = RetentionRule
        fields = ("keep_years", "keeps_ends", "is_active")

    def _get_validation_exclusions(self) -> set[str]:
        # The verb says in words what the constraint over it says by its name.
        return {*super()._get_validation_exclusions(), "model"}


class NewRetentionForm(RetentionForm):
    model = forms.ChoiceField(label=_("Of what"), widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(name, str(subject.label)) for name, subject in retention.subjects().items()]
        self.fields["model"].choices = sorted(named, key=lambda choice: choice[1])


@admin.register(RetentionRule)
class RetentionRuleAdmin(ConsoleAdmin):
    """How long which history is kept; made and switched by administrators."""

    list_display = ("what", "keep_years", "ends", "in_force", "gone", "last_time")
    list_display_links = ("what",)
    ordering = ("model",)
    form = RetentionForm
    fieldsets = ((None, {"fields": ("what", "keep_years", "keeps_ends", "is_active")}),)
    add_fieldsets = ((None, {"fields": ("model", "keep_years", "keeps_ends", "is_active")}),)
    readonly_fields = ("what",)

    def get_urls(self) -> list[URLPattern]:
        return [*removed_urls(), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RetentionRule]:
        gone = Sum("expiries__row_count")
        return super().get_queryset(request).annotate(gone=gone, last=Max("expiries__at"))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fieldsets if obj is not None else self.add_fieldsets

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs.setdefault("form", RetentionForm if change else NewRetentionForm)
        return super().get_form(request, obj, change, **kwargs)

    def perform_save(
        self, request: HttpRequest, form: Any, obj: RetentionRule, *, change: bool
    ) -> RetentionRule:
        data = form.cleaned_data
        who = {"by": request.user, "reason": data["reason"]}
        if not change:
            wanted = ("model", "keep_years", "keeps_ends", "is_active")
            return retention.make_retention_rule(**{name: data[name] for name in wanted}, **who)
        return retention.edit_retention_rule(
            rule_id=obj.pk,
            values={name: data[name] for name in form.changed_data if name in data},
            version=data["version"],
            **who,
        )

    @admin.display(description=_("Of what"), ordering="model")
    def what(self, row: RetentionRule) -> str:
        return str(retention.label_of(row.model))

    @admin.display(description=_("First and last"))
    def ends(self, row: RetentionRule) -> str:
        return str(_("kept")) if row.keeps_ends else EMPTY

    @admin.display(description=_("In force"), ordering="is_active")
    def in_force(self, row: RetentionRule) -> SafeString:
        return badge(_("In force"), "success") if row.is_active else badge(_("Off"), "neutral")

    @admin.display(description=_("Expired so far"))
    def gone(self, row: Any) -> SafeString:
        return number(row.gone or 0)

    @admin.display(description=_("Last time"))
    def last_time(self, row: Any) -> str:
        return in_words(row.last)


register(
    NavItem(
        name="retention",
        label=_("Retention"),
        url="admin:backoffice_retentionrule_changelist",
        permission="backoffice.view_retentionrule",
        icon="auto_delete",
        group=_("Audit"),
        order=845,
        words="keep years expire erase old history",
    ),
)
