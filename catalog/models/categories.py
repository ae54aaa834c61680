"""The category tree and tags."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from tree_queries.fields import TreeNodeForeignKey
from tree_queries.models import TreeNode
from tree_queries.query import TreeQuerySet

from backoffice.history import GuardedQuerySet, History
from backoffice.models import Audited, TimestampedModel, UUIDModel, VersionedModel


class CategoryQuerySet(GuardedQuerySet, TreeQuerySet):
    def at_path(self, path: str) -> Self:
        """Return the category whose names from the root are `path` ("Kitchen > Coffee")."""
        names = [name.strip() for name in path.split(">")]
        query = self.filter(name=names[-1])
        above = "parent"
        for name in reversed(names[:-1]):
            query = query.filter(**{f"{above}__name": name})
            above += "__parent"
        return query.filter(**{f"{above}__isnull": True})


class Category(UUIDModel, TimestampedModel, VersionedModel, Audited, TreeNode):
    """A node of the category tree; a category with products or children is not deletable."""

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("slug"), max_length=140, db_index=False)
    parent = TreeNodeForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent"),
    )
    description = models.TextField(_("description"), blank=True)

    objects = CategoryQuerySet.as_manager(with_tree_fields=False)
    history = History()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["name"]
        base_manager_name = "objects"
        permissions = [("restore_version_category", "Can restore an earlier version of a category")]
        constraints = [
            models.UniqueConstraint(fields=["slug"], name="category_slug_unique"),
            models.UniqueConstraint(fields=["parent", "name"], name="category_name_unique"),
            models.UniqueConstraint(
                fields=["name"], name="category_root_unique", condition=models.Q(parent=None)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("shop:category", args=[self.slug])


class Tag(TimestampedModel, Audited):
    """A free word that products are found by."""

    name = models.CharField(_("name"), max_length=60)
    slug = models.SlugField(_("slug"), max_length=80, db_index=False)

    history = History()

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]
        base_manager_name = "objects"
        permissions = [("restore_version_tag", "Can restore an earlier version of a tag")]
        constraints = [
            models.UniqueConstraint(fields=["name"], name="tag_name_unique"),
            models.UniqueConstraint(fields=["slug"], name="tag_slug_unique"),
        ]

    def __str__(self) -> str:
        return self.name
