"""Measuring by ratios: two ways of the same work, in one run, on a database of their own.

An app's benchmarks stand in its `benchmarks.py`; a figure in seconds says more about the machine
than about us, a ratio does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any

from django.db import connection, connections
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from backoffice.refused import UnknownRow


@dataclass
class Measured:
    """What a benchmark found.

    ratios: how many times faster ours is than the other way. facts: seconds, rows and counts.
    """

    ratios: dict[str, float] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def compare(self, name: str, *, ours: float, other: float) -> None:
        """Note two durations in seconds, and their ratio."""
        self.ratios[name] = round(other / ours, 2)
        self.facts[name] = {"ours_seconds": round(ours, 3), "other_seconds": round(other, 3)}

    def as_json(self) -> dict[str, Any]:
        return {"database": connection.vendor, **asdict(self)}


Benchmark = Callable[[], Measured]
_benchmarks: dict[str, Benchmark] = {}


def benchmark(name: str) -> Callable[[Benchmark], Benchmark]:
    """Decorator: `manage.py benchmark <name>` runs this function, on an empty database."""

    def register(function: Benchmark) -> Benchmark:
        _benchmarks[name] = function
        return function

    return register


def benchmark_named(name: str) -> Benchmark:
    """Return a benchmark. Refuses: UnknownRow."""
    autodiscover_modules("benchmarks")
    if name not in _benchmarks:
        raise UnknownRow(what=_("benchmark"), key=name, hint=", ".join(sorted(_benchmarks)))
    return _benchmarks[name]


def seconds(work: Callable[[], Any]) -> float:
    """Return how long `work` takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


@contextmanager
def empty_database() -> Iterator[None]:
    """Run on a migrated database of its own beside the configured one; it is gone afterwards."""
    name = str(connection.settings_dict["NAME"])
    is_file = connection.vendor == "sqlite"
    connection.settings_dict["TEST"]["NAME"] = f"{name}.benchmark" if is_file else f"bench_{name}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connections.close_all()
        connection.creation.destroy_test_db(name, verbosity=0)
