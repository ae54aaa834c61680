"""Sealed rows that expired by a recorded act: what verifying and packing need in their place."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from django.db import connection

from backoffice.models import ExpiredRows, Expiry
from backoffice.seals.hashing import pack_ids, unpack_ids

DIGEST_BYTES = 32
TABLE = ExpiredRows._meta.db_table


def note(expiry: Expiry, digests: Mapping[int, bytes]) -> None:
    """Keep the digests of rows of one block that are about to go."""
    ids = sorted(digests)
    ExpiredRows.objects.create(
        expiry=expiry,
        table=expiry.table,
        first_id=ids[0],
        last_id=ids[-1],
        count=len(ids),
        ids=base64.b64encode(pack_ids(ids)).decode(),
        digests=base64.b64encode(b"".join(digests[pk] for pk in ids)).decode(),
    )


def digests_of(table: str, after_id: int, last_id: int) -> dict[int, bytes]:
    """Return the digests of the rows of a range that expired, by id. One query."""
    rows = ExpiredRows.objects.filter(table=table, last_id__gt=after_id, first_id__lte=last_id)
    found: dict[int, bytes] = {}
    for row in rows.order_by("id"):
        try:
            ids, digests = unpack_ids(base64.b64decode(row.ids)), base64.b64decode(row.digests)
        except ValueError:
            continue  # tampered with: its own seal says so
        for place, pk in enumerate(ids):
            if after_id < pk <= last_id:
                found[pk] = digests[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES]
    return found


def is_known() -> bool:
    """Tell whether this database has the table yet: a record is proved before a migration, too."""
    with connection.cursor() as cursor:
        return TABLE in connection.introspection.table_names(cursor)
