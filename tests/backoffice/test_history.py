"""Every write leaves its history row; the ways around it are closed."""

import pytest
from django.core import serializers
from django.db import IntegrityError, transaction

from backoffice import history
from backoffice.changes import UnauditedWrite
from backoffice.models import User
from catalog.models import Product, Tag
from tests.forging import past_the_guard


@pytest.fixture
def tag(db) -> Tag:
    tag = Tag(name="oak", slug="oak")
    tag.save()
    return tag


def test_a_save_leaves_one_row_with_the_change_set(tag):
    tag.name = "Oak"
    tag.save()

    assert [(row.history_type, row.name) for row in Tag.history.order_by("history_id")] == [
        ("+", "oak"),
        ("~", "Oak"),
    ]
    assert all(row.change_set_id for row in Tag.history.all())


def test_a_save_that_changes_nothing_is_left_alone(tag):
    before = Tag.objects.values_list("updated_at", flat=True).get()

    tag.save()

    assert Tag.history.count() == 1
    assert Tag.objects.values_list("updated_at", flat=True).get() == before


def test_update_fields_that_would_record_other_values_are_refused(tag):
    tag.name, tag.slug = "Oak", "oak-2"

    with pytest.raises(UnauditedWrite, match="slug"):
        tag.save(update_fields=["name"])


@pytest.mark.parametrize(
    "write",
    [
        lambda: Tag.objects.update(name="x"),
        lambda: Tag.objects.filter(name="oak").update(name="x"),
        lambda: Tag._base_manager.update(name="x"),
        lambda: Tag.objects.bulk_create([Tag(name="x", slug="x")]),
        lambda: Tag.objects.bulk_update([Tag.objects.get()], ["name"]),
        lambda: Tag.objects.all()._raw_delete("default"),
    ],
    ids=["update", "filtered update", "base manager", "bulk_create", "bulk_update", "raw delete"],
)
def test_a_silent_bulk_write_is_refused(tag, write):
    with pytest.raises(UnauditedWrite):
        write()

    assert Tag.objects.get().name == "oak"


def test_loaddata_of_an_audited_model_is_refused(tag):
    dump = serializers.serialize("json", [tag])

    for loaded in serializers.deserialize("json", dump):
        with pytest.raises(UnauditedWrite, match="loaddata"):
            loaded.save()


def test_update_or_create_and_delete_keep_working(tag):
    Tag.objects.update_or_create(slug="oak", defaults={"name": "Oak"})
    Tag.objects.all().delete()

    assert list(Tag.history.order_by("history_id").values_list("history_type", flat=True)) == [
        "+",
        "~",
        "-",
    ]


def test_insert_rows_and_update_rows_write_one_row_each(tag, django_assert_max_num_queries):
    tags = history.insert_rows([Tag(name=f"t{n}", slug=f"t{n}") for n in range(20)])
    for row in tags[:10]:
        row.name = row.name.upper()

    with django_assert_max_num_queries(6):
        written = history.update_rows([tag, *tags])

    assert len(written) == 10
    assert Tag.history.filter(history_type="~").count() == 10
    assert Tag.history.filter(name="T3", history_type="~").count() == 1


def test_history_rows_cannot_be_changed_or_deleted(tag):
    for write in (
        lambda: Tag.history.update(name="forged"),
        lambda: Tag.history.all().delete(),
    ):
        with (
            pytest.raises(IntegrityError, match="append-only"),
            transaction.atomic(),
            past_the_guard(),
        ):
            write()

    assert Tag.history.get().name == "oak"


def test_history_has_no_foreign_key_to_users_and_lean_indexes():
    model = Product.history.model

    assert model._meta.get_field("history_user_id").remote_field is None
    copied = [
        f
        for f in model._meta.concrete_fields
        if f.name in {c.name for c in Product._meta.concrete_fields}
    ]
    assert not [f.name for f in copied if f.db_index and not f.remote_field]
    assert not model._meta.get_field("change_set").db_index
    assert {index.name.rpartition("_h_")[2] for index in model._meta.indexes} == {
        "object",
        "date",
        "user",
        "set",
        "gone",
    }
    assert model._meta.pk.get_internal_type() == "BigAutoField"


def test_the_history_of_a_user_shows_no_personal_data(support):
    support.first_name, support.is_active = "Somebody", False
    support.save()

    columns = {f.name for f in User.history.model._meta.concrete_fields}
    assert not columns & {"email", "first_name", "last_name", "password"}
    assert User.history.filter(id=support.pk).first().is_active is False
