"""Abstract models that every table of the trade is built from."""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import secrets
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice import changes
from backoffice.changes import UnauditedWrite
from backoffice.history import UNTRACKED, GuardedQuerySet, writing
from backoffice.ids import uuid7

logger = logging.getLogger(__name__)


class TimestampedModel(models.Model):
    """When a row was made and last written, UTC."""

    created_at = models.DateTimeField(
        _("created"), default=changes.moment, editable=False, db_index=True
    )
    updated_at = models.DateTimeField(_("updated"), auto_now=True, db_index=True)

    class Meta:
        abstract = True


class UUIDModel(models.Model):
    """The identifier that URLs and other systems see; the key stays inside."""

    uuid = models.UUIDField(_("public id"), default=uuid7, unique=True, editable=False)

    class Meta:
        abstract = True


class ArchivableQuerySet(GuardedQuerySet):
    def live(self) -> Self:
        return self.filter(archived_at=None)

    active = live

    def archived(self) -> Self:
        return self.exclude(archived_at=None)


class Audited(models.Model):
    """A row whose every write leaves a history row in the same transaction.

    Concrete models add `history = History()`.
    """

    objects = GuardedQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    _loaded: dict[str, Any]

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any) -> Self:
        row = super().from_db(db, field_names, values)
        row.remember()
        return row

    def remember(self) -> None:
        """Take the present values for those of the table."""
        values = self.__dict__
        self._loaded = {
            f.attname: copy.deepcopy(values[f.attname])
            if isinstance(values[f.attname], dict | list)
            else values[f.attname]
            for f in self._meta.concrete_fields
            if f.attname in values
        }

    def changed_fields(self) -> list[str]:
        """Return the names of fields whose value is not the table's."""
        loaded = getattr(self, "_loaded", {})
        return [
            f.name
            for f in self._meta.concrete_fields
            if f.name not in UNTRACKED
            and f.attname in self.__dict__
            and (f.attname not in loaded or loaded[f.attname] != self.__dict__[f.attname])
        ]

    def save(self, *args: Any, update_fields: Any = None, **kwargs: Any) -> None:
        """Write the row and its history; a row on which nothing changed is left alone."""
        if not self._state.adding and not kwargs.get("force_insert"):
            changed = self.changed_fields()
            if not changed:
                return
            if update_fields is not None and set(changed) - set(update_fields):
                raise UnauditedWrite(
                    "save(update_fields=…) would record values that were never in the table: "
                    f"{sorted(set(changed) - set(update_fields))}"
                )
        with transaction.atomic(), writing():
            changes.require()
            super().save(*args, update_fields=update_fields, **kwargs)
        self.remember()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic(), writing():
            changes.require()
            return super().delete(*args, **kwargs)

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        super().refresh_from_db(*args, **kwargs)
        self.remember()

    def validate_and_save(self) -> Self:
        """full_clean, then save; both outcomes are logged. Raises ValidationError."""
        name = type(self).__name__
        try:
            self.full_clean()
        except ValidationError as error:
            logger.warning("%s %s was not saved: %s", name, self.pk, error.message_dict)
            raise
        self.save()
        logger.info("%s %s was saved", name, self.pk)
        return self


class VersionedModel(models.Model):
    """Counts the changes of an aggregate's own columns and lines; only services move it."""

    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        abstract = True


class ArchivableModel(models.Model):
    """Soft delete: `delete()` archives, `hard_delete()` works only where nothing refers to it."""

    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        if self.archived_at is None:
            self.archived_at = timezone.now()
            self.save()
        return 0, {}

    def restore(self) -> None:
        self.archived_at = None
        self.save()

    def hard_delete(self) -> tuple[int, dict[str, int]]:
        """Remove the row for good. Raises ProtectedError when something refers to it."""
        return super().delete()


class PersonalRecord(models.Model):
    """An immutable row of personal data; other tables hold its id, and seals its commitment.

    `commitment` is sha256(salt ‖ canonical JSON of the personal fields). Erasing blanks the fields
    and the salt, so the commitment stays and tells nothing.
    """

    personal_fields: ClassVar[tuple[str, ...]] = ()
    # The permission that reads such a row in the record's pages; the others see its key.
    seen_with: ClassVar[str] = ""

    salt = models.CharField(max_length=32, editable=False)
    commitment = models.CharField(max_length=64, editable=False)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            self.seal_fields()
        super().save(*args, **kwargs)

    def seal_fields(self) -> None:
        """Fill salt and commitment of a new row."""
        self.salt = self.salt or secrets.token_hex(16)
        self.commitment = self.compute_commitment()

    def compute_commitment(self) -> str:
        fields = {name: str(getattr(self, name) or "") for name in self.personal_fields}
        canonical = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256((self.salt + canonical).encode()).hexdigest()

    def erase(self) -> None:
        """Blank the personal fields for good: the one change that the row's trigger allows.

        The event beside it is what tells an erasure from tampering.
        """
        from backoffice.models.audit import AuditEvent

        if self.erased_at is not None:
            return
        for name in self.personal_fields:
            setattr(self, name, "")
        self.salt = ""
        self.erased_at = timezone.now()
        with transaction.atomic(), writing():
            self.save(update_fields=[*self.personal_fields, "salt", "erased_at"])
            AuditEvent.record(AuditEvent.ERASURE, subject=self)
