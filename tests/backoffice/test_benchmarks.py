"""The tools that measure: they tell what was done, and are loud when it was not."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, connections, transaction
from django.utils.module_loading import autodiscover_modules

from backoffice import benchmarks, sealed
from backoffice.models import AuditEvent, User
from tests.forging import past_the_guard

BIG = 40 * benchmarks.MEGABYTE


@pytest.fixture
def forgotten() -> Iterator[None]:
    """Forget the benchmarks that a test registers."""
    autodiscover_modules("benchmarks")
    before = dict(benchmarks._benchmarks)
    yield
    benchmarks._benchmarks.clear()
    benchmarks._benchmarks.update(before)


# --- A process of its own ---


@pytest.mark.django_db(transaction=True)
def test_a_sample_tells_what_the_work_returned_and_how_long_it_took() -> None:
    def work() -> str:
        time.sleep(0.05)
        return "done"

    found = benchmarks.sample(work)

    assert found.value == "done"
    assert found.seconds >= 0.05


@pytest.mark.django_db(transaction=True)
def test_a_sample_tells_the_peak_of_its_own_memory_only() -> None:
    held = bytearray(BIG)

    little = benchmarks.sample(lambda: None)
    much = benchmarks.sample(lambda: len(bytes(bytearray(b"x") * BIG)))

    assert len(held) == BIG
    assert little.peak_mb < 20
    assert much.peak_mb > 35


@pytest.mark.django_db(transaction=True)
def test_a_sample_counts_the_memory_of_a_process_that_the_work_starts() -> None:
    # What a process holds from its parent is not its own: it has to grow beyond that.
    held_here = int(benchmarks._peak_mb() * benchmarks.MEGABYTE)

    def work() -> None:
        grow = f"held = bytearray(b'x') * {held_here + BIG}"
        subprocess.run([sys.executable, "-c", grow], check=True)

    assert benchmarks.sample(work).peak_mb > 35


@pytest.mark.django_db(transaction=True)
def test_a_sample_raises_what_the_work_raised() -> None:
    def work() -> None:
        raise ValueError("not measured")

    with pytest.raises(RuntimeError, match="not measured"):
        benchmarks.sample(work)


@pytest.mark.django_db(transaction=True)
def test_a_sample_works_on_the_same_database() -> None:
    benchmarks.sample(lambda: User.objects.create_user("measured@example.com", None).pk)

    assert User.objects.filter(email="measured@example.com").exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_sample_leaves_a_connection_alone_that_was_open_before(monkeypatch) -> None:
    def backend() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return cursor.fetchone()[0]

    monkeypatch.setattr(connections, "close_all", lambda: None)
    ours = backend()

    assert benchmarks.sample(backend).value != ours
    assert backend() == ours


# --- Tables ---


@pytest.mark.django_db(transaction=True)
def test_empty_empties_a_sealed_table_and_seals_it_again() -> None:
    AuditEvent.record("export", rows=1)

    benchmarks.empty(AuditEvent)

    assert not AuditEvent.objects.exists()
    assert sealed.missing() == []
    event = AuditEvent.record("export", rows=1)
    with past_the_guard(), pytest.raises(IntegrityError), transaction.atomic():
        AuditEvent.objects.filter(pk=event.pk)._raw_delete("default")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_rows_touched_tells_written_rows_from_locked_ones() -> None:
    written, *_rest = [
        User.objects.create_user(f"{name}@example.com", None)
        for name in ("written", "locked", "left_alone")
    ]
    before = benchmarks.mark()

    written.first_name = "Ada"
    written.save()
    with transaction.atomic():
        User.objects.select_for_update().get(email="locked@example.com")

    assert benchmarks.rows_touched(before, [User]) == {"written": 1, "locked": 1}
    assert benchmarks.rows_touched(benchmarks.mark(), [User]) == {"written": 0, "locked": 0}


# --- The registry and the command ---


@pytest.mark.usefixtures("forgotten")
def test_a_benchmark_gets_the_options_that_it_takes() -> None:
    @benchmarks.benchmark("lengths", takes=("rows",))
    def measure(*, rows: int = 1) -> benchmarks.Measured:
        return benchmarks.Measured(facts={"rows": rows})

    assert benchmarks.benchmark_named("lengths", rows=7)().facts == {"rows": 7}
    with pytest.raises(benchmarks.UnknownOption, match="takes no --growth"):
        benchmarks.benchmark_named("lengths", growth=True)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [(["weather"], "imports"), (["orders", "--rows", "5"], "takes no --rows")],
)
def test_the_command_refuses_what_cannot_be_measured(words: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("benchmark", *words)


def test_measured_speaks_of_ratios_rows_and_facts() -> None:
    measured = benchmarks.Measured(rows=[{"case": "new", "seconds": 1.5}])

    measured.compare("new_vs_loop", ours=2, other=5)

    assert measured.as_json() == {
        "database": connection.vendor,
        "ratios": {"new_vs_loop": 2.5},
        "rows": [{"case": "new", "seconds": 1.5}],
        "facts": {"new_vs_loop": {"ours_seconds": 2, "other_seconds": 5}},
    }
