"""The proof of the record: a chain of epochs and seals, and what was verified and handed out."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.ids import uuid7
from backoffice.sealed import sealed


@sealed(is_chained=False)
class SealLayout(models.Model):
    """The named columns of a table, and the rule by which each becomes text."""

    table = models.CharField(_("table"), max_length=63)
    digest = models.CharField(_("digest"), max_length=64)
    facts = models.JSONField(_("columns"))

    class Meta:
        verbose_name = _("sealed columns")
        verbose_name_plural = _("sealed columns")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["digest"], name="seal_layout_digest")]

    def __str__(self) -> str:
        return self.table


@sealed()
class Verification(models.Model):
    """One look at the whole record: what was held against its seals, and what was found."""

    change_set = models.ForeignKey(
        "backoffice.ChangeSet",
        models.PROTECT,
        related_name="verifications",
        verbose_name=_("change set"),
    )
    at = models.DateTimeField(_("when"), db_index=True)
    ended_at = models.DateTimeField(_("ended"))
    epoch = models.PositiveIntegerField(_("epoch"))
    head = models.PositiveBigIntegerField(_("last seal"), help_text=_("Its number in the chain."))
    head_digest = models.CharField(_("digest of the last seal"), max_length=64, blank=True)
    row_count = models.PositiveBigIntegerField(_("rows"))
    erased_count = models.PositiveBigIntegerField(_("recorded erasures"))
    expired_count = models.PositiveBigIntegerField(_("recorded expiries"), default=0)
    anchored_at_seal = models.PositiveBigIntegerField(
        _("anchor"), null=True, help_text=_("The seal that an anchor from elsewhere vouched for.")
    )
    is_whole = models.BooleanField(_("whole"))
    finding_count = models.PositiveIntegerField(_("findings"))
    findings = models.JSONField(
        _("what was found"), default=list, help_text=_("The first fifty findings, with the place.")
    )

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("verify_record", _("Can verify the record and take evidence packs"))]

    def __str__(self) -> str:
        return f"{_('Whole') if self.is_whole else _('Broken')} {self.at:%Y-%m-%d %H:%M}"


@sealed()
class EvidencePack(models.Model):
    """A zip of the record of a period, with seals and a script that proves it anywhere."""

    uuid = models.UUIDField(_("public id"), default=uuid7, unique=True, editable=False)
    change_set = models.ForeignKey(
        "backoffice.ChangeSet",
        models.PROTECT,
        related_name="evidence_packs",
        verbose_name=_("change set"),
    )
    at = models.DateTimeField(_("made"), db_index=True)
    from_at = models.DateTimeField(_("from"), null=True, help_text=_("Blank: from the beginning."))
    until_at = models.DateTimeField(_("until"), null=True, help_text=_("Blank: to its end."))
    epoch = models.PositiveIntegerField(_("epoch"))
    first_seal = models.PositiveBigIntegerField(_("first seal"))
    last_seal = models.PositiveBigIntegerField(_("last seal"))
    row_count = models.PositiveBigIntegerField(_("rows"))
    size_bytes = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    file = models.CharField(_("file"), max_length=200, help_text=_("Its name in private storage."))

    class Meta:
        verbose_name = _("evidence pack")
        verbose_name_plural = _("evidence packs")
        ordering = ["-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.file.rpartition("/")[2]


@sealed(is_chained=False)
class SealEpoch(models.Model):
    """A stretch of the chain in which sealed rows can be read as they were sealed.

    What changes rows or columns lawfully (lifted triggers, renamed columns, a restore) closes it:
    verified, packed, and with its reason. The next one seals every row anew.
    """

    number = models.PositiveIntegerField(_("epoch"))
    opened_at = models.DateTimeField(_("opened"))
    why = models.TextField(_("why"))
    after_seal = models.PositiveBigIntegerField(
        _("after seal"), help_text=_("The last seal of the epoch before.")
    )
    verification = models.ForeignKey(
        Verification,
        models.PROTECT,
        null=True,
        related_name="closed_epochs",
        verbose_name=_("verification of the epoch before"),
    )
    pack = models.ForeignKey(
        EvidencePack,
        models.PROTECT,
        null=True,
        related_name="closed_epochs",
        verbose_name=_("pack of the epoch before"),
    )
    facts = models.JSONField(_("facts of the epoch before"), default=dict)
    previous = models.CharField(_("digest before"), max_length=64, blank=True)
    digest = models.CharField(_("digest"), max_length=64)

    class Meta:
        verbose_name = _("epoch")
        verbose_name_plural = _("epochs")
        ordering = ["-number"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["number"], name="seal_epoch_number")]

    def __str__(self) -> str:
        return f"{_('Epoch')} {self.number}"


@sealed(is_chained=False)
class Seal(models.Model):
    """One link of the chain: the rows that a table had gained, in one digest."""

    number = models.PositiveBigIntegerField(_("number"))
    epoch = models.ForeignKey(
        SealEpoch, models.PROTECT, related_name="seals", verbose_name=_("epoch")
    )
    sealed_at = models.DateTimeField(
        _("sealed"), db_index=True, help_text=_("Rows committed before it stand in this seal.")
    )
    table = models.CharField(_("table"), max_length=63)
    layout = models.ForeignKey(
        SealLayout, models.PROTECT, related_name="seals", verbose_name=_("sealed columns")
    )
    after_id = models.BigIntegerField(_("after id"), help_text=_("Where the seal before ended."))
    first_id = models.BigIntegerField(_("first id"))
    last_id = models.BigIntegerField(_("last id"))
    count = models.PositiveBigIntegerField(_("rows"))
    root = models.CharField(_("root"), max_length=64)
    previous = models.CharField(_("digest before"), max_length=64)
    digest = models.CharField(_("digest"), max_length=64)

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        ordering = ["-number"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["number"], name="seal_number")]
        indexes = [models.Index(fields=["epoch", "table", "-number"], name="seal_of_table")]

    def __str__(self) -> str:
        return f"{_('Seal')} {self.number}"


@sealed(is_chained=False)
class SealBlock(models.Model):
    """At most 10,000 rows of a seal: their digest, and an index that finds the one that differs."""

    seal = models.ForeignKey(
        Seal, models.PROTECT, related_name="blocks", verbose_name=_("seal"), db_index=False
    )
    position = models.PositiveIntegerField(_("position"))
    after_id = models.BigIntegerField(_("after id"))
    last_id = models.BigIntegerField(_("last id"))
    count = models.PositiveIntegerField(_("rows"))
    digest = models.CharField(_("digest"), max_length=64)
    ids = models.BinaryField(_("ids"), help_text=_("The rows' ids as packed differences."))
    marks = models.BinaryField(_("marks"), help_text=_("The first 8 bytes of each row's digest."))

    class Meta:
        verbose_name = _("block of a seal")
        verbose_name_plural = _("blocks of seals")
        ordering = ["seal", "position"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["seal", "position"], name="seal_block_position")
        ]

    def __str__(self) -> str:
        return f"{self.seal_id}/{self.position}"
