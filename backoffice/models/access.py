"""What programs sign in with, and how often somebody called."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.ids import uuid7


class ApiToken(models.Model):
    """A key of a program that acts for one person; only its digest is kept."""

    uuid = models.UUIDField(_("public id"), default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="api_tokens",
        verbose_name=_("acts for"),
    )
    name = models.CharField(_("name"), max_length=80, help_text=_("What uses it."))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    is_read_only = models.BooleanField(_("read only"), default=False)
    created_at = models.DateTimeField(_("issued"))
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class CallCount(models.Model):
    """How often a key (an address, an account) called in its present window of time."""

    key = models.CharField(max_length=80, primary_key=True)
    period = models.BigIntegerField()
    calls = models.BigIntegerField()
    ends_at = models.BigIntegerField(db_index=True)

    class Meta:
        verbose_name = _("call count")
        verbose_name_plural = _("call counts")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.key}: {self.calls}"
