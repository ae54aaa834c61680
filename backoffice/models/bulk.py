"""What a bulk act leaves behind: the run, and for each row what was planned and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.models.base import TimestampedModel, UUIDModel
from backoffice.models.jobs import Job


class BulkRunQuerySet(models.QuerySet["BulkRun"]):
    def seen_by(self, user: Any) -> BulkRunQuerySet:
        """Return everybody's runs for those who see the record or approve; the others' own."""
        sees_all = ("backoffice.view_changeset", "backoffice.approve_approval")
        if user.is_active and any(user.has_perm(name) for name in sees_all):
            return self
        return self.filter(owner_id=user.pk)

    def waiting(self, moment: datetime) -> BulkRunQuerySet:
        """Return runs that can still be confirmed."""
        return self.filter(state__in=BulkRun.BEFORE, expires_at__gt=moment)

    def overdue(self, moment: datetime) -> BulkRunQuerySet:
        """Return runs that nobody confirmed in time."""
        return self.filter(state__in=BulkRun.BEFORE, expires_at__lte=moment)


class BulkRun(UUIDModel, TimestampedModel):
    """One act on many rows: staged, planned, confirmed once or never, and its receipt."""

    class State(models.TextChoices):
        STAGED = "staged", _("Being planned")
        PLANNED = "planned", _("To confirm")
        ASKED = "asked", _("Asked for approval")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Stopped by an error")
        CANCELLED = "cancelled", _("Stopped")
        DISCARDED = "discarded", _("Discarded")
        EXPIRED = "expired", _("Expired")

    BEFORE = (State.STAGED, State.PLANNED, State.ASKED)
    STOPPED = (State.FAILED, State.CANCELLED)
    AFTER = (State.DONE, State.FAILED, State.CANCELLED)
    # How their job is decides how they are.
    WITH_A_JOB = (State.STAGED, State.RUNNING, State.FAILED)

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="bulk_runs",
        verbose_name=_("who"),
    )
    # The console that it was begun in, and the model whose admin serves the act.
    site = models.CharField(max_length=40, default="admin", editable=False)
    subject = models.CharField(_("of what"), max_length=100, editable=False)
    act = models.CharField(max_length=60, editable=False)
    label = models.CharField(_("what"), max_length=120)
    answers = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder, editable=False)
    is_across = models.BooleanField(_("all that match"), default=False, editable=False)
    # The list that the rows were chosen in: where "Back" leads.
    list_path = models.CharField(max_length=2000, blank=True, editable=False)
    repeats = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="repeated_by",
        verbose_name=_("the refused of"),
    )

    state = models.CharField(
        _("state"), max_length=12, choices=State, default=State.STAGED, editable=False
    )
    total = models.PositiveIntegerField(_("rows"), default=0)
    can = models.PositiveIntegerField(_("can"), default=0)
    cannot = models.PositiveIntegerField(_("cannot"), default=0)
    done = models.PositiveIntegerField(_("done"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    sums = models.JSONField(default=dict, blank=True, editable=False)
    error = models.TextField(_("why it stopped"), blank=True)

    change_set = models.ForeignKey(
        "backoffice.ChangeSet",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="bulk_runs",
        verbose_name=_("change set"),
    )
    job = models.ForeignKey(
        Job, models.SET_NULL, null=True, blank=True, related_name="bulk_runs", verbose_name=_("job")
    )
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    planned_at = models.DateTimeField(_("planned"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    stop_asked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = BulkRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("bulk run")
        verbose_name_plural = _("bulk runs")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["owner", "-id"], name="bulk_run_owner"),
            models.Index(fields=["state", "expires_at"], name="bulk_run_state"),
        ]

    def __str__(self) -> str:
        return f"{self.label} · {self.total:,}"

    @property
    def shown_state(self) -> State:
        """The state as of now: overdue before a sweep says so, stopped when its job is."""
        state = self.State(self.state)
        if state in self.BEFORE and self.expires_at <= timezone.now():
            return self.State.EXPIRED
        if self.job is None or state not in self.WITH_A_JOB:
            return state
        if not self.job.is_ended:
            # After an error the job may try again by itself.
            return self.State.STAGED if state == self.State.STAGED else self.State.RUNNING
        return {
            Job.State.CANCELLED: self.State.CANCELLED,
            Job.State.FAILED: self.State.FAILED,
        }.get(Job.State(self.job.state), state)

    @property
    def unreached(self) -> int:
        """Rows that the run stopped before."""
        return self.total - self.done - self.refused

    @property
    def is_waiting(self) -> bool:
        return self.shown_state == self.State.PLANNED

    @property
    def is_under_way(self) -> bool:
        return self.shown_state == self.State.RUNNING

    @property
    def is_over(self) -> bool:
        return self.shown_state in self.AFTER

    @property
    def is_resumable(self) -> bool:
        is_begun = self.confirmed_at is not None
        return is_begun and self.shown_state in self.STOPPED and self.unreached > 0


class BulkRow(models.Model):
    """One row of a run: what the plan said of it, then what was done or why it was refused."""

    class Verdict(models.TextChoices):
        STAGED = "staged", _("Not looked at")
        CAN = "can", _("Can")
        CANNOT = "cannot", _("Cannot")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")

    run = models.ForeignKey(BulkRun, models.CASCADE, related_name="rows")
    position = models.PositiveIntegerField()
    object_key = models.CharField(max_length=64)
    title = models.CharField(max_length=200, blank=True)
    verdict = models.CharField(max_length=10, choices=Verdict, default=Verdict.STAGED)
    code = models.CharField(max_length=60, blank=True)
    # The sentence without what differs from row to row: what rows are grouped by.
    reason = models.CharField(max_length=300, blank=True)
    sentence = models.TextField(blank=True)
    way_out = models.TextField(blank=True)

    class Meta:
        verbose_name = _("row of a bulk run")
        verbose_name_plural = _("rows of bulk runs")
        ordering = ["position"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="bulk_row_position"),
        ]
        indexes = [
            models.Index(fields=["run", "verdict", "position"], name="bulk_row_tab"),
            models.Index(fields=["run", "verdict", "reason"], name="bulk_row_reason"),
        ]

    def __str__(self) -> str:
        return self.title or self.object_key
