"""Which edition of the data cached pages belong to."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.refused import Text


class CacheGeneration(models.Model):
    """A number in the key of everything cached about a subject; it moves when the subject changes.

    In the database, not in the cache: every process sees the same one, and a cache that was away
    for an hour does not come back with yesterday's pages.
    """

    unaudited: ClassVar[Text] = _("It says nothing but that something changed.")

    name = models.CharField(primary_key=True, max_length=40)
    number = models.PositiveBigIntegerField(default=1)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.number}"
