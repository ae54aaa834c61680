"""How long the record is kept: rules as rows, and the recorded acts that carry them out."""

from backoffice.retention.expiring import Due, Expired, due_now, expire_record
from backoffice.retention.rules import edit_retention_rule, make_retention_rule
from backoffice.retention.subjects import label_of, personal, subjects

__all__ = [
    "Due",
    "Expired",
    "due_now",
    "edit_retention_rule",
    "expire_record",
    "label_of",
    "make_retention_rule",
    "personal",
    "subjects",
]
