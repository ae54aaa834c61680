"""Sealing: every committed row once, in a chain."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.db import IntegrityError, transaction

from backoffice import seals
from backoffice.models import AuditEvent, Seal, SealBlock, SealEpoch, SealLayout
from backoffice.seals import canonical, chain, hashing, sealing
from backoffice.seals.refusals import ColumnsChanged, SealedMeanwhile
from tests.backoffice.seals.conftest import note
from tests.forging import past_the_guard

pytestmark = pytest.mark.django_db


def test_seal_record_covers_every_row_of_every_sealed_table(everything):
    made = seals.seal_record()
    _verification, report = seals.verify_record(by=None, reason="")

    assert report.findings == []
    assert made.rows == report.rows > 80
    assert SealEpoch.objects.count() == 1
    for layout in canonical.layouts():
        rows = sum(Seal.objects.filter(table=layout.table).values_list("count", flat=True))
        assert rows == hashing.Reader(layout).digests([(hashing.FIRST_ID, 2**62)])[0][0] - (
            # The verification and its event came later.
            layout.table in {"backoffice_verification", "backoffice_auditevent"}
        )


def test_seal_record_adds_only_what_is_new():
    note()
    seals.seal_record()
    event = note()

    made = seals.seal_record()

    assert {
        seal.table: seal.first_id for seal in Seal.objects.order_by("-number")[: made.seals]
    } == {
        "backoffice_auditevent": event.pk,
        "backoffice_changeset": event.change_set_id,
        "backoffice_origin": event.change_set.origin_id,
    }
    assert seals.seal_record().seals == 0


def test_each_link_carries_the_digest_of_the_one_before():
    for _run in range(3):
        note()
        seals.seal_record()

    links = list(Seal.objects.order_by("number"))

    assert [link.number for link in links] == list(range(1, len(links) + 1))
    assert links[0].previous == SealEpoch.objects.get().digest
    for before, link in pairwise(links):
        assert link.previous == before.digest


def test_a_seal_is_cut_into_blocks(monkeypatch):
    monkeypatch.setattr(hashing, "BLOCK_ROWS", 4)
    monkeypatch.setattr(sealing, "MOST_BLOCKS", 2)
    for n in range(11):
        note(n=n)

    seals.seal_record()

    made = Seal.objects.filter(table="backoffice_auditevent").order_by("number")
    assert [seal.count for seal in made] == [8, 3]
    assert list(made[0].blocks.order_by("position").values_list("count", flat=True)) == [4, 4]
    assert made[1].after_id == made[0].last_id
    assert seals.examine().is_whole


def test_a_column_that_is_added_breaks_no_seal(monkeypatch):
    """Sealed rows are held against the columns that their seal names."""
    now = canonical.layouts()

    def before() -> list[canonical.Layout]:
        return [
            canonical.Layout(x.table, x.key, tuple(c for c in x.columns if c[0] != "subject_key"))
            for x in now
        ]

    note()
    with monkeypatch.context() as patch:
        patch.setattr(sealing, "layouts", before)
        seals.seal_record()
    note()

    seals.seal_record()

    assert SealLayout.objects.filter(table="backoffice_auditevent").count() == 2
    assert seals.examine().is_whole


def test_seal_record_refuses_when_a_sealed_column_is_gone(monkeypatch):
    note()
    with monkeypatch.context() as patch:
        patch.setattr(
            sealing,
            "layouts",
            lambda: [canonical.Layout("backoffice_auditevent", "id", (("id", "int"),))],
        )
        seals.seal_record()
    SealLayout.objects.get()
    facts = {
        "table": "backoffice_auditevent",
        "key": "id",
        "columns": [["id", "int"], ["gone", "text"]],
    }
    monkeypatch.setattr(chain, "known_layouts", lambda epoch: [canonical.Layout.from_facts(facts)])

    with pytest.raises(ColumnsChanged, match=r"backoffice_auditevent\.gone"):
        seals.seal_record()
    assert [f.kind for f in seals.examine().findings] == ["columns"]


def test_two_sealers_do_not_fork_the_chain():
    note()
    seals.seal_record()
    layout = next(x for x in canonical.layouts() if x.table == "backoffice_auditevent")
    last = Seal.objects.order_by("-number").first()
    block = hashing.Block(0, 1, 1, 1, "0" * 64, hashing.pack_ids([1]), b"12345678")

    class Late:
        number, digest, epoch = last.number - 1, last.previous, 1

    original, chain.head = chain.head, lambda: Late
    try:
        with pytest.raises(SealedMeanwhile):
            chain.add_seal(layout=layout, moment=last.sealed_at, after_id=0, blocks=[block])
    finally:
        chain.head = original
    assert seals.examine().is_whole


@pytest.mark.parametrize("model", [Seal, SealBlock, SealEpoch, SealLayout])
def test_the_seals_are_append_only_themselves(model):
    note()
    seals.seal_record()

    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        past_the_guard(),
    ):
        model._default_manager.all()._raw_delete("default")


def test_sealing_writes_nothing_that_would_have_to_be_sealed():
    seals.seal_record()
    events = AuditEvent.objects.count()

    seals.seal_record()

    assert AuditEvent.objects.count() == events
    assert seals.seal_record().rows == 0
