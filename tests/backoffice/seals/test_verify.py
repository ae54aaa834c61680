"""Verifying: links, rows, personal data, anchors; and what is written down about it."""

from __future__ import annotations

import json

import pytest
from django.db import connection

from backoffice import changes, sealed, seals
from backoffice.models import AuditEvent, Origin, Seal, SealBlock, SealEpoch, Verification
from backoffice.refused import NotAllowed
from backoffice.seals import hashing
from backoffice.seals.refusals import BadAnchor
from tests.backoffice.seals.conftest import note, unprotected
from tests.forging import past_the_guard

pytestmark = pytest.mark.django_db


@pytest.fixture
def events() -> list[AuditEvent]:
    """Three runs of seals over an event each."""
    made = []
    for n in range(3):
        made.append(note(n=n))
        seals.seal_record()
    return made


def found() -> set[tuple[str, object]]:
    return {(f.kind, f.row if f.row is not None else f.seal) for f in seals.examine().findings}


def test_verify_record_writes_down_what_it_found(events, auditor):
    with changes.change(separate=True):
        verification, report = seals.verify_record(by=auditor, reason="month's end")

    assert report.is_whole
    assert (verification.is_whole, verification.row_count) == (True, report.rows)
    assert verification.head_digest == Seal.objects.order_by("-number").first().digest
    assert verification.change_set.note == "month's end"
    assert AuditEvent.objects.filter(kind="verification", subject_key=verification.pk).exists()


def test_verify_record_names_the_first_bad_row(events):
    with unprotected() as sql:
        sql("UPDATE backoffice_auditevent SET kind = 'x' WHERE id >= %s", events[1].pk)

    verification, report = seals.verify_record(by=None, reason="")

    assert not verification.is_whole
    assert report.first.row == events[1].pk
    assert verification.findings[0]["row"] == events[1].pk
    assert str(events[1].pk) in verification.findings[0]["message"]
    assert AuditEvent.objects.filter(kind="verification_failed").count() == 1


@pytest.mark.parametrize("role", ["support", "fulfilment", "merchandiser", "finance"])
def test_verify_record_refuses_whoever_may_not(role, request):
    with pytest.raises(NotAllowed):
        seals.verify_record(by=request.getfixturevalue(role), reason="")

    assert not Verification.objects.exists()


def test_a_bad_row_is_found_in_its_block(monkeypatch):
    monkeypatch.setattr(hashing, "BLOCK_ROWS", 3)
    made = [note(n=n) for n in range(10)]
    seals.seal_record()
    with unprotected() as sql:
        sql("DELETE FROM backoffice_auditevent WHERE id = %s", made[4].pk)

    assert found() == {("missing", made[4].pk)}


# --- The chain ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE backoffice_seal SET count = count + 1 WHERE number = 2",
        "UPDATE backoffice_seal SET sealed_at = '2020-01-01 00:00:00' WHERE number = 2",
        "UPDATE backoffice_seal SET digest = previous WHERE number = 2",
        "DELETE FROM backoffice_sealblock WHERE seal_id = (SELECT id FROM backoffice_seal WHERE number = 2)",
        "UPDATE backoffice_sealblock SET digest = 'no' WHERE seal_id = (SELECT id FROM backoffice_seal WHERE number = 2)",
        "UPDATE backoffice_sealblock SET marks = ids WHERE seal_id = (SELECT id FROM backoffice_seal WHERE number = 2)",
        "UPDATE backoffice_sealblock SET ids = marks WHERE seal_id = (SELECT id FROM backoffice_seal WHERE number = 2)",
        "UPDATE backoffice_sealblock SET last_id = last_id + 5 WHERE seal_id = (SELECT id FROM backoffice_seal WHERE number = 2)",
        "UPDATE backoffice_sealepoch SET why = 'another reason'",
        "UPDATE backoffice_sealepoch SET number = 7",
        "UPDATE backoffice_seallayout SET table_ = 'x'".replace("table_", '"table"'),
    ],
)
def test_a_forged_seal_is_found(events, forgery):
    with unprotected() as sql:
        assert sql(forgery)

    assert not seals.examine().is_whole


def test_a_seal_that_was_taken_out_is_missed(events):
    number = Seal.objects.filter(table="backoffice_auditevent").order_by("number")[1].number
    pk = Seal.objects.get(number=number).pk
    with unprotected() as sql:
        sql("DELETE FROM backoffice_sealblock WHERE seal_id = %s", pk)
        sql("DELETE FROM backoffice_seal WHERE id = %s", pk)

    assert ("chain", number + 1) in found()


def test_rows_that_a_reworked_chain_leaves_out_are_missed(events):
    """Somebody takes a seal out, and computes all digests after it anew."""
    seal = Seal.objects.filter(table="backoffice_auditevent").order_by("number")[1]
    with unprotected() as sql:
        sql("DELETE FROM backoffice_sealblock WHERE seal_id = %s", seal.pk)
        sql("DELETE FROM backoffice_seal WHERE id = %s", seal.pk)
        _rework_chain(sql)

    kinds = {f.kind for f in seals.examine().findings}
    assert kinds == {"chain"}


def _rework_chain(sql) -> None:
    """Do what an owner with our source could do: number and digest every link anew."""
    from backoffice.seals.canonical import digest_of
    from backoffice.seals.chain import seal_facts

    previous = SealEpoch.objects.get().digest
    for number, seal in enumerate(Seal.objects.order_by("number"), start=1):
        seal.number, seal.previous = number, previous
        previous = digest_of(seal_facts(seal))
        sql(
            "UPDATE backoffice_seal SET number = %s, previous = %s, digest = %s WHERE id = %s",
            number, seal.previous, previous, seal.pk,
        )  # fmt: skip


# --- Anchors --------------------------------------------------------------------------------------


def anchor_now() -> seals.anchor.Anchor:
    return seals.read_anchor(json.dumps(seals.make_anchor()))


def test_an_anchor_vouches_for_a_chain_that_grew(events):
    anchor = anchor_now()
    note()
    seals.seal_record()

    _verification, report = seals.verify_record(by=None, reason="", anchor=anchor)

    assert report.is_whole
    assert report.anchored_at == anchor.number


def test_a_cut_tail_is_found_by_an_anchor_alone(events):
    anchor = anchor_now()
    kept = Seal.objects.filter(table="backoffice_auditevent").order_by("number")[1].number
    lost = list(Seal.objects.filter(number__gt=kept).values_list("pk", flat=True))
    with unprotected() as sql:
        for pk in lost:
            sql("DELETE FROM backoffice_sealblock WHERE seal_id = %s", pk)
            sql("DELETE FROM backoffice_seal WHERE id = %s", pk)
        sql("DELETE FROM backoffice_auditevent WHERE id = %s", events[2].pk)

    assert seals.examine().is_whole
    report = seals.examine(anchor=anchor)
    assert ("cut", str(anchor.number)) in {(f.kind, f.detail) for f in report.findings}
    assert (report.first.kind, report.first.row) == ("missing", events[2].pk)


def test_a_rewritten_chain_is_found_by_an_anchor_alone(events):
    anchor = anchor_now()
    with unprotected() as sql:
        sql("UPDATE backoffice_auditevent SET kind = 'forged' WHERE id = %s", events[1].pk)
        for table in ("sealblock", "seal", "sealepoch", "seallayout"):
            sql(f"DELETE FROM backoffice_{table}")
    for _run in range(anchor.number):
        note()
        seals.seal_record()

    assert seals.examine().is_whole
    assert "rewritten" in {f.kind for f in seals.examine(anchor=anchor).findings}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "other"}', '{"format": "record-anchor/1"}']
)
def test_what_is_no_anchor_is_refused(text):
    with pytest.raises(BadAnchor):
        seals.read_anchor(text)


# --- Personal data --------------------------------------------------------------------------------


def test_a_recorded_erasure_is_no_tampering(events):
    events[1].change_set.origin.erase()

    report = seals.examine()

    assert report.is_whole
    assert report.erased == 1


def test_a_row_blanked_without_a_record_is_tampering(events):
    origin = events[1].change_set.origin
    with past_the_guard():
        Origin.objects.filter(pk=origin.pk).update(
            name="", ip="", user_agent="", salt="", erased_at=events[1].at
        )

    assert found() == {("erased", origin.pk)}


@pytest.mark.parametrize("column", ["name", "ip", "user_agent", "salt"])
def test_forged_personal_data_do_not_fit_their_commitment(events, column):
    origin = events[1].change_set.origin
    with unprotected() as sql:
        sql(f"UPDATE backoffice_origin SET {column} = '\"é' WHERE id = %s", origin.pk)

    assert found() == {("personal", origin.pk)}


def test_personal_data_of_every_script_fit_their_commitment():
    for name in ['"\\/', "é\u2028\x7f\x01", "\U0001f600", "\t\n", ""]:
        Origin(name=name, ip="", user_agent=name).save()

    assert seals.examine().is_whole


def test_an_erased_row_that_is_filled_again_is_tampering(events):
    origin = events[1].change_set.origin
    origin.erase()
    with unprotected() as sql:
        sql("UPDATE backoffice_origin SET name = 'John Doe' WHERE id = %s", origin.pk)

    assert found() == {("personal", origin.pk)}


# --- Protection -----------------------------------------------------------------------------------


def test_lifted_protection_is_found(events):
    connection.check_constraints()
    sealed.uninstall()

    kinds = {f.kind for f in seals.examine().findings}

    sealed.install()
    assert kinds == {"protection"}


def test_a_row_at_the_lowest_id_of_all_hides_nowhere(events):
    with unprotected() as sql:
        sql(
            "UPDATE backoffice_auditevent SET id = %s WHERE id = %s", hashing.FIRST_ID, events[0].pk
        )

    assert found() == {("missing", events[0].pk), ("inserted", hashing.FIRST_ID)}
    assert SealBlock.objects.exists()
