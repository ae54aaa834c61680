"""`manage.py audit`: exit codes and JSON that a monitor can read."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from backoffice import seals
from backoffice.models import SealEpoch
from catalog.models import Tag
from tests.backoffice.seals.conftest import note, unprotected
from tests.forging import past_the_guard

pytestmark = pytest.mark.django_db


def audit(*arguments: object) -> tuple[int, dict]:
    out = StringIO()
    code = 0
    try:
        call_command("audit", *map(str, arguments), "--format", "json", stdout=out)
    except SystemExit as end:
        code = end.code
    return code, json.loads(out.getvalue())


def text_of(*arguments: object) -> str:
    out = StringIO()
    call_command("audit", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_seal_then_verify_ends_with_nought():
    note()

    rows = audit("seal")[1]["rows"]
    code, facts = audit("verify")

    assert code == 0
    assert (facts["whole"], facts["rows"], facts["first"]) == (True, rows, None)
    assert "whole" in text_of("verify")


def test_verify_ends_with_one_and_the_first_bad_row():
    row = note()
    seals.seal_record()
    with unprotected() as sql:
        sql("UPDATE backoffice_auditevent SET kind = 'forged' WHERE id = %s", row.pk)

    code, facts = audit("verify")

    assert code == 1
    assert not facts["whole"]
    assert (facts["first"]["table"], facts["first"]["row"]) == ("backoffice_auditevent", row.pk)
    with pytest.raises(SystemExit) as end:
        call_command("audit", "verify", stderr=StringIO())
    assert end.value.code == 1


def test_an_anchor_is_written_and_held_against(tmp_path):
    note()
    seals.seal_record()
    file = tmp_path / "anchor.json"

    assert audit("anchor", "--out", file)[1]["seal"] >= 3
    assert audit("verify", "--anchor", file)[0] == 0

    anchor = json.loads(file.read_text())
    file.write_text(json.dumps({**anchor, "seal": 99}))
    code, facts = audit("verify", "--anchor", file)
    assert (code, facts["first"]["kind"]) == (1, "cut")


def test_what_is_refused_ends_with_one(tmp_path):
    assert audit("anchor")[1]["refused"] == "nothing_sealed"
    bad = tmp_path / "bad.json"
    bad.write_text("{}")
    code, facts = audit("verify", "--anchor", bad)
    assert (code, facts["refused"]) == (1, "bad_anchor")
    with pytest.raises(CommandError):
        audit("verify", "--anchor", tmp_path / "none.json")


def test_export_writes_the_pack(tmp_path):
    note()
    out = tmp_path / "pack.zip"

    code, facts = audit(
        "export", "--from", "2020-01-01", "--until", "2999-01-01T12:00", "--out", out
    )

    assert code == 0
    assert facts["rows"] >= 3
    assert Path(facts["file"]).read_bytes()[:2] == b"PK"


def test_reconcile_ends_with_one_where_a_row_differs():
    Tag(name="oak", slug="oak").save()
    assert audit("reconcile")[0] == 0
    from django.db import connection

    with past_the_guard(), connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_tag SET name = 'elm'")

    code, facts = audit("reconcile")

    assert code == 1
    assert facts["first"]["columns"] == ["name"]


def test_epoch_is_closed_by_hand():
    note()

    assert audit("epoch", "--reason", "restored from backup")[1]["epoch"] == 2
    assert SealEpoch.objects.get(number=2).why == "restored from backup"


def test_grants_are_printed():
    text = text_of("grants", "--owner", "boss", "--application", "app")

    assert 'GRANT SELECT, INSERT ON TABLE "backoffice_auditevent" TO "app";' in text
    assert 'OWNER TO "boss"' in text
