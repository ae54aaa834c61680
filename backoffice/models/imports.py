"""What an import leaves behind: the run, and its staged rows with verdict and differences."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.models.base import TimestampedModel, UUIDModel


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def of(self, user: Any) -> ImportRunQuerySet:
        """Return a person's own runs: nobody else may preview, confirm or discard them."""
        return self.filter(owner=user)

    def seen_by(self, user: Any) -> ImportRunQuerySet:
        """Return a person's own runs, and those of the sheets that they may look at."""
        from backoffice.imports.sheets import all_sheets

        names = [sheet.name for sheet in all_sheets() if sheet.is_seen_by(user)]
        return self.filter(models.Q(owner=user.pk) | models.Q(sheet__in=names))

    def waiting(self, moment: Any) -> ImportRunQuerySet:
        """Return runs that can still be confirmed."""
        return self.filter(state=ImportRun.State.VALIDATED, expires_at__gt=moment)

    def overdue(self, moment: Any) -> ImportRunQuerySet:
        """Return runs that nobody confirmed in time."""
        return self.filter(
            state__in=[ImportRun.State.RECEIVED, ImportRun.State.VALIDATED], expires_at__lte=moment
        )


class ImportRun(UUIDModel, TimestampedModel):
    """One uploaded sheet on its way: read, planned, previewed, and applied once or never."""

    class State(models.TextChoices):
        RECEIVED = "received", _("Being read")
        VALIDATED = "validated", _("Waiting")
        RUNNING = "running", _("Being applied")
        APPLIED = "applied", _("Applied")
        REFUSED = "refused", _("Nothing applied")
        FAILED = "failed", _("Failed")
        DISCARDED = "discarded", _("Discarded")
        EXPIRED = "expired", _("Expired")

    class Mode(models.TextChoices):
        UPSERT = "upsert", _("Create and update")
        CREATE = "create", _("Create only")
        UPDATE = "update", _("Update only")

    class Policy(models.TextChoices):
        ALL_OR_NOTHING = "all_or_nothing", _("All or nothing")
        GOOD_ROWS = "good_rows", _("The good rows")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="import_runs",
        verbose_name=_("uploaded by"),
    )
    sheet = models.CharField(_("sheet"), max_length=40)
    recipe = models.CharField(_("format"), max_length=40, blank=True)
    mode = models.CharField(_("mode"), max_length=10, choices=Mode, default=Mode.UPSERT)
    policy = models.CharField(
        _("policy"), max_length=20, choices=Policy, default=Policy.ALL_OR_NOTHING
    )
    ignore_unknown = models.BooleanField(_("ignore unknown columns"), default=False)
    state = models.CharField(
        _("state"), max_length=12, choices=State, default=State.RECEIVED, editable=False
    )

    file_name = models.CharField(_("file"), max_length=200)
    stored_as = models.CharField(max_length=100, blank=True, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    size_bytes = models.PositiveBigIntegerField(_("size"), default=0)
    header = models.JSONField(default=list, blank=True, editable=False)
    columns = models.JSONField(default=dict, blank=True, editable=False)
    warnings = models.JSONField(_("warnings"), default=list, blank=True)

    new = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)

    reason = models.TextField(_("reason"), blank=True)
    outcome = models.TextField(_("what came of it"), blank=True)
    expires_at = models.DateTimeField(_("expires"))
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    change_set = models.ForeignKey(
        "backoffice.ChangeSet",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="import_runs",
        verbose_name=_("change set"),
    )

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["owner", "-id"], name="import_run_owner"),
            models.Index(fields=["state", "expires_at"], name="import_run_state"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def row_count(self) -> int:
        return self.new + self.changed + self.unchanged + self.refused

    @property
    def to_write(self) -> int:
        """Rows that a confirmation would write."""
        return self.new + self.changed

    @property
    def is_waiting(self) -> bool:
        return self.shown_state == self.State.VALIDATED

    @property
    def shown_state(self) -> State:
        """The state as of now: what nobody confirmed in time is expired before a sweep says so."""
        state = self.State(self.state)
        is_over = state == self.State.VALIDATED and self.expires_at <= timezone.now()
        return self.State.EXPIRED if is_over else state


class ImportRow(models.Model):
    """One row of a run's file as it was understood: what it would write, or why it is refused."""

    class Verdict(models.TextChoices):
        NEW = "new", _("New")
        CHANGED = "changed", _("Changed")
        UNCHANGED = "unchanged", _("Unchanged")
        REFUSED = "refused", _("Refused")

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField(_("line"))
    key = models.CharField(_("key"), max_length=100, blank=True)
    title = models.CharField(_("title"), max_length=300, blank=True)
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict)
    # The file's own cells, in the order of run.header: what the error sheet gives back.
    source = models.JSONField(default=list)
    # column → canonical text; "" empties the field, a missing column leaves it as it is.
    cells = models.JSONField(default=dict)
    changes = models.JSONField(default=dict)
    errors = models.JSONField(default=list)
    warnings = models.JSONField(default=list)
    target_id = models.BigIntegerField(null=True)
    target_uuid = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("import row")
        verbose_name_plural = _("import rows")
        ordering = ["line", "id"]
        default_permissions = ()
        indexes = [models.Index(fields=["run", "verdict", "line"], name="import_row_tab")]

    def __str__(self) -> str:
        return f"{self.line}: {self.key}"
