"""Which forms were sent already: a second press of the same button does nothing twice."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class IdempotencyKey(models.Model):
    """A key that a form carried: claimed before its work begins, done with the answer's place."""

    class State(models.TextChoices):
        OPEN = "open", _("Running")
        DONE = "done", _("Done")

    key = models.CharField(max_length=64)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="idempotency_keys"
    )
    request_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=4, choices=State, default=State.OPEN)
    answer = models.CharField(max_length=2000, blank=True)
    claimed_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_user_key_unique"),
        ]

    def __str__(self) -> str:
        return self.key
