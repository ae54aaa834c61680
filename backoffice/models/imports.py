"""What an import leaves behind: the run, its staged rows, what is planned for them, and why not.

`ImportRow` holds what the file says, `ImportPlan` what that would do; whoever plans anew rewrites
the plan and leaves the rows alone. A row that changes nothing has no plan.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.history import History
from backoffice.models.base import Audited, TimestampedModel, UUIDModel, VersionedModel


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
        return self.filter(state__in=ImportRun.OPEN_STATES, expires_at__lte=moment)


class ImportRun(UUIDModel, TimestampedModel):
    """One uploaded sheet on its way: read, planned, previewed, and applied once or never."""

    class State(models.TextChoices):
        RECEIVED = "received", _("Being read")
        MAPPING = "mapping", _("Columns to assign")
        VALIDATED = "validated", _("Waiting")
        ASKED = "asked", _("Waiting for a second person")
        RUNNING = "running", _("Being applied")
        APPLIED = "applied", _("Applied")
        REFUSED = "refused", _("Nothing applied")
        FAILED = "failed", _("Failed")
        DISCARDED = "discarded", _("Discarded")
        EXPIRED = "expired", _("Expired")

    OPEN_STATES = (State.RECEIVED, State.MAPPING, State.VALIDATED, State.ASKED)

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
    recipe = models.CharField(_("format"), max_length=60, blank=True)
    mode = models.CharField(_("mode"), max_length=10, choices=Mode, default=Mode.UPSERT)
    policy = models.CharField(
        _("policy"), max_length=20, choices=Policy, default=Policy.ALL_OR_NOTHING
    )
    # Everything else that was chosen: see `backoffice.imports.choices`.
    choices = models.JSONField(_("choices"), default=dict, blank=True, editable=False)
    state = models.CharField(
        _("state"), max_length=12, choices=State, default=State.RECEIVED, editable=False
    )

    file_name = models.CharField(_("file"), max_length=200)
    stored_as = models.CharField(max_length=100, blank=True, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    size_bytes = models.PositiveBigIntegerField(_("size"), default=0)
    header = models.JSONField(default=list, blank=True, editable=False)
    # What the header looks like, whatever its order: a supplier's file is known again by it.
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    # Ours → the file's names that it is read from.
    columns = models.JSONField(default=dict, blank=True, editable=False)
    # Our columns in the order of `ImportRow.cells`.
    layout = models.JSONField(default=list, blank=True, editable=False)
    warnings = models.JSONField(_("warnings"), default=list, blank=True)
    # Line → its cells in the order of `header`, where they were corrected: what the file says now.
    corrections = models.JSONField(default=dict, blank=True, editable=False)
    # Counts the plans: what is confirmed is the plan that was seen.
    plan_number = models.PositiveIntegerField(default=0, editable=False)

    new = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    left_out = models.PositiveIntegerField(_("left out"), default=0)
    warned = models.PositiveIntegerField(_("with a warning"), default=0)
    # Rows that earlier confirmations of this run wrote.
    applied = models.PositiveIntegerField(_("applied"), default=0)

    reason = models.TextField(_("reason"), blank=True)
    outcome = models.TextField(_("what came of it"), blank=True)
    expires_at = models.DateTimeField(_("expires"))
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    job = models.ForeignKey(
        "backoffice.Job",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="import_runs",
        verbose_name=_("job"),
    )
    undoes = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="undone_by",
        verbose_name=_("takes back"),
    )
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
        permissions = [("undo_importrun", "Can take back what others imported")]
        indexes = [
            models.Index(fields=["owner", "-id"], name="import_run_owner"),
            models.Index(fields=["state", "expires_at"], name="import_run_state"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def row_count(self) -> int:
        return self.new + self.changed + self.unchanged + self.refused + self.left_out

    @property
    def to_write(self) -> int:
        """Rows that a confirmation would write."""
        return self.new + self.changed - self.applied

    @property
    def is_waiting(self) -> bool:
        return self.shown_state == self.State.VALIDATED

    @property
    def is_undo(self) -> bool:
        return self.undoes_id is not None

    @property
    def shown_state(self) -> State:
        """The state as of now: what nobody confirmed in time is expired before a sweep says so."""
        state = self.State(self.state)
        is_over = state in self.OPEN_STATES and self.expires_at <= timezone.now()
        return self.State.EXPIRED if is_over else state


class ImportRow(models.Model):
    """One row of a run's file as it was understood."""

    pk = models.CompositePrimaryKey("run_id", "number")
    # Looked up for each of a million rows when they are committed, a key would cost as much as
    # writing them; they are written by one statement of their run, and go with it. The primary
    # key begins with the run, and is index enough.
    run = models.ForeignKey(
        ImportRun, models.CASCADE, related_name="rows", db_constraint=False, db_index=False
    )
    # The place in the run, from 1: one line of a file can make two rows (a product, its variant).
    number = models.PositiveIntegerField()
    line = models.PositiveIntegerField(_("line"))
    key = models.CharField(_("key"), max_length=100, blank=True)
    # Canonical texts in the order of `run.layout`; null: the file says nothing; "": it empties.
    cells = models.JSONField(default=list)
    is_left_out = models.BooleanField(_("left out"), default=False)
    # Applied earlier, or as it should be already, when corrections come to an applied run.
    is_settled = models.BooleanField(_("settled"), default=False)

    class Meta:
        verbose_name = _("import row")
        verbose_name_plural = _("import rows")
        ordering = ["number"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.line}: {self.key}"


class Verdict(models.TextChoices):
    NEW = "new", _("New")
    CHANGED = "changed", _("Changed")
    UNCHANGED = "unchanged", _("Unchanged")
    REFUSED = "refused", _("Refused")


class ImportPlan(models.Model):
    """What a confirmation would do with a row that is not as it should be yet."""

    pk = models.CompositePrimaryKey("run_id", "number")
    run = models.ForeignKey(
        ImportRun, models.CASCADE, related_name="plan", db_constraint=False, db_index=False
    )
    number = models.PositiveIntegerField()
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict)
    # The row of the trade: of a new one the key that it will get.
    target_id = models.BigIntegerField(null=True)
    # Of a changed row: column → [old, new], canonical texts.
    changes = models.JSONField(null=True)
    # What was made up for it: a slug that is free.
    made = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        verbose_name = _("planned row")
        verbose_name_plural = _("planned rows")
        default_permissions = ()
        indexes = [models.Index(fields=["run", "verdict", "number"], name="import_plan_tab")]

    def __str__(self) -> str:
        return f"{self.number}: {self.verdict}"


class ImportFinding(models.Model):
    """Why a row is refused, or what a person should look at, with the place in the file."""

    class Phase(models.TextChoices):
        READ = "read", _("while reading")
        PLAN = "plan", _("while planning")
        APPLY = "apply", _("while writing")

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="findings")
    number = models.PositiveIntegerField()
    phase = models.CharField(max_length=5, choices=Phase, default=Phase.PLAN)
    is_warning = models.BooleanField(default=False)
    # The cell itself cannot be read, whatever the table holds.
    is_form = models.BooleanField(default=False)
    # Ours, and what the file calls it; "" for the whole row.
    field = models.CharField(max_length=60, blank=True)
    column = models.CharField(_("column"), max_length=200, blank=True)
    code = models.CharField(max_length=60)
    message = models.TextField()
    hint = models.TextField(blank=True)
    # The cell as it was typed, where it could not be read.
    raw = models.TextField(blank=True)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ["number", "id"]
        default_permissions = ()
        indexes = [models.Index(fields=["run", "number"], name="import_finding_row")]

    def __str__(self) -> str:
        return f"{self.number}: {self.code}"

    def as_json(self) -> dict[str, str]:
        return {
            "column": self.column,
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
        }


class ImportTerm(models.Model):
    """A value of a dictionary column that a run's file uses, and what it stands for here."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="terms")
    field = models.CharField(max_length=60)
    text = models.TextField()
    # The row that it names (a category); null: it is not there yet.
    target_id = models.BigIntegerField(null=True)
    # The rows that a list names (tags), sorted, parted by commas; null: one is not there yet.
    target_ids = models.TextField(null=True)

    class Meta:
        verbose_name = _("term")
        verbose_name_plural = _("terms")
        default_permissions = ()
        indexes = [models.Index(fields=["run", "field"], name="import_term_field")]

    def __str__(self) -> str:
        return f"{self.field}: {self.text}"


class ImportRecipe(UUIDModel, TimestampedModel, VersionedModel, Audited):
    """How a supplier's columns become ours: assigned once by hand, known again by the header."""

    sheet = models.CharField(_("sheet"), max_length=40)
    name = models.CharField(_("name"), max_length=60)
    supplier = models.CharField(_("supplier"), max_length=80, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    # See `backoffice.imports.own_recipes`: columns, choices, reading.
    content = models.JSONField(_("content"), default=dict)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="import_recipes",
        verbose_name=_("made by"),
    )
    is_archived = models.BooleanField(_("archived"), default=False)

    history = History()

    class Meta:
        verbose_name = _("recipe")
        verbose_name_plural = _("recipes")
        ordering = ["name"]
        base_manager_name = "objects"
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["sheet", "name"],
                condition=models.Q(is_archived=False),
                name="import_recipe_name_unique",
            )
        ]

    def __str__(self) -> str:
        return self.name
