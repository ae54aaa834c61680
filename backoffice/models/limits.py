"""What is counted to slow down whoever guesses: in the database, so that no cache is needed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Limit(models.Model):
    """How often something happened lately. The key is a digest: it names nobody."""

    key = models.CharField(_("key"), max_length=64)
    count = models.PositiveIntegerField(_("count"), default=0)
    since = models.DateTimeField(_("since"))
    last_at = models.DateTimeField(_("last"), db_index=True)
    open_at = models.DateTimeField(_("open again"), null=True, blank=True)

    class Meta:
        verbose_name = _("limit")
        verbose_name_plural = _("limits")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["key"], name="limit_key_unique")]

    def __str__(self) -> str:
        return f"{self.key[:8]} × {self.count}"
