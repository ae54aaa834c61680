"""Measuring by ratios: two ways of the same work, in one run, on a database of their own.

An app's benchmarks stand in its `benchmarks.py`; a figure in seconds says more about the machine
than about us, a ratio does not.
"""

from __future__ import annotations

import gc
import multiprocessing
import resource
import sys
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.management.color import no_style
from django.db import DatabaseError, connection, connections, models
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history, sealed
from backoffice.refused import Refused, UnknownRow

MEGABYTE = 1024 * 1024


class UnknownOption(Refused):
    """facts: option, benchmark."""

    sentence = _("The benchmark “{benchmark}” takes no --{option}.")


@dataclass
class Measured:
    """What a benchmark found.

    ratios: how many times faster ours is than the other way. facts: seconds, rows and counts.
    rows: a table, one measurement a row, each with the same columns.
    """

    ratios: dict[str, float] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)

    def compare(self, name: str, *, ours: float, other: float) -> None:
        """Note two durations in seconds, and their ratio."""
        self.ratios[name] = round(other / ours, 2)
        self.facts[name] = {"ours_seconds": round(ours, 3), "other_seconds": round(other, 3)}

    def as_json(self) -> dict[str, Any]:
        return {
            "database": connection.vendor,
            "ratios": self.ratios,
            "rows": self.rows,
            "facts": self.facts,
        }


Benchmark = Callable[..., Measured]
_benchmarks: dict[str, tuple[Benchmark, frozenset[str]]] = {}


def benchmark(name: str, *, takes: Collection[str] = ()) -> Callable[[Benchmark], Benchmark]:
    """Decorator: `manage.py benchmark <name>` runs this function, on an empty database.

    takes: which of the command's options it understands, as keyword arguments.
    """

    def register(function: Benchmark) -> Benchmark:
        _benchmarks[name] = (function, frozenset(takes))
        return function

    return register


def benchmark_named(name: str, **options: Any) -> Callable[[], Measured]:
    """Return a benchmark, ready to run with options. Refuses: UnknownRow; UnknownOption."""
    autodiscover_modules("benchmarks")
    if name not in _benchmarks:
        raise UnknownRow(what=_("benchmark"), key=name, hint=", ".join(sorted(_benchmarks)))
    function, takes = _benchmarks[name]
    for option in options:
        if option not in takes:
            raise UnknownOption(benchmark=name, option=option)
    return lambda: function(**options)


def seconds(work: Callable[[], Any]) -> float:
    """Return how long `work` takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


# --- A process of its own ---------------------------------------------------------------------


@dataclass(frozen=True)
class Sample:
    """One piece of work as it was measured.

    peak_mb: the most memory it held at a time, above what its process held before. value: what
    the work returned.
    """

    seconds: float
    peak_mb: float
    value: Any = None


def sample(work: Callable[[], Any]) -> Sample:
    """Measure work in a process of its own, so that nothing is left of what ran before.

    Raises RuntimeError with the traceback of whatever the work raised.
    """
    connections.close_all()
    gc.collect()
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(work, theirs))
    process.start()
    theirs.close()
    try:
        found = ours.recv()
    except EOFError:
        found = "The process that was measured died."
    process.join()
    if isinstance(found, str):
        raise RuntimeError(found)  # noqa: TRY004
    return found


def _measure(work: Callable[[], Any], answer: Any) -> None:
    # What is still open was opened by the parent (`close_all` does not reach what an event loop
    # of its thread holds): two processes that speak through one socket break both.
    for inherited in connections.all():
        inherited.connection = None
    try:
        with changes.change(separate=True, action="benchmark"):
            connection.ensure_connection()
            base = _restart_peak()
            start = perf_counter()
            value = work()
            took = perf_counter() - start
            peak = max(_peak_mb(), _peak_mb(resource.RUSAGE_CHILDREN))
            answer.send(Sample(took, round(max(peak - base, 0), 1), value))
    except BaseException:  # noqa: BLE001
        answer.send(traceback.format_exc())
    finally:
        connections.close_all()


def _restart_peak() -> float:
    """Return the memory that is held now in MB, from which a peak counts on."""
    with suppress(OSError):  # only Linux can forget a peak
        Path("/proc/self/clear_refs").write_text("5")
    return _peak_mb()


def _peak_mb(whose: int = resource.RUSAGE_SELF) -> float:
    """Return the most memory that this process, or one that it started, held at a time, in MB."""
    if whose == resource.RUSAGE_SELF:
        with suppress(OSError, StopIteration):
            lines = Path("/proc/self/status").read_text().splitlines()
            return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
    peak = resource.getrusage(whose).ru_maxrss
    return peak / MEGABYTE if sys.platform == "darwin" else peak / 1024


# --- The database -----------------------------------------------------------------------------


@contextmanager
def empty_database() -> Iterator[None]:
    """Run on a migrated database of its own beside the configured one; it is gone afterwards."""
    configured = str(connection.settings_dict["NAME"])
    is_file = connection.vendor == "sqlite"
    name = f"{configured}.benchmark" if is_file else f"bench_{configured}"
    connection.settings_dict["TEST"]["NAME"] = name
    # To migrate takes memory that stays with its process and would be lent to what is measured.
    sample(partial(connection.creation.create_test_db, 0, autoclobber=True, serialize=False))
    settings.DATABASES[connection.alias]["NAME"] = connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connections.close_all()
        connection.creation.destroy_test_db(configured, verbosity=0)


def empty(*tables: type[models.Model]) -> None:
    """Empty these tables, and those that refer to them; sealed ones too."""
    sealed.uninstall()
    try:
        names = [model._meta.db_table for model in tables]
        statements = connection.ops.sql_flush(no_style(), names, allow_cascade=True)
        with history.writing():
            connection.ops.execute_sql_flush(statements)
    finally:
        sealed.install()


def settle() -> None:
    """Bring the database to rest: statistics fresh, dead rows gone, nothing left to be written."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("ANALYZE")
            return
        cursor.execute("VACUUM (ANALYZE)")
        with suppress(DatabaseError):  # only some roles may
            cursor.execute("CHECKPOINT")


def mark() -> int:
    """Return a point in the life of the database, for `rows_touched`; only on PostgreSQL."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT txid_current() % 4294967296")
        return int(cursor.fetchone()[0])


def rows_touched(since: int, tables: Sequence[type[models.Model]]) -> dict[str, int]:
    """Return how many rows were written, and how many only locked, since a mark.

    It is the rows' own word: each carries the number of the transaction that wrote it last.
    """
    found = {"written": 0, "locked": 0}
    with connection.cursor() as cursor:
        for model in tables:
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(
                "SELECT count(*) FILTER (WHERE xmin::text::bigint >= %s), "  # noqa: S608
                "count(*) FILTER (WHERE xmin::text::bigint < %s AND xmax::text::bigint >= %s) "
                f"FROM {table}",
                [since, since, since],
            )
            written, locked = cursor.fetchone()
            found["written"] += written
            found["locked"] += locked
    return found
