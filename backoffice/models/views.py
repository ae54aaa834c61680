"""Saved views: the filters, search and order of a list under a name, and which opens first."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from backoffice.history import GuardedQuerySet, History
from backoffice.models.base import Audited, TimestampedModel, UUIDModel


class SavedViewQuerySet(GuardedQuerySet["SavedView"]):
    def of(self, label: str) -> SavedViewQuerySet:
        """Return the views of one list."""
        return self.filter(list=label)

    def seen_by(self, user: Any, *, sees_all_shared: bool = False) -> SavedViewQuerySet:
        """Return a person's own views and those shared with a role of theirs (or with anybody)."""
        theirs = Q(role__in=user.groups.values("pk"))
        shared = Q(role__isnull=False) if sees_all_shared else theirs
        return self.filter(Q(owner_id=user.pk) | shared)

    def with_default_of(self, user: Any) -> SavedViewQuerySet:
        """Annotate `is_default`: this person's list opens with it."""
        chosen = DefaultView.objects.filter(view=OuterRef("pk"), owner_id=user.pk)
        return self.annotate(is_default=Exists(chosen))


class SavedView(UUIDModel, TimestampedModel, Audited):
    """A list's filters, search and order under a name; somebody's own, or shared with a role."""

    list = models.CharField(_("list"), max_length=80, help_text=_("Whose rows it lists."))
    name = models.CharField(_("name"), max_length=60)
    query = models.TextField(
        _("filters"), max_length=2000, help_text=_("As the list's address has them, in one order.")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="saved_views",
        verbose_name=_("saved by"),
    )
    role = models.ForeignKey(
        Group,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="saved_views",
        verbose_name=_("shared with"),
    )

    objects = SavedViewQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "id"]
        base_manager_name = "objects"
        default_permissions = ()
        permissions = [
            ("keep_savedview", "Can save views of lists"),
            ("share_savedview", "Can share saved views with a role"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["owner", "list", "name"], name="saved_view_name_once"),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_has_a_name"),
        ]
        indexes = [models.Index(fields=["list", "name"], name="saved_view_of_list")]

    def __str__(self) -> str:
        return self.name


class DefaultView(TimestampedModel, Audited):
    """The view that a list opens with, for one person; it may be one that somebody shared."""

    list = models.CharField(_("list"), max_length=80)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="default_views",
        verbose_name=_("for"),
    )
    view = models.ForeignKey(
        SavedView, models.PROTECT, related_name="defaults", verbose_name=_("view")
    )

    objects = GuardedQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("default view")
        verbose_name_plural = _("default views")
        base_manager_name = "objects"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["owner", "list"], name="default_view_once"),
        ]

    def __str__(self) -> str:
        return f"{self.list}: {self.view_id}"
