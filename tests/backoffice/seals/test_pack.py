"""Evidence packs: proved by Python's standard library alone, in an empty directory."""

from __future__ import annotations

import io
import json
import random
import shutil
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from backoffice import changes, seals
from backoffice.models import AuditEvent, EvidencePack, Origin, Seal
from backoffice.refused import NotAllowed
from backoffice.seals import hashing
from backoffice.seals.refusals import NothingSealed
from tests.backoffice.seals.conftest import note, unprotected

pytestmark = pytest.mark.django_db
PYTHON = shutil.which("python3")


def packed(**period) -> EvidencePack:
    period = {"from_at": None, "until_at": None, **period}
    return seals.make_pack(**period, by=None, reason="")


def unpack(pack: EvidencePack, folder: Path) -> Path:
    with storages["private"].open(pack.file) as file, zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    return folder


def lines_of(path: Path) -> list[str]:
    """The lines of a file of rows; U+2028 ends none of them."""
    return [f"{line}\n" for line in path.read_text("utf-8").split("\n")[:-1]]


def prove(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [PYTHON, "-I", "verify.py", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def folder(everything, tmp_path) -> Path:
    note(text='=1+1 "quoted", é\u2028 \n next line')
    return unpack(packed(), tmp_path / "pack")


def test_a_pack_proves_itself_offline(folder):
    answer = prove(folder)

    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "WHOLE" in answer.stdout
    assert answer.stderr == ""
    names = {path.name for path in folder.iterdir()}
    assert {"verify.py", "chain.json", "anchor.json", "manifest.json", "README.txt"} <= names


def test_one_changed_byte_is_found_wherever_it_is(folder):
    """Each file once, at a byte chosen at random; the place is named."""
    luck = random.Random(3)
    missed = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "verify.py"):
        original = path.read_bytes()
        place = luck.randrange(len(original))
        changed = bytearray(original)
        changed[place] ^= 1
        path.write_bytes(bytes(changed))
        answer = prove(folder)
        if answer.returncode != 1 or path.stem not in answer.stdout or answer.stderr:
            missed.append((str(path), place, answer.stdout, answer.stderr))
        path.write_bytes(original)

    assert missed == []
    assert prove(folder).returncode == 0


def test_the_changed_row_is_named_by_line_and_id(folder):
    path = folder / "rows" / "backoffice_auditevent.jsonl"
    lines = lines_of(path)
    row = json.loads(lines[-1])[0]
    lines[-1] = lines[-1].replace("noted", "voted")
    path.write_text("".join(lines), "utf-8")

    answer = prove(folder)

    assert (
        f"rows/backoffice_auditevent.jsonl line {len(lines)}: row {row} is not what was sealed"
        in answer.stdout
    )


@pytest.mark.parametrize("act", ["drop", "double", "swap"])
def test_lines_that_are_dropped_doubled_or_swapped_are_found(folder, act):
    path = folder / "rows" / "backoffice_changeset.jsonl"
    lines = lines_of(path)
    if act == "drop":
        del lines[1]
    elif act == "double":
        lines.append(lines[-1])
    else:
        lines[0], lines[1] = lines[1], lines[0]
    path.write_text("".join(lines), "utf-8")

    answer = prove(folder)

    assert answer.returncode == 1
    assert "rows/backoffice_changeset.jsonl line" in answer.stdout


def test_a_pack_that_was_rewritten_whole_does_not_fit_the_anchor(folder, tmp_path):
    anchor = tmp_path / "anchor.json"
    anchor.write_text(json.dumps(seals.make_anchor()))
    assert prove(folder, "--anchor", str(anchor)).returncode == 0

    anchor.write_text(json.dumps({**seals.make_anchor(), "digest": "0" * 64}))

    answer = prove(folder, "--anchor", str(anchor))
    assert answer.returncode == 1
    assert "is not the anchor's" in answer.stdout


def test_a_pack_holds_no_personal_data(tmp_path, make_user):
    jane = make_user("support", last_name="Quillfeather")
    caller = changes.Caller(ip="192.0.2.77", user_agent="Telescope/9")
    with changes.change(separate=True, by=jane, caller=caller):
        AuditEvent.record("noted")

    folder = unpack(packed(), tmp_path)

    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert Origin.objects.get(ip="192.0.2.77").commitment.encode() in everything
    for word in (b"Quillfeather", b"192.0.2.77", b"Telescope"):
        assert word not in everything


def test_the_csv_runs_nothing_in_a_spreadsheet(tmp_path):
    with changes.change(note="=cmd()", reason_code="@x", separate=True):
        AuditEvent.record("noted")

    folder = unpack(packed(), tmp_path)

    text = (folder / "csv" / "backoffice_changeset.csv").read_text("utf-8")
    assert "'=cmd()" in text
    assert "'@x" in text
    assert prove(folder).returncode == 0


def test_a_period_is_what_was_recorded_in_it(tmp_path):
    old = note(n="old")
    seals.seal_record()
    begin = timezone.now()
    inside = note(n="inside")
    end = timezone.now()
    seals.seal_record()
    later = note(n="later")
    seals.seal_record()

    pack = packed(from_at=begin, until_at=end)

    folder = unpack(pack, tmp_path)
    text = (folder / "rows" / "backoffice_auditevent.jsonl").read_text("utf-8")
    ids = [json.loads(line)[0] for line in text.splitlines()]
    assert ids == [inside.pk]
    assert not {old.pk, later.pk} & set(ids)
    assert prove(folder).returncode == 0


def test_a_row_that_is_sealed_after_the_period_is_in_its_pack():
    row = note()
    end = timezone.now()

    pack = packed(from_at=row.at - timedelta(seconds=1), until_at=end)

    assert pack.row_count == sum(Seal.objects.values_list("count", flat=True))


def test_a_pack_of_many_blocks_and_seals_proves_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(hashing, "BLOCK_ROWS", 3)
    for run in range(3):
        for n in range(8):
            note(run=run, n=n)
        seals.seal_record()

    folder = unpack(packed(), tmp_path)

    assert prove(folder).returncode == 0


def test_make_pack_writes_an_event_and_a_row(auditor):
    note()

    with changes.change(separate=True):
        pack = seals.make_pack(from_at=None, until_at=None, by=auditor, reason="the auditors come")

    event = AuditEvent.objects.get(kind="evidence_packed")
    assert event.detail["sha256"] == pack.sha256
    assert pack.change_set.note == "the auditors come"
    with storages["private"].open(pack.file) as file:
        assert zipfile.ZipFile(io.BytesIO(file.read())).testzip() is None


def test_make_pack_refuses_whoever_may_not_and_an_empty_period(support):
    with pytest.raises(NotAllowed):
        seals.make_pack(from_at=None, until_at=None, by=support, reason="")
    note()
    with pytest.raises(NothingSealed):
        packed(from_at=timezone.now() + timedelta(days=1))


def test_a_pack_of_forged_rows_does_not_prove_itself(tmp_path):
    row = note()
    seals.seal_record()
    with unprotected() as sql:
        sql("UPDATE backoffice_auditevent SET kind = 'forged' WHERE id = %s", row.pk)

    answer = prove(unpack(packed(), tmp_path))

    assert answer.returncode == 1
    assert f"row {row.pk} is not what was sealed" in answer.stdout
