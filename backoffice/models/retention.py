"""How long the record is kept: a rule for each kind of row, and what carrying one out leaves."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.history import GuardedQuerySet, History
from backoffice.models.base import Audited, TimestampedModel, UUIDModel, VersionedModel
from backoffice.sealed import sealed

YEARS_MAX = 100


class RetentionRule(UUIDModel, TimestampedModel, VersionedModel, Audited):
    """How long the history of one kind of row, or its personal data, is kept."""

    model = models.CharField(
        _("of what"), max_length=80, help_text=_("History of these rows, or personal data in them.")
    )
    keep_years = models.PositiveSmallIntegerField(
        _("years to keep"), validators=[MinValueValidator(1), MaxValueValidator(YEARS_MAX)]
    )
    keeps_ends = models.BooleanField(
        _("keep first and last"),
        default=True,
        help_text=_(
            "Of each object the row that made it and the one that says how it is, or was, at the "
            "end. The last row of what still exists stays in any case."
        ),
    )
    is_active = models.BooleanField(_("in force"), default=True)

    objects = GuardedQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        ordering = ["model"]
        base_manager_name = "objects"
        default_permissions = ("add", "change", "view")
        permissions = [("expire_retentionrule", "Can carry out retention rules")]
        constraints = [
            models.UniqueConstraint(fields=["model"], name="retention_rule_once"),
            models.CheckConstraint(
                condition=models.Q(keep_years__gte=1), name="retention_rule_keeps_a_year"
            ),
        ]

    def __str__(self) -> str:
        from backoffice.retention.subjects import label_of

        return _("{what}: {years} years").format(what=label_of(self.model), years=self.keep_years)


@sealed()
class Expiry(models.Model):
    """One act by which rows of a history went because their time was over."""

    change_set = models.ForeignKey(
        "backoffice.ChangeSet",
        models.PROTECT,
        related_name="expiries",
        verbose_name=_("change set"),
    )
    at = models.DateTimeField(_("when"), db_index=True)
    rule = models.ForeignKey(
        RetentionRule, models.PROTECT, related_name="expiries", verbose_name=_("rule")
    )
    table = models.CharField(_("table"), max_length=63)
    before = models.DateTimeField(_("rows before"))
    row_count = models.PositiveBigIntegerField(_("rows"))

    class Meta:
        verbose_name = _("expiry")
        verbose_name_plural = _("expiries")
        ordering = ["-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.table}: {self.row_count}"


@sealed()
class ExpiredRows(models.Model):
    """The ids and digests of rows that expired, of one sealed block: it proves the others still.

    A block's digest is that of its rows' digests, so with these it can be computed without them.
    """

    expiry = models.ForeignKey(
        Expiry, models.PROTECT, related_name="rows", verbose_name=_("expiry"), db_index=False
    )
    table = models.CharField(_("table"), max_length=63)
    first_id = models.BigIntegerField(_("first id"))
    last_id = models.BigIntegerField(_("last id"))
    count = models.PositiveIntegerField(_("rows"))
    ids = models.TextField(_("ids"), help_text=_("Packed differences, in base 64."))
    digests = models.TextField(_("digests"), help_text=_("32 bytes for each id, in base 64."))

    class Meta:
        verbose_name = _("expired rows")
        verbose_name_plural = _("expired rows")
        default_permissions = ()
        indexes = [models.Index(fields=["table", "last_id"], name="expired_rows_of_block")]

    def __str__(self) -> str:
        return f"{self.table} {self.first_id}–{self.last_id}"
