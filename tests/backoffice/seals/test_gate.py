"""No row falls between two seals, in whatever order its writers commit."""

from __future__ import annotations

import random
import threading
import time

import pytest
from django.db import connection, transaction

from backoffice import changes, seals
from backoffice.models import AuditEvent, ChangeSet
from backoffice.seals import gate
from backoffice.seals.refusals import RecordIsBusy

postgres = pytest.mark.postgres
pytestmark = pytest.mark.django_db(transaction=True)


class SlowWriter(threading.Thread):
    """Inserts an event, and commits when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.inserted, self.may_commit = threading.Event(), threading.Event()
        self.pk = 0

    def run(self) -> None:
        try:
            with changes.change(action="slow", separate=True), transaction.atomic():
                self.pk = AuditEvent.record("slow").pk
                self.inserted.set()
                self.may_commit.wait(20)
        finally:
            connection.close()


def quick() -> int:
    with changes.change(action="quick", separate=True):
        return AuditEvent.record("quick").pk


@postgres
def test_the_sealer_waits_for_a_lower_id_that_is_not_committed_yet():
    slow = SlowWriter()
    slow.start()
    slow.inserted.wait()
    high = quick()
    assert slow.pk < high
    threading.Timer(0.6, slow.may_commit.set).start()

    seals.seal_record()

    slow.join()
    assert seals.examine().is_whole
    assert seals.seal_record().rows == 0


@postgres
def test_without_the_gate_that_row_falls_between_two_seals(monkeypatch):
    monkeypatch.setattr(gate, "_close_gate", lambda: None)
    slow = SlowWriter()
    slow.start()
    slow.inserted.wait()
    quick()

    seals.seal_record()
    slow.may_commit.set()
    slow.join()
    seals.seal_record()

    found = {
        (f.kind, f.row) for f in seals.examine().findings if f.table == "backoffice_auditevent"
    }
    assert found == {("inserted", slow.pk)}


@postgres
def test_the_sealer_gives_up_where_writers_never_pause(monkeypatch):
    monkeypatch.setattr(gate, "PAUSES_SECONDS", (0.01, 0.01))
    slow = SlowWriter()
    slow.start()
    slow.inserted.wait()

    began = time.monotonic()
    with pytest.raises(RecordIsBusy):
        seals.seal_record()
    waited = time.monotonic() - began
    # Nobody queues up behind a sealer that has given up.
    quick()

    slow.may_commit.set()
    slow.join()
    assert waited >= 3 * gate.LOCK_TIMEOUT_MS / 1000
    assert seals.seal_record().rows > 0
    assert seals.examine().is_whole


def test_writers_at_random_lose_no_row():
    """Six writers of transactions that overlap, and a sealer that runs all the time."""
    is_over = threading.Event()
    luck = random.Random(7)
    pauses = [[luck.random() * 0.02 for _ in range(12)] for _ in range(6)]

    def write(mine: list[float]) -> None:
        try:
            for pause in mine:
                with changes.change(action="random", separate=True), transaction.atomic():
                    AuditEvent.record("one")
                    if connection.vendor == "postgresql":
                        time.sleep(pause)
                    AuditEvent.record("two")
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(mine,)) for mine in pauses]
    for writer in writers:
        writer.start()
    runs = 0
    while any(writer.is_alive() for writer in writers):
        seals.seal_record()
        runs += 1
        is_over.wait(0.01)
    for writer in writers:
        writer.join()
    seals.seal_record()

    report = seals.examine()
    assert report.findings == []
    assert runs > (connection.vendor == "postgresql")
    assert ChangeSet.objects.filter(action="random").count() == 72
    assert seals.seal_record().rows == 0
