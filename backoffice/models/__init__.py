"""The ground's tables, one topic per file."""

from backoffice.models.access import ApiToken, CallCount
from backoffice.models.approvals import Approval, ApprovalRule
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
from backoffice.models.bulk import BulkRow, BulkRun
from backoffice.models.caches import CacheGeneration
from backoffice.models.desk import AuditPin, AuditSample
from backoffice.models.hooks import (
    OutgoingEvent,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookHealth,
)
from backoffice.models.idempotency import IdempotencyKey
from backoffice.models.imports import (
    ImportFinding,
    ImportPlan,
    ImportRecipe,
    ImportRow,
    ImportRun,
    ImportTerm,
)
from backoffice.models.jobs import Job
from backoffice.models.limits import Limit
from backoffice.models.retention import ExpiredRows, Expiry, RetentionRule
from backoffice.models.seals import (
    EvidencePack,
    Seal,
    SealBlock,
    SealEpoch,
    SealLayout,
    Verification,
)
from backoffice.models.users import Profile, User, UserActivity
from backoffice.models.views import DefaultView, SavedView

__all__ = [
    "ApiToken",
    "Approval",
    "ApprovalRule",
    "ArchivableModel",
    "ArchivableQuerySet",
    "AuditEvent",
    "AuditPin",
    "AuditSample",
    "Audited",
    "BulkRow",
    "BulkRun",
    "CacheGeneration",
    "CallCount",
    "ChangeSet",
    "DefaultView",
    "EvidencePack",
    "ExpiredRows",
    "Expiry",
    "IdempotencyKey",
    "ImportFinding",
    "ImportPlan",
    "ImportRecipe",
    "ImportRow",
    "ImportRun",
    "ImportTerm",
    "Job",
    "Limit",
    "Origin",
    "OutgoingEvent",
    "PersonalRecord",
    "Profile",
    "RetentionRule",
    "SavedView",
    "Seal",
    "SealBlock",
    "SealEpoch",
    "SealLayout",
    "TimestampedModel",
    "UUIDModel",
    "User",
    "UserActivity",
    "Verification",
    "VersionedModel",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookHealth",
]
