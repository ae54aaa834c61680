"""Epochs: what changes sealed rows or columns lawfully closes one, with its proof and reason."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, migrations, models, transaction

from backoffice import history, sealed, seals
from backoffice.models import AuditEvent, EvidencePack, Seal, SealEpoch, Verification
from backoffice.refused import NotAllowed, ReasonMissing
from backoffice.seals import epochs
from backoffice.seals.canonical import layouts
from backoffice.seals.refusals import RecordIsBroken
from tests.backoffice.seals.conftest import note, unprotected
from tests.forging import past_the_guard

pytestmark = pytest.mark.django_db


def forge(pk: int, kind: str = "mended") -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE backoffice_auditevent SET kind = %s WHERE id = %s", [kind, pk])


def test_lifted_protection_is_back_afterwards_and_closes_the_epoch():
    row = note()

    with history.lifted("A wrong import is taken back, ticket 12"):
        forge(row.pk)

    assert sealed.missing() == []
    first, second = SealEpoch.objects.order_by("number")
    assert second.why == "A wrong import is taken back, ticket 12"
    assert (second.number, second.previous) == (2, Seal.objects.order_by("-number")[0].digest)
    assert second.verification.is_whole
    assert second.pack.epoch == first.number
    event = AuditEvent.objects.get(kind="protection_lifted")
    assert event.detail == {"reason": second.why, "epoch": 2}
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), past_the_guard():
        forge(row.pk, "forged")


def test_the_next_epoch_seals_every_row_as_it_is_now():
    row = note()
    with history.lifted("a repair"):
        forge(row.pk)

    seals.seal_record()

    assert seals.examine().is_whole
    again = Seal.objects.filter(epoch__number=2, table="backoffice_auditevent").get()
    assert again.first_id <= row.pk
    with unprotected() as sql:
        sql("UPDATE backoffice_auditevent SET kind = 'worse' WHERE id = %s", row.pk)
    assert seals.examine().first.row == row.pk


def test_an_error_inside_takes_everything_back():
    row = note()
    seals.seal_record()

    with pytest.raises(ZeroDivisionError), history.lifted("a repair"):
        forge(row.pk)
        raise ZeroDivisionError

    assert sealed.missing() == []
    assert SealEpoch.objects.count() == 1
    assert AuditEvent.objects.get(pk=row.pk).kind == "noted"
    assert not AuditEvent.objects.filter(kind="protection_lifted").exists()
    assert seals.examine().is_whole


@pytest.mark.parametrize("reason", ["", "  "])
def test_lifting_needs_a_reason(reason):
    with pytest.raises(ReasonMissing), history.lifted(reason):
        raise AssertionError("never reached")


def test_a_broken_record_is_not_closed_over():
    row = note()
    seals.seal_record()
    with unprotected() as sql:
        sql("UPDATE backoffice_auditevent SET kind = 'forged' WHERE id = %s", row.pk)

    with pytest.raises(RecordIsBroken, match=str(row.pk)), history.lifted("a repair"):
        raise AssertionError("never reached")
    with pytest.raises(RecordIsBroken):
        seals.close_epoch(by=None, reason="a restore")
    assert SealEpoch.objects.count() == 1


def test_a_break_that_is_accepted_stays_in_the_chain():
    row = note()
    seals.seal_record()
    with unprotected() as sql:
        sql("UPDATE backoffice_auditevent SET kind = 'forged' WHERE id = %s", row.pk)

    epoch = seals.close_epoch(by=None, reason="restored from the night before", accept_broken=True)

    assert not epoch.verification.is_whole
    assert epoch.facts["verified"]["findings"] == 1
    seals.seal_record()
    assert seals.examine().is_whole
    with unprotected() as sql:
        sql("UPDATE backoffice_sealepoch SET facts = %s WHERE number = 2", '{"verified": null}')
    assert {f.kind for f in seals.examine().findings} == {"epoch"}


def test_close_epoch_is_for_those_who_verify(support, auditor):
    note()
    with pytest.raises(NotAllowed):
        seals.close_epoch(by=support, reason="why not")

    epoch = seals.close_epoch(by=auditor, reason="a restore")

    assert (epoch.number, EvidencePack.objects.count()) == (2, 1)
    assert AuditEvent.objects.filter(kind="epoch_closed").count() == 1


# --- Migrations -----------------------------------------------------------------------------------


def plan_of(operation) -> list[tuple[migrations.Migration, bool]]:
    migration = migrations.Migration("0099_change", "backoffice")
    migration.operations = [operation]
    return [(migration, False)]


TAKES = [
    migrations.RenameField("auditevent", "kind", "sort"),
    migrations.RemoveField("auditevent", "detail"),
    migrations.RemoveField("auditevent", "change_set"),
    migrations.AlterField("auditevent", "kind", models.IntegerField()),
    migrations.DeleteModel("auditevent"),
    migrations.RenameModel("auditevent", "Happening"),
]
LEAVES = [
    migrations.AddField("auditevent", "more", models.TextField(default="")),
    migrations.AlterField("auditevent", "kind", models.CharField(max_length=90)),
    migrations.RemoveField("job", "message"),
    migrations.RemoveField("origin", "user_agent"),
    migrations.RunSQL("SELECT 1"),
]


@pytest.mark.parametrize("operation", TAKES, ids=lambda o: type(o).__name__)
def test_a_migration_that_takes_sealed_columns_is_seen(operation):
    assert epochs.takes_columns(plan_of(operation), layouts())


@pytest.mark.parametrize("operation", LEAVES, ids=lambda o: type(o).__name__)
def test_a_migration_that_leaves_them_is_not(operation):
    assert not epochs.takes_columns(plan_of(operation), layouts())


def test_a_renamed_column_closes_the_epoch(monkeypatch):
    """Before the migration the record is proved; after it the next epoch begins."""
    note()
    seals.seal_record()

    epochs.before_migrate(plan_of(TAKES[0]))
    with connection.cursor() as cursor:
        connection.check_constraints()
        sealed.uninstall()
        cursor.execute("ALTER TABLE backoffice_auditevent RENAME COLUMN kind TO sort")
        renamed = layouts()
        renamed = [
            type(x)(x.table, x.key, tuple((n.replace("kind", "sort") if (n, x.table) == ("kind", "backoffice_auditevent") else n, k) for n, k in x.columns))
            for x in renamed
        ]  # fmt: skip
        monkeypatch.setattr(epochs.columns, "layouts", lambda: renamed)
        gone = epochs.columns.drift(epochs._layouts())
        cursor.execute("ALTER TABLE backoffice_auditevent RENAME COLUMN sort TO kind")
        monkeypatch.setattr(epochs.columns, "drift", lambda known, **_: gone)
        sealed.install()
        epochs.after_migrate()

    assert gone == {"backoffice_auditevent": ["kind"]}
    epoch = SealEpoch.objects.get(number=2)
    assert "backoffice_auditevent.kind" in epoch.why
    assert epoch.verification.is_whole
    assert epoch.pack is not None
    assert Verification.objects.count() == 1
