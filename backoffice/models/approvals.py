"""Four eyes as rows: what needs a second person, and what was asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.approval_flow import APPROVAL_FLOW
from backoffice.history import GuardedQuerySet, History
from backoffice.models.base import Audited, TimestampedModel, UUIDModel, VersionedModel

# Whoever reads the whole record reads every request, too.
OVERSEE = "backoffice.verify_record"
EXPIRES_HOURS_DEFAULT = 48
EXPIRES_HOURS_MAX = 24 * 30


class ApprovalRule(UUIDModel, TimestampedModel, VersionedModel, Audited):
    """From which size on an action needs a second person."""

    action = models.CharField(_("action"), max_length=80)
    above = models.DecimalField(
        _("above"),
        max_digits=14,
        decimal_places=2,
        validators=[MinValueValidator(0)],
        help_text=_("A second person is needed for more than this: an amount, or a count."),
    )
    currency = models.CharField(
        _("currency"),
        max_length=3,
        blank=True,
        help_text=_("Blank: every currency that has no rule of its own."),
    )
    expires_hours = models.PositiveIntegerField(
        _("hours to decide"),
        default=EXPIRES_HOURS_DEFAULT,
        validators=[MinValueValidator(1), MaxValueValidator(EXPIRES_HOURS_MAX)],
    )
    is_active = models.BooleanField(_("in force"), default=True)

    objects = GuardedQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("approval rule")
        verbose_name_plural = _("approval rules")
        ordering = ["action", "currency", "-id"]
        base_manager_name = "objects"
        default_permissions = ("add", "change", "view")
        constraints = [
            models.CheckConstraint(
                condition=Q(above__gte=0), name="approval_rule_above_not_negative"
            ),
            models.UniqueConstraint(
                fields=["action", "currency"],
                condition=Q(is_active=True),
                name="approval_rule_one_in_force",
            ),
        ]

    def __str__(self) -> str:
        from backoffice.approvals.registry import label_of, measure_in_words

        return _("{action} above {measure}").format(
            action=label_of(self.action),
            measure=measure_in_words(self.above, self.currency, action=self.action),
        )


class ApprovalQuerySet(GuardedQuerySet):
    def seen_by(self, user: Any) -> Self:
        """Return everybody's requests for approvers and auditors, one's own for the others."""
        if user.has_perm("backoffice.approve_approval") or user.has_perm(OVERSEE):
            return self
        return self.filter(asked_by=user.pk)

    def waiting(self, moment: datetime) -> Self:
        """Return what can still be decided."""
        return self.filter(state="waiting", expires_at__gt=moment)

    def overdue(self, moment: datetime) -> Self:
        """Return what nobody decided in time."""
        return self.filter(state="waiting", expires_at__lte=moment)

    def about(self, subject: models.Model) -> Self:
        return self.filter(subject_kind=subject._meta.label, subject_key=str(subject.pk))


class Approval(UUIDModel, TimestampedModel, VersionedModel, Audited):
    """What somebody asked for in place of its effect: the verb with its arguments, ready to run.

    Arguments, title and plan never hold personal data: history keeps them.
    """

    flow: ClassVar = APPROVAL_FLOW

    class Result(models.TextChoices):
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")
        INTERRUPTED = "interrupted", _("Interrupted")
        FAILED = "failed", _("Failed")

    rule = models.ForeignKey(ApprovalRule, models.PROTECT, related_name="approvals")
    action = models.CharField(_("action"), max_length=80)
    arguments = models.JSONField(_("arguments"), default=dict, blank=True)
    # What is the same in two asks: action, subject and arguments.
    fingerprint = models.CharField(max_length=64, editable=False)
    measure = models.DecimalField(_("size"), max_digits=14, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    subject_kind = models.CharField(_("about"), max_length=80, blank=True)
    subject_key = models.CharField(_("key"), max_length=64, blank=True)
    subject_title = models.CharField(_("about"), max_length=200, blank=True)
    plan = models.JSONField(_("plan"), default=list, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="approvals_asked",
        verbose_name=_("asked by"),
    )
    reason = models.TextField(_("reason"), blank=True)
    expires_at = models.DateTimeField(_("expires"))
    state = models.CharField(
        _("state"), max_length=10, choices=APPROVAL_FLOW.choices, default="waiting", editable=False
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="approvals_decided",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True, editable=False)
    decision_reason = models.TextField(_("decision"), blank=True, editable=False)
    result = models.CharField(
        _("result"), max_length=12, choices=Result, blank=True, editable=False
    )
    result_message = models.TextField(_("what came of it"), blank=True, editable=False)
    result_at = models.DateTimeField(_("carried out"), null=True, blank=True, editable=False)
    ran_as = models.ForeignKey(
        "backoffice.ChangeSet",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="approvals",
        verbose_name=_("what it did"),
    )

    objects = ApprovalQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering = ["-id"]
        base_manager_name = "objects"
        default_permissions = ("view",)
        permissions = APPROVAL_FLOW.permissions
        constraints = [
            models.UniqueConstraint(
                fields=["asked_by", "fingerprint"],
                condition=Q(state="waiting"),
                name="approval_asked_once",
            ),
            # The law itself, in the database too: nobody approves or declines their own.
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "declined"))
                | (Q(decided_by__isnull=False) & ~Q(decided_by=models.F("asked_by"))),
                name="approval_by_somebody_else",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "expires_at"], name="approval_inbox"),
            models.Index(fields=["asked_by", "-id"], name="approval_mine"),
            models.Index(fields=["subject_kind", "subject_key"], name="approval_subject"),
        ]

    def __str__(self) -> str:
        about = f" · {self.subject_title}" if self.subject_title else ""
        return f"{self.action_label} {self.size}{about}"

    @property
    def action_label(self) -> str:
        from backoffice.approvals.registry import label_of

        return label_of(self.action)

    @property
    def size(self) -> str:
        """The measure as the console prints it: 480.00 EUR, or 250."""
        from backoffice.approvals.registry import measure_in_words

        return measure_in_words(self.measure, self.currency, action=self.action)

    @property
    def is_waiting(self) -> bool:
        """Whether somebody can still decide: what is overdue is over before a sweep says so."""
        return self.state == "waiting" and self.expires_at > timezone.now()

    @property
    def is_under_way(self) -> bool:
        """Approved, and not yet carried out."""
        return self.state == "approved" and not self.result

    @property
    def run_key(self) -> str:
        """What makes its run happen once: the job's key and the change set's."""
        return f"approval:{self.uuid}"

    @property
    def plan_rows(self) -> list[tuple[str, str]]:
        """What would be done, label and value; with its size, which verbs often say themselves."""
        rows = [(str(label), str(value)) for label, value in self.plan]
        if self.size not in {value for _label, value in rows}:
            rows.insert(0, (self.action_label, self.size))
        return rows
