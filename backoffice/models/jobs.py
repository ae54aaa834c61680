"""Work that goes on after the click: a row per job, the truth that backends only deliver."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.models.base import TimestampedModel, UUIDModel


class JobQuerySet(models.QuerySet["Job"]):
    def seen_by(self, user: Any) -> JobQuerySet:
        """Return everybody's jobs for those who oversee them, a person's own for the others."""
        if user.is_active and user.has_perm("backoffice.oversee_job"):
            return self
        return self.filter(owner_id=user.pk)

    def open(self) -> JobQuerySet:
        return self.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING])

    def due(self, moment: datetime) -> JobQuerySet:
        """Return what waits for nothing but a worker."""
        return self.filter(Q(run_after=None) | Q(run_after__lte=moment), state=Job.State.QUEUED)

    def running(self) -> JobQuerySet:
        return self.filter(state=Job.State.RUNNING)


class Job(UUIDModel, TimestampedModel):
    """One piece of work in the background: asked for by whom, how far it is, what came of it."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    kind = models.CharField(_("kind"), max_length=80)
    label = models.CharField(_("job"), max_length=200)
    key = models.CharField(
        _("idempotency key"),
        max_length=200,
        blank=True,
        help_text=_("Starting the same kind with the same key again gives this job."),
    )
    arguments = models.JSONField(
        _("arguments"), default=dict, blank=True, encoder=DjangoJSONEncoder, editable=False
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="jobs",
        verbose_name=_("started by"),
        help_text=_("Empty: the clock started it."),
    )
    change_set = models.ForeignKey(
        "backoffice.ChangeSet",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="jobs",
        verbose_name=_("change set"),
    )

    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.QUEUED, editable=False
    )
    done = models.PositiveBigIntegerField(_("done"), default=0, editable=False)
    total = models.PositiveBigIntegerField(_("of"), default=0, editable=False)
    message = models.CharField(_("message"), max_length=300, blank=True, editable=False)
    result = models.JSONField(
        _("result"), null=True, blank=True, encoder=DjangoJSONEncoder, editable=False
    )
    error = models.TextField(_("why it failed"), blank=True, editable=False)

    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, editable=False)
    run_after = models.DateTimeField(_("not before"), null=True, blank=True, editable=False)
    started_at = models.DateTimeField(_("started"), null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(_("ended"), null=True, blank=True, editable=False)
    cancel_asked_at = models.DateTimeField(
        _("cancellation asked"), null=True, blank=True, editable=False
    )
    # `done` when this attempt began: the pace counts what this attempt did.
    began_done = models.PositiveBigIntegerField(default=0, editable=False)
    # Where the backend put the delivery, so that the sweeper can see that one was lost.
    delivery = models.CharField(max_length=64, blank=True, editable=False)
    delivered_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("oversee_job", _("Can see everybody's jobs")),
            ("cancel_job", _("Can cancel jobs")),
            ("retry_job", _("Can run jobs again")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"], condition=~Q(key=""), name="job_key_unique"
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="job_owner"),
            models.Index(
                fields=["run_after"],
                condition=Q(state__in=["queued", "running"]),
                name="job_open",
            ),
            models.Index(fields=["kind", "-id"], name="job_kind"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_ended(self) -> bool:
        return self.state not in {self.State.QUEUED, self.State.RUNNING}
