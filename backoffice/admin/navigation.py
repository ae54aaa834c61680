"""The ground's own entries in sidebar and palette."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backoffice.cards import Hit, NavItem, register, search_source
from backoffice.models import User

RECORD = _("Audit")
PEOPLE = _("People")

register(
    NavItem(
        name="home",
        label=_("Home"),
        url="admin:index",
        icon="home",
        key="h",
        order=0,
        permission=(
            "orders.view_order",
            "catalog.view_product",
            "backoffice.view_user",
            "backoffice.view_changeset",
        ),
    ),
    NavItem(
        name="changesets",
        label=_("Change sets"),
        url="admin:backoffice_changeset_changelist",
        permission="backoffice.view_changeset",
        icon="history",
        group=RECORD,
        key="a",
        order=800,
        words="audit log who when why",
    ),
    NavItem(
        name="auditevents",
        label=_("Events"),
        url="admin:backoffice_auditevent_changelist",
        permission="backoffice.view_auditevent",
        icon="event_note",
        group=RECORD,
        order=810,
        words="audit sign-in export",
    ),
    NavItem(
        name="users",
        label=_("Staff"),
        url="admin:backoffice_user_changelist",
        permission="backoffice.view_user",
        icon="badge",
        group=PEOPLE,
        key="u",
        order=900,
        words="users people accounts",
    ),
    NavItem(
        name="add_user",
        label=_("Add a person"),
        url="admin:backoffice_user_add",
        permission="backoffice.add_user",
        icon="person_add",
        group=PEOPLE,
        order=905,
        in_sidebar=False,
        words="new user account",
    ),
    NavItem(
        name="roles",
        label=_("Roles"),
        url="admin:auth_group_changelist",
        permission="auth.view_group",
        icon="shield_person",
        group=PEOPLE,
        order=910,
        words="groups permissions",
    ),
)


@search_source(permission="backoffice.view_user", label=_("Staff"), order=900)
def search_staff(user: User, text: str, limit: int) -> Iterable[Hit]:
    matches = (
        Q(email__icontains=text) | Q(first_name__icontains=text) | Q(last_name__icontains=text)
    )
    for person in User.objects.filter(matches, is_staff=True).order_by("email")[:limit]:
        yield Hit(
            title=person.get_full_name(),
            url=reverse("admin:backoffice_user_change", args=[person.pk]),
            description=person.email,
            icon="badge",
            is_exact=person.email == text.lower(),
        )
