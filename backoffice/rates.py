"""How often somebody may call: counted in the database, so that it holds without a cache.

One row for each address or account and kind of call. A process takes calls from the row in small
leases and spends them itself: exact with a lease of one, and cheap for what only reads.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from dataclasses import dataclass

from django.db import OperationalError, connection

from backoffice.models import CallCount

logger = logging.getLogger(__name__)

PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
# A count that cannot be written at once (SQLite, while an import applies) does not hold up reading.
BUSY_MILLISECONDS = 100
MOST_LEASES = 20_000


@dataclass(frozen=True)
class Rate:
    """So many calls in so many seconds."""

    calls: int
    seconds: int

    @classmethod
    def read(cls, text: str) -> Rate:
        """Return the rate of "300/minute"."""
        calls, _slash, period = text.partition("/")
        return cls(int(calls), PERIODS[period.strip().rstrip("s")])


_leases: dict[str, tuple[int, int]] = {}
_lock = threading.Lock()


def spend(key: str, rate: Rate, *, now: float, lease: int = 1) -> float | None:
    """Count one call; return None when it is within the rate, else the seconds to wait.

    key: whose calls, and of which kind. lease: how many calls this process takes from the row at
    once; 1 counts exactly.
    """
    digest = hashlib.sha256(key.encode()).hexdigest()
    window = int(now // rate.seconds)
    with _lock:
        held, left = _leases.get(digest, (window, 0))
        if held == window and left > 0:
            _leases[digest] = (window, left - 1)
            return None
    wait = (window + 1) * rate.seconds - now
    try:
        calls = _take(digest, window, lease, (window + 1) * rate.seconds, patient=lease == 1)
    except OperationalError:
        if lease == 1:
            raise
        logger.warning("Calls could not be counted: the database is busy.")
        return None
    got = min(lease, rate.calls - (calls - lease))
    if got <= 0:
        return wait
    with _lock:
        if len(_leases) > MOST_LEASES:
            _leases.clear()
        _leases[digest] = (window, got - 1)
    return None


def forget(*, before: float) -> int:
    """Remove the counts of windows that ended before a moment; return how many."""
    return CallCount.objects.filter(ends_at__lt=int(before)).delete()[0]


def forget_leases() -> None:
    """Give up what this process holds (tests, after their database was emptied)."""
    with _lock:
        _leases.clear()


def _take(digest: str, window: int, calls: int, ends_at: int, *, patient: bool) -> int:
    """Add calls to a key's window, and return how many that makes."""
    is_hasty = connection.vendor == "sqlite" and not patient
    with connection.cursor() as cursor:
        if is_hasty:
            usual = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
            cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        try:
            cursor.execute(_COUNT, [digest, window, calls, ends_at])
            return int(cursor.fetchone()[0])
        finally:
            if is_hasty:
                cursor.execute(f"PRAGMA busy_timeout = {usual}")


_TABLE = CallCount._meta.db_table
_COUNT = (
    f"INSERT INTO {_TABLE} (key, period, calls, ends_at) VALUES (%s, %s, %s, %s)"  # noqa: S608
    " ON CONFLICT (key) DO UPDATE SET"
    f" calls = CASE WHEN {_TABLE}.period = excluded.period"
    f" THEN {_TABLE}.calls + excluded.calls ELSE excluded.calls END,"
    " period = excluded.period, ends_at = excluded.ends_at"
    " RETURNING calls"
)
