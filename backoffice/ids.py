"""Public identifiers: sortable by time, so that an index on them stays dense."""

import uuid

from uuid6 import uuid7 as _uuid7


def uuid7() -> uuid.UUID:
    """Return a version 7 UUID (RFC 9562, section 5.7) as the standard library's type."""
    return uuid.UUID(int=_uuid7().int)
