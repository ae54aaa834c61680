"""No statement passes the writers of the record, however it is spelled."""

from __future__ import annotations

import pytest
from django.db import connection, models

from backoffice import history, sql_guard
from backoffice.changes import UnauditedWrite
from backoffice.models import AuditEvent, User
from backoffice.sql_targets import Target, targets
from catalog.models import Tag

pytestmark = pytest.mark.row("A3")

WRITES = [
    ("UPDATE catalog_tag SET name = 'x'", "UPDATE"),
    ("update   catalog_tag\nset name = 'x'", "UPDATE"),
    ('UPDATE "catalog_tag" SET name = 1', "UPDATE"),
    ('UPDATE public.catalog_tag AS t SET name = "x"', "UPDATE"),
    ('UPDATE "public" . "catalog_tag" SET x = 1', "UPDATE"),
    ("UPDATE ONLY catalog_tag SET x = 1", "UPDATE"),
    ("UPDATE OR IGNORE catalog_tag SET x = 1", "UPDATE"),
    ("UPDATE main.CATALOG_TAG SET x = 1", "UPDATE"),
    ("UPDATE [catalog_tag] SET x = 1", "UPDATE"),
    ("UPDATE `catalog_tag` SET x = 1", "UPDATE"),
    ("/* harmless */ UpDaTe/**/catalog_tag/* SELECT */SET x = 1", "UPDATE"),
    ("/* one /* in */ another */ DELETE -- all of\n FROM -- the\n catalog_tag", "DELETE"),
    ("DELETE FROM ONLY catalog_tag", "DELETE"),
    ("SELECT 'it''s'; DELETE FROM catalog_tag", "DELETE"),
    ("WITH gone AS (DELETE FROM catalog_tag RETURNING *) SELECT * FROM gone", "DELETE"),
    ("WITH a AS (SELECT 1), b AS (UPDATE catalog_tag SET x = 1 RETURNING id) SELECT 1", "UPDATE"),
    ("INSERT INTO catalog_tag (name) VALUES ('x')", "INSERT"),
    ("INSERT OR REPLACE INTO catalog_tag SELECT 1", "INSERT"),
    ("REPLACE INTO catalog_tag SELECT 1", "INSERT"),
    ("WITH s AS (SELECT 1) INSERT INTO catalog_tag SELECT * FROM s", "INSERT"),
    ("TRUNCATE catalog_tag", "TRUNCATE"),
    ("TRUNCATE TABLE ONLY orders_presence, public.catalog_tag CASCADE", "TRUNCATE"),
    ("MERGE INTO catalog_tag USING s ON true WHEN MATCHED THEN DELETE", "MERGE"),
    ("COPY catalog_tag (id, name) FROM STDIN", "INSERT"),
    ("DO $$ BEGIN DELETE FROM catalog_tag; END $$", "DELETE"),
    ("DO $x$ BEGIN EXECUTE 'DELETE FROM catalog_tag'; END $x$", "DELETE"),
]

HARMLESS = [
    "SELECT * FROM catalog_tag FOR UPDATE",
    'SELECT * FROM catalog_tag FOR NO KEY UPDATE OF "catalog_tag" SKIP LOCKED',
    "SELECT 'DELETE FROM catalog_tag'",
    "SELECT 1 -- ; DELETE FROM catalog_tag",
    "SELECT 1 /* DELETE FROM catalog_tag */",
    "SELECT $$DELETE FROM catalog_tag$$",
    "SELECT replace(name, 'a', 'b') FROM catalog_tag",
    "CREATE TRIGGER t BEFORE UPDATE ON catalog_tag FOR EACH ROW EXECUTE FUNCTION f()",
    "CREATE TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON catalog_tag EXECUTE FUNCTION f()",
    "ALTER TABLE x ADD FOREIGN KEY (y) REFERENCES catalog_tag ON DELETE CASCADE ON UPDATE CASCADE",
    "COPY catalog_tag TO STDOUT",
    "GRANT INSERT, UPDATE ON catalog_tag TO somebody",
    "TRUNCATE catalog_tag_of_another_name",
]


@pytest.mark.parametrize(("sql", "verb"), WRITES)
def test_a_write_is_recognised_however_it_is_spelled(sql, verb):
    assert Target(verb, "catalog_tag") in targets(sql)


@pytest.mark.parametrize("sql", HARMLESS)
def test_what_writes_nothing_is_left_alone(sql):
    assert "catalog_tag" not in {target.table for target in targets(sql)}


def test_an_upsert_writes_to_one_table():
    sql = "INSERT INTO other (x) SELECT x FROM catalog_tag ON CONFLICT (x) DO UPDATE SET x = 1"

    assert targets(sql) == {Target("INSERT", "other")}


@pytest.mark.django_db
@pytest.mark.parametrize("sql", [sql for sql, _verb in WRITES])
def test_a_raw_write_to_an_audited_table_is_refused_with_a_sentence(sql):
    with (
        connection.cursor() as cursor,
        pytest.raises(UnauditedWrite, match="catalog_tag would leave no history; use a service"),
    ):
        cursor.execute(sql.replace("%", "%%"), [])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "write",
    [
        lambda: models.QuerySet(Tag).update(name="x"),
        lambda: models.QuerySet(Tag)._raw_delete("default"),
        lambda: models.QuerySet(Tag).bulk_create([Tag(name="x", slug="x")]),
        lambda: models.Manager.from_queryset(models.QuerySet)._queryset_class(Tag).update(name="x"),
        lambda: connection.cursor().executemany("DELETE FROM catalog_tag WHERE id = %s", [[1]]),
        lambda: list(Tag.objects.raw("DELETE FROM catalog_tag RETURNING id")),
    ],
    ids=["update", "raw delete", "bulk_create", "another class", "executemany", "raw"],
)
def test_other_ways_around_the_guarded_queryset_are_refused(write):
    with pytest.raises(UnauditedWrite):
        write()


@pytest.mark.django_db
@pytest.mark.parametrize("sql", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("table", ["backoffice_auditevent", "catalog_historicaltag"])
def test_what_is_append_only_is_refused_before_the_database_is_asked(sql, table):
    with connection.cursor() as cursor, pytest.raises(UnauditedWrite, match="never changed"):
        cursor.execute(sql.format(table))


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["backoffice_auditevent", "orders_payment"])
def test_a_raw_insert_into_the_record_is_a_forgery(table):
    with connection.cursor() as cursor, pytest.raises(UnauditedWrite, match="forge"):
        cursor.execute(f"INSERT INTO {table} SELECT * FROM {table}")


@pytest.mark.django_db
def test_a_history_row_is_written_by_nobody_but_history():
    tag = Tag(name="oak", slug="oak")
    tag.save()
    row = Tag.history.get()
    row.pk = None

    with pytest.raises(UnauditedWrite, match="forge"):
        row.save()


@pytest.mark.django_db
def test_services_events_and_deletes_pass():
    tag = Tag(name="oak", slug="oak")
    tag.save()
    history.insert_rows([Tag(name="elm", slug="elm")])
    Tag.objects.filter(name="elm").delete()
    AuditEvent.record("noted", subject=tag)
    tag.delete()

    assert Tag.history.count() == 4


def test_every_connection_is_watched_here_and_none_in_production(settings):
    assert sql_guard.guard in connection.execute_wrappers or connection.connection is None
    from config.settings import base

    assert settings.GUARD_SQL_WRITES is True
    assert base.GUARD_SQL_WRITES is False


@pytest.mark.django_db
def test_a_new_user_is_written_by_the_orm(support):
    assert User.history.filter(id=support.pk).exists()
