"""Two database roles: what the application's may not do to the record, PostgreSQL refuses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, transaction

from backoffice import changes, history, sealed, seals
from backoffice.models import AuditEvent, Origin
from backoffice.refused import BadValue
from backoffice.seals.refusals import NotTheOwner
from catalog.models import Tag
from tests.backoffice.seals.conftest import note
from tests.forging import past_the_guard

pytestmark = pytest.mark.django_db
OWNER, APPLICATION = "record_test_owner", "record_test_app"


def execute(sql: str) -> None:
    with past_the_guard(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def as_application() -> Iterator[None]:
    """Work as the application's role; roles and rights go with the test's transaction."""
    for statement in seals.grants_sql(owner=OWNER, application=APPLICATION):
        execute(statement)
    execute(f"SET ROLE {APPLICATION}")
    yield
    execute("RESET ROLE")


def denied(sql: str) -> str:
    """Return why PostgreSQL refused a statement; fail when it did not."""
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        execute(sql)
    return str(caught.value)


@pytest.mark.postgres
def test_the_application_may_not_touch_a_sealed_table(as_application):
    note()

    for entry in sealed.registry():
        column = connection.ops.quote_name(entry.frozen_columns[-1])
        table = connection.ops.quote_name(entry.table)
        trigger = connection.ops.quote_name(entry.trigger_names[0])
        for sql in (
            f"UPDATE {table} SET {column} = {column}",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        ):
            assert "permission denied" in denied(sql), sql
        for sql in (
            f"ALTER TABLE {table} DISABLE TRIGGER USER",
            f"ALTER TABLE {table} DISABLE TRIGGER {trigger}",
            f"DROP TRIGGER {trigger} ON {table}",
            f"ALTER TABLE {table} ADD COLUMN forged int",
            f"DROP TABLE {table} CASCADE",
        ):
            assert "must be owner" in denied(sql), sql
    assert "permission denied" in denied("SET session_replication_role = replica")
    for function in ("sealed_refuse", "sealed_gate"):
        sql = f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"
        assert "must be owner" in denied(sql) or "permission denied" in denied(sql)
    assert "permission denied" in denied(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'x', now())"
    )


@pytest.mark.postgres
def test_the_application_works_seals_and_verifies(as_application):
    tag = Tag(name="oak", slug="oak")
    tag.save()
    tag.name = "elm"
    tag.save()
    with changes.change(separate=True):
        event = AuditEvent.record("noted")
    seals.seal_record()
    event.change_set.origin.erase()

    assert seals.examine().is_whole
    assert seals.reconcile_record().is_whole
    assert Origin.objects.get(pk=event.change_set.origin_id).erased_at is not None
    history.delete_rows([tag])
    assert not Tag.objects.exists()


@pytest.mark.postgres
def test_only_the_owner_may_lift_the_protection(as_application):
    note()

    with pytest.raises(NotTheOwner), history.lifted("to see whether it can be done"):
        raise AssertionError("never reached")

    assert sealed.missing() == []


@pytest.mark.postgres
def test_the_grants_can_be_given_twice(as_application):
    execute("RESET ROLE")
    for statement in seals.grants_sql(owner=OWNER, application=APPLICATION):
        execute(statement)
    assert sealed.missing() == []


def test_grants_refuse_what_is_no_name_of_a_role():
    with pytest.raises(BadValue):
        seals.grants_sql(owner='x"; DROP TABLE y', application=APPLICATION)


def test_every_sealed_table_is_in_the_grants():
    text = "\n".join(seals.grants_sql())

    for entry in sealed.registry():
        assert f'GRANT SELECT, INSERT ON TABLE "{entry.table}"' in text
        assert f'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE "{entry.table}"' not in text
