"""Writing many audited rows from a query: each leaves one history row, in the open change set."""

from __future__ import annotations

import pytest

from backoffice import changes, set_writes
from backoffice.changes import UnauditedWrite
from backoffice.imports import sql
from catalog.models import Tag
from tests.catalog.factories import TagFactory
from tests.orders.factories import boss

pytestmark = pytest.mark.django_db


@pytest.fixture
def a_change():
    with changes.change(separate=True, action="tests.set_writes", by=boss()) as change:
        yield change


def values(rows):
    return ", ".join(f"({number}, {sql.literal(text)})" for number, text in rows)


def insert(rows):
    return set_writes.insert_from(
        Tag,
        {
            "id": "x.column1", "name": "x.column2", "slug": "x.column2",
            "created_at": sql.moment(changes.moment()), "updated_at": sql.moment(changes.moment()),
        },
        f"FROM (VALUES {values(rows)}) x",
        step="'made'",
    )  # fmt: skip


def test_inserted_rows_have_one_history_row_each(a_change):
    assert insert([(901, "red"), (902, "blue")]) == 2

    assert list(Tag.objects.filter(pk__gt=900).order_by("pk").values_list("name", flat=True)) == [
        "red",
        "blue",
    ]
    rows = Tag.history.filter(id__gt=900)
    assert {(row.history_type, row.step, row.change_set_id) for row in rows} == {
        ("+", "made", a_change.row().pk)
    }
    assert rows.count() == 2


def test_updated_rows_record_what_stands_in_the_table_afterwards(a_change):
    tag, other = TagFactory(name="red"), TagFactory(name="blue")

    written = set_writes.update_from(
        Tag, ["name"], f"SELECT t.id AS id, 'crimson' AS name FROM {sql.table(Tag)} t WHERE t.id = %s",
        [tag.pk],
    )  # fmt: skip

    assert written == 1
    tag.refresh_from_db()
    assert tag.name == "crimson"
    last = tag.history.latest("history_id")
    assert (last.name, last.history_type) == ("crimson", "~")
    assert other.history.count() == 1


def test_deleted_rows_leave_a_history_row(a_change):
    tag = TagFactory(name="red")

    set_writes.delete_from(Tag, f"SELECT id FROM {sql.table(Tag)} WHERE id = %s", [tag.pk])

    assert not Tag.objects.filter(pk=tag.pk).exists()
    assert Tag.history.filter(id=tag.pk).latest("history_id").history_type == "-"


def test_nothing_is_written_without_a_change():
    token = changes._open.set(None)
    try:
        with pytest.raises(UnauditedWrite):
            insert([(903, "green")])
    finally:
        changes._open.reset(token)
    assert not Tag.objects.filter(pk=903).exists()
