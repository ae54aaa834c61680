"""What people keep at the auditor's desk: a set of filters under a name, and rows pinned to it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice import changes
from backoffice.history import GuardedQuerySet, History
from backoffice.models.base import ArchivableModel, Audited, TimestampedModel, UUIDModel


class AuditSampleQuerySet(GuardedQuerySet["AuditSample"]):
    def live(self) -> AuditSampleQuerySet:
        return self.filter(archived_at=None)

    def seen_by(self, user: Any) -> AuditSampleQuerySet:
        """Return a person's own samples, and those that are shared."""
        return self.live().filter(Q(owner_id=user.pk) | Q(is_shared=True))


class AuditSample(UUIDModel, TimestampedModel, ArchivableModel, Audited):
    """Filters of the desk under a name, and the rows that were looked at one by one."""

    name = models.CharField(_("name"), max_length=80)
    note = models.TextField(_("what for"), blank=True, max_length=4000)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="audit_samples",
        verbose_name=_("kept by"),
    )
    is_shared = models.BooleanField(
        _("shared"),
        default=False,
        help_text=_("Everybody at the desk sees it, and in it the rows that they may see anyway."),
    )
    query = models.TextField(
        _("filters"), blank=True, max_length=4000, help_text=_("As the desk's address has them.")
    )

    objects = AuditSampleQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("audit sample")
        verbose_name_plural = _("audit samples")
        ordering = ["name", "id"]
        base_manager_name = "objects"
        default_permissions = ()
        permissions = [("share_auditsample", "Can share audit samples")]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                condition=Q(archived_at=None),
                name="audit_sample_name_unique",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AuditPin(Audited):
    """One row of the record in a sample, with what whoever looked at it found."""

    class Verdict(models.TextChoices):
        OPEN = "open", _("To look at")
        FINE = "fine", _("In order")
        QUESTION = "question", _("To be asked")
        WRONG = "wrong", _("Not in order")

    sample = models.ForeignKey(
        AuditSample, models.PROTECT, related_name="pins", verbose_name=_("sample")
    )
    # The source's name and the row's key there: of a history, or of the events.
    source = models.CharField(_("of what"), max_length=80)
    row_id = models.BigIntegerField(_("row"))
    verdict = models.CharField(_("finding"), max_length=10, choices=Verdict, default=Verdict.OPEN)
    note = models.TextField(_("note"), blank=True, max_length=4000)
    pinned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="audit_pins",
        verbose_name=_("pinned by"),
    )
    pinned_at = models.DateTimeField(_("pinned"), default=changes.moment, editable=False)

    history = History()

    class Meta:
        verbose_name = _("pinned row")
        verbose_name_plural = _("pinned rows")
        ordering = ["id"]
        base_manager_name = "objects"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["sample", "source", "row_id"], name="audit_pin_once"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.row_id}"
