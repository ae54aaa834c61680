"""How far each table goes, read at a moment at which nobody has a row under way.

Ids are given at the insert and seen at the commit, so the highest id seen says nothing about lower
ones that are still to come. Writers of sealed tables hold the gate shared until they commit; here
it is taken alone, for a moment. On SQLite one transaction writes at a time, which is exact.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from backoffice.sealed import INSERT_GATE
from backoffice.seals.canonical import Layout
from backoffice.seals.refusals import RecordIsBusy

# Longer than this nobody shall wait behind us: writers queue up behind one who waits for the gate.
LOCK_TIMEOUT_MS = 200
PAUSES_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 3.2)


def high_waters(layouts: Sequence[Layout]) -> tuple[datetime, dict[str, int]]:
    """Return a moment, and of each table the highest id of all rows committed before it.

    Refuses: RecordIsBusy, when the gate was not free for a moment in ten seconds.
    Atomic: reads only; the gate is open again when this returns.
    """
    for pause in (*PAUSES_SECONDS, None):
        try:
            with transaction.atomic():
                _close_gate()
                return timezone.now(), _highest(layouts)
        except OperationalError as error:
            if not _is_lock_timeout(error):
                raise
        if pause is not None:
            time.sleep(pause)
    raise RecordIsBusy(seconds=round(sum(PAUSES_SECONDS)))


def _close_gate() -> None:
    """Wait until nobody has a sealed row under way; the gate opens with this transaction's end."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [INSERT_GATE])
        # A statement of its own: it sees what was committed while this one waited.
        cursor.execute("SET LOCAL lock_timeout = DEFAULT")


def _highest(layouts: Sequence[Layout]) -> dict[str, int]:
    quote = connection.ops.quote_name
    parts = [
        f"SELECT '{layout.table}', max({quote(layout.key)}) FROM {quote(layout.table)}"  # noqa: S608
        for layout in layouts
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return {table: highest for table, highest in cursor.fetchall() if highest is not None}


def _is_lock_timeout(error: OperationalError) -> bool:
    return getattr(error.__cause__, "pgcode", None) == "55P03"
