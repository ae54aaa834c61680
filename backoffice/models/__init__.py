"""The ground's tables, one topic per file."""

from backoffice.models.audit import AuditEvent, ChangeSet, Origin
from backoffice.models.base import (
    ArchivableModel,
    ArchivableQuerySet,
    Audited,
    PersonalRecord,
    TimestampedModel,
    UUIDModel,
    VersionedModel,
)
from backoffice.models.idempotency import IdempotencyKey
from backoffice.models.imports import ImportRow, ImportRun
from backoffice.models.users import Profile, User, UserActivity

__all__ = [
    "ArchivableModel",
    "ArchivableQuerySet",
    "AuditEvent",
    "Audited",
    "ChangeSet",
    "IdempotencyKey",
    "ImportRow",
    "ImportRun",
    "Origin",
    "PersonalRecord",
    "Profile",
    "TimestampedModel",
    "UUIDModel",
    "User",
    "UserActivity",
    "VersionedModel",
]
