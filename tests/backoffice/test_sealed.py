"""Append-only tables refuse in the database itself, on both databases."""

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction

from backoffice import changes, sealed
from backoffice.checks import check_seals
from backoffice.models import ChangeSet, Origin
from catalog.models import Tag
from tests.forging import past_the_guard

TABLES = sorted(seal.table for seal in sealed.registry())


def test_every_history_table_and_every_fact_is_sealed():
    histories = {m._meta.db_table for m in apps.get_models() if hasattr(m, "tracked_fields")}

    assert histories <= set(TABLES)
    assert {
        "backoffice_changeset",
        "backoffice_origin",
        "backoffice_auditevent",
        "catalog_stockmovement",
        "orders_payment",
        "orders_refund",
        "orders_cancellation",
        "orders_contact",
        "orders_address",
    } <= set(TABLES)


@pytest.mark.django_db
def test_all_triggers_are_installed_after_migrate():
    assert sealed.missing() == []


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_raw_sql_on_a_change_set_is_refused(statement):
    with changes.change(action="kept", separate=True) as change:
        change.row()
    sql = statement.format("backoffice_changeset", "action", "'forged'")

    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        past_the_guard(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)

    assert ChangeSet.objects.filter(action="kept").exists()


@pytest.mark.django_db
@pytest.mark.postgres
def test_truncate_is_refused():
    with (
        pytest.raises(IntegrityError, match="truncate is refused"),
        transaction.atomic(),
        past_the_guard(),
        connection.cursor() as cursor,
    ):
        cursor.execute("TRUNCATE backoffice_auditevent")


@pytest.mark.django_db
@pytest.mark.postgres
def test_writers_of_sealed_tables_hold_the_gate_until_they_commit():
    Tag(name="gated", slug="gated").save()

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"
            " AND mode = 'ShareLock' AND pid = pg_backend_pid()",
            [sealed.INSERT_GATE],
        )
        assert cursor.fetchone()[0] == 1


@pytest.mark.django_db
def test_insert_or_replace_does_not_pass_the_delete_trigger():
    if connection.vendor != "sqlite":
        pytest.skip("needs SQLite: PostgreSQL has no INSERT OR REPLACE")
    with changes.change(action="kept", separate=True) as change:
        pk = change.row().pk

    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        past_the_guard(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT OR REPLACE INTO backoffice_changeset SELECT * FROM backoffice_changeset"
            " WHERE id = %s",
            [pk],
        )


@pytest.mark.django_db
def test_personal_data_can_be_erased_once_and_not_rewritten():
    origin = Origin(name="Jane Doe", ip="192.0.2.1", user_agent="test")
    origin.save()
    commitment = origin.commitment
    assert origin.compute_commitment() == commitment

    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        past_the_guard(),
    ):
        Origin.objects.filter(pk=origin.pk).update(name="John Doe")
    origin.erase()
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        past_the_guard(),
    ):
        Origin.objects.filter(pk=origin.pk).update(name="John Doe")

    origin.refresh_from_db()
    assert (origin.name, origin.ip, origin.salt) == ("", "", "")
    assert origin.erased_at is not None
    assert origin.commitment == commitment


@pytest.mark.django_db
def test_a_missing_trigger_stops_the_server_and_fails_the_check():
    name = next(iter(sealed.registry())).trigger_names[0]
    table = next(iter(sealed.registry())).table
    on = f" ON {table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}{on}")

    try:
        assert [error.id for error in check_seals(databases=["default"])] == ["backoffice.E007"]
        with pytest.raises(ImproperlyConfigured, match="migrate"):
            sealed.require_installed()
    finally:
        sealed.install()
    assert sealed.missing() == []
