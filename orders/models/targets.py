"""How long an order may wait in a queue: the shop's own promise, one row a queue."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.history import History
from backoffice.models import Audited, TimestampedModel, VersionedModel


class QueueTarget(TimestampedModel, VersionedModel, Audited):
    """After how many hours an order in a queue turns amber, and after how many red."""

    class Queue(models.TextChoices):
        TO_PROCESS = "to_process", _("To process")
        TO_SHIP = "to_ship", _("To ship")
        ON_HOLD = "on_hold", _("On hold")

    # queue → hours to warn, hours to breach: what a fresh installation begins with.
    DEFAULTS: ClassVar[dict[str, tuple[int, int]]] = {
        Queue.TO_PROCESS: (24, 48),
        Queue.TO_SHIP: (24, 72),
        Queue.ON_HOLD: (72, 168),
    }

    queue = models.CharField(_("queue"), max_length=20, choices=Queue, editable=False)
    warn_hours = models.PositiveIntegerField(
        _("hours to amber"), help_text=_("An order that has waited this long turns amber.")
    )
    breach_hours = models.PositiveIntegerField(
        _("hours to red"), help_text=_("Later than this is too late: red, and counted as such.")
    )

    history = History()

    class Meta:
        verbose_name = _("queue target")
        verbose_name_plural = _("queue targets")
        ordering = ["id"]
        base_manager_name = "objects"
        default_permissions = ("change", "view")
        constraints = [
            models.UniqueConstraint(fields=["queue"], name="queue_target_once"),
            models.CheckConstraint(
                condition=Q(warn_hours__gte=1) & Q(breach_hours__gte=F("warn_hours")),
                name="queue_target_amber_before_red",
            ),
        ]

    def __str__(self) -> str:
        return self.get_queue_display()
