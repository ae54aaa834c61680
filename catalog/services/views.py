"""How often products are looked at: counted in memory, written by a job, never by a view."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from backoffice import jobs
from backoffice.models import Job
from catalog.models import Product, ProductStats

KIND = "catalog.count_views"


class Buffer:
    """The views that this process has seen and not handed over yet."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def add(self, product_id: int) -> None:
        with self._lock:
            self._counts[product_id] += 1
            if self._timer is None and settings.VIEWS_FLUSH_SECONDS:
                # A thread of its own: no visitor waits for the database's writers.
                self._timer = threading.Timer(settings.VIEWS_FLUSH_SECONDS, self._flush_aside)
                self._timer.daemon = True
                self._timer.start()

    def take(self) -> dict[int, int]:
        with self._lock:
            counts, self._counts = self._counts, Counter()
            self._timer = None
        return dict(counts)

    def put_back(self, counts: Mapping[int, int]) -> None:
        with self._lock:
            self._counts.update(counts)

    def _flush_aside(self) -> None:
        try:
            flush_views()
        finally:
            connection.close()


_buffer = Buffer()


def note_view(*, product_id: int) -> None:
    """Count a view; nothing is written now."""
    _buffer.add(product_id)


def flush_views() -> Job | None:
    """Hand what was counted here over to a job; None: there was nothing.

    What the database does not take now waits for the next time.
    """
    counts = _buffer.take()
    if not counts:
        return None
    try:
        return jobs.start_unasked(KIND, arguments={"views": counts})
    except Exception:
        _buffer.put_back(counts)
        raise


def write_views(run: jobs.Run) -> int:
    """Add a job's counts to the products' statistics; return how many views.

    Atomic: the counts leave the job in the same transaction, so that a repeated one adds nothing.
    """
    counts = {int(pk): int(units) for pk, units in run.arguments.get("views", {}).items()}
    with transaction.atomic():
        waiting = Job.objects.filter(pk=run.job.pk, arguments=run.arguments)
        if not counts or not waiting.update(arguments={}):
            return 0
        known = Product.objects.filter(pk__in=counts).values_list("pk", flat=True)
        ProductStats.objects.bulk_create(
            [ProductStats(product_id=pk) for pk in sorted(known)], ignore_conflicts=True
        )
        now = timezone.now()
        for pk in sorted(counts):
            ProductStats.objects.filter(product=pk).update(
                views=F("views") + counts[pk], seen_at=now
            )
    return sum(counts.values())
