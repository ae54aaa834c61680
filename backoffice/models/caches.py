"""Which edition of the data cached pages belong to."""

from __future__ import annotations

from django.db import models


class CacheGeneration(models.Model):
    """A number in the key of everything cached about a subject; it moves when the subject changes.

    In the database, not in the cache: every process sees the same one, and a cache that was away
    for an hour does not come back with yesterday's pages.
    """

    name = models.CharField(primary_key=True, max_length=40)
    number = models.PositiveBigIntegerField(default=1)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.number}"
