"""People who work here, and the roles they have. Customers have pages of their own."""

from __future__ import annotations

from typing import Any

from allauth.account import admin as account_admin
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa import admin as mfa_admin
from allauth.mfa.models import Authenticator
from allauth.socialaccount import admin as social_admin
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions import admin as sessions_admin
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group
from django.contrib.sites import admin as sites_admin
from django.contrib.sites.models import Site
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminSelectWidget,
)

from backoffice import people
from backoffice.adminkit.acts import Act
from backoffice.adminkit.console import ConsoleAdmin, Queue, badge
from backoffice.adminkit.display import number
from backoffice.adminkit.forms import ConsoleForm, time_zones
from backoffice.adminkit.timeline import in_words
from backoffice.flows import Ask
from backoffice.models import User
from backoffice.refused import Refused

REASON = Ask("reason", _("Reason"), required=True, help=_("For whoever asks next month."))


class PersonForm(ConsoleForm):
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("A role is a set of permissions; they are written in code."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=time_zones, initial="UTC", widget=UnfoldAdminSelect2Widget
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, widget=UnfoldAdminSelectWidget
    )

    class Meta:
        model = User
        fields = ("email", "first_name", "last_name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "roles" in self.fields:
            names = Group.objects.order_by("name").values_list("name", flat=True)
            self.fields["roles"].choices = [(name, name.title()) for name in names]
        if self.instance._state.adding:
            return
        self.initial["roles"] = list(self.instance.groups.values_list("name", flat=True))
        self.initial["time_zone"] = self.instance.profile.time_zone
        self.initial["language"] = self.instance.profile.language or settings.LANGUAGE_CODE


class NewPersonForm(PersonForm):
    password = forms.CharField(
        label=_("Temporary password"),
        help_text=_("Tell it to the person; they change it under “Change password”."),
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )


def _own_or_super(row: User) -> Refused | None:
    return people.SuperuserOnly(user=row) if row.is_superuser else None


def _is_closed(row: User) -> Refused | None:
    if not row.is_active:
        return people.AlreadySo(user=row, state=_("deactivated"))
    return _own_or_super(row)


def _no_second_factor(row: User) -> Refused | None:
    if not getattr(row, "has_second_factor", True):
        return people.NoSecondFactor(user=row)
    return _own_or_super(row)


def _is_open(row: User) -> Refused | None:
    return people.AlreadySo(user=row, state=_("active")) if row.is_active else None


@admin.register(User)
class UserAdmin(ConsoleAdmin):
    """Staff accounts: add, edit, roles, deactivate. Nobody is deleted."""

    list_display = ("full_name", "email", "role_names", "is_open", "seen", "created")
    list_select_related = ("activity",)
    search_fields = ("email", "first_name", "last_name")
    search_help_text = _("E-mail or name")
    ordering = ("email",)
    form = PersonForm
    queues = (
        Queue("active", _("Active"), lambda q: q.filter(is_active=True)),
        Queue("deactivated", _("Deactivated"), lambda q: q.filter(is_active=False)),
        Queue("no_role", _("Without a role"), lambda q: q.filter(groups=None, is_superuser=False)),
    )
    fieldsets = (
        (_("Person"), {"fields": ("email", "first_name", "last_name")}),
        (_("What they may do"), {"fields": ("roles",)}),
        (_("Preferences"), {"fields": ("time_zone", "language")}),
    )
    add_fieldsets = (
        (_("Person"), {"fields": ("email", "first_name", "last_name", "password")}),
        *fieldsets[1:],
    )
    acts = (
        Act(
            "deactivate",
            _("Deactivate"),
            people.CHANGE,
            asks=(REASON,),
            tone="danger",
            one=people.deactivate_user,
            dismiss=_("Keep the account"),
            refusal=_is_closed,
            applies=lambda row: row.is_active,
            effect=_("the person is signed out and cannot sign in again"),
            done=_("{row} can no longer sign in."),
        ),
        Act(
            "reactivate",
            _("Reactivate"),
            people.CHANGE,
            asks=(REASON,),
            tone="info",
            one=people.reactivate_user,
            refusal=_is_open,
            applies=lambda row: not row.is_active,
            effect=_("the person may sign in again, with the roles they had"),
            done=_("{row} can sign in again."),
        ),
        Act(
            "password",
            _("Set a temporary password"),
            people.CHANGE,
            asks=(Ask("password", _("Temporary password"), "line", required=True), REASON),
            one=people.set_temporary_password,
            refusal=_own_or_super,
            effect=_("replaces a forgotten one; all sessions of the account end"),
            done=_("{row} has a new password."),
        ),
        Act(
            "second_factor",
            _("Reset the second factor"),
            people.CHANGE,
            asks=(REASON,),
            tone="danger",
            one=people.reset_second_factor,
            dismiss=_("Keep it"),
            refusal=_no_second_factor,
            effect=_("after a lost phone; all sessions of the account end"),
            done=_("{row} can set up a new second factor."),
        ),
        Act(
            "sign_out",
            _("Sign out everywhere"),
            people.CHANGE,
            asks=(REASON,),
            tone="warning",
            one=people.sign_out_everywhere,
            refusal=_own_or_super,
            effect=_("ends every session; the password stays"),
            done=_("{row} is signed out."),
        ),
    )

    def load_facts(self, rows: Any) -> None:
        """Note who has a second factor, by one question for all rows."""
        having = set(
            Authenticator.objects.filter(user__in=[row.pk for row in rows]).values_list(
                "user_id", flat=True
            )
        )
        for row in rows:
            row.has_second_factor = row.pk in having

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).filter(is_staff=True).prefetch_related("groups")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs.setdefault("form", PersonForm if change else NewPersonForm)
        form = super().get_form(request, obj, change, **kwargs)
        if obj is not None and obj.pk == request.user.pk and "roles" in form.base_fields:
            form.base_fields["roles"].disabled = True
            form.base_fields["roles"].help_text = _("Nobody changes their own roles.")
        return form

    def perform_save(self, request: HttpRequest, form: Any, obj: User, *, change: bool) -> User:
        data = form.cleaned_data
        details = {name: data[name] for name in people.DETAILS}
        profile = {name: data[name] for name in people.PROFILE}
        if not change:
            return people.create_staff(
                **details,
                roles=data["roles"],
                password=data["password"],
                profile=profile,
                by=request.user,
                reason=data["reason"],
            )
        return people.edit_staff(
            user_id=obj.pk,
            changes={**details, **profile},
            by=request.user,
            reason=data["reason"],
            roles=data["roles"] if "roles" in form.changed_data else None,
        )

    @admin.display(description=_("Name"), ordering="first_name")
    def full_name(self, row: User) -> str:
        return row.get_full_name()

    @admin.display(description=_("Roles"))
    def role_names(self, row: User) -> str:
        names = [group.name.title() for group in row.groups.all()]
        if row.is_superuser:
            names.insert(0, str(_("Superuser")))
        return ", ".join(names) or "–"

    @admin.display(description=_("Account"), ordering="is_active")
    def is_open(self, row: User) -> SafeString:
        return badge(_("Active"), "success") if row.is_active else badge(_("Deactivated"), "danger")

    @admin.display(description=_("Last seen"), ordering="activity__seen_at")
    def seen(self, row: User) -> str:
        return in_words(row.activity.seen_at) if hasattr(row, "activity") else "–"

    @admin.display(description=_("Created"), ordering="created_at")
    def created(self, row: User) -> str:
        return in_words(row.created_at.date())


# Django and allauth register pages of their own when these are imported. Ours for groups can only
# be read; the others would show secrets and write past every verb: what staff need are acts.
assert all((auth_admin, account_admin, mfa_admin, social_admin, sessions_admin, sites_admin))
admin.site.unregister(Group)
for theirs in (
    EmailAddress,
    EmailConfirmation,
    Authenticator,
    SocialAccount,
    SocialApp,
    SocialToken,
    UserSession,
    Site,
):
    if admin.site.is_registered(theirs):
        admin.site.unregister(theirs)


@admin.register(Group)
class RoleAdmin(ConsoleAdmin):
    """Roles can be read here; they are written in code, so that they can be reviewed."""

    list_display = ("role", "people_count", "permission_count")
    ordering = ("name",)
    search_fields = ("name",)
    fields = ("role", "people_count", "permission_list")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                people=Count("user", filter=Q(user__is_active=True), distinct=True),
                rights=Count("permissions", distinct=True),
            )
        )

    @admin.display(description=_("Role"), ordering="name")
    def role(self, row: Group) -> str:
        return row.name.title()

    @admin.display(description=_("People"), ordering="people")
    def people_count(self, row: Any) -> SafeString:
        return number(row.people)

    @admin.display(description=_("Permissions"), ordering="rights")
    def permission_count(self, row: Any) -> SafeString:
        return number(row.rights)

    @admin.display(description=_("May"))
    def permission_list(self, row: Group) -> str:
        names = row.permissions.select_related("content_type").values_list("name", flat=True)
        return ", ".join(name.removeprefix("Can ") for name in names)
