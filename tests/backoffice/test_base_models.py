"""What every model may stand on: moments, a public id, a soft end, a save that is checked."""

from __future__ import annotations

import logging

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models import ProtectedError
from django.test.utils import isolate_apps

from backoffice.checks import our_models
from backoffice.models.base import ArchivableModel, TimestampedModel, UUIDModel
from catalog.models import Tag

pytestmark = [pytest.mark.django_db, pytest.mark.row("G2")]


@pytest.fixture
def shelf():
    """A row of a soft-deleting model of this test's own, and the model of what lies on it."""
    with isolate_apps("django.contrib.humanize"):

        class Shelf(ArchivableModel):
            class Meta:
                app_label = "humanize"

        class Jar(models.Model):  # noqa: DJ008
            shelf = models.ForeignKey(Shelf, models.PROTECT, related_name="jars")

            class Meta:
                app_label = "humanize"

        moment = "timestamptz" if connection.vendor == "postgresql" else "datetime"
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE TABLE humanize_shelf (id integer PRIMARY KEY, archived_at {moment})"
            )
            cursor.execute("CREATE TABLE humanize_jar (id integer PRIMARY KEY, shelf_id integer)")
        yield Shelf.objects.create(pk=1), Jar


def test_moments_are_indexed_and_public_ids_unique():
    for model in our_models():
        if issubclass(model, TimestampedModel):
            assert model._meta.get_field("created_at").db_index, model
            assert model._meta.get_field("updated_at").db_index, model
        if issubclass(model, UUIDModel):
            assert model._meta.get_field("uuid").unique, model


def test_deleting_archives_and_restoring_brings_back(shelf):
    row, _jar = shelf

    assert row.delete() == (0, {})
    was_archived = type(row).objects.get().is_archived
    type(row).objects.get().restore()

    assert was_archived
    assert not type(row).objects.get().is_archived


def test_only_what_nothing_refers_to_is_deleted_for_good(shelf):
    row, jar = shelf
    jar.objects.create(pk=1, shelf=row)

    with pytest.raises(ProtectedError):
        row.hard_delete()
    jar.objects.all().delete()
    row.hard_delete()

    assert not type(row).objects.exists()


def test_validate_and_save_saves_what_is_valid_and_says_so(caplog):
    with caplog.at_level(logging.INFO, logger="backoffice"):
        tag = Tag(name="Summer", slug="summer").validate_and_save()

    assert Tag.objects.filter(pk=tag.pk).exists()
    assert caplog.records[-1].getMessage() == f"Tag {tag.pk} was saved"


def test_validate_and_save_saves_nothing_invalid_and_says_why(caplog):
    with (
        caplog.at_level(logging.WARNING, logger="backoffice"),
        pytest.raises(ValidationError),
    ):
        Tag(name="", slug="no spaces here").validate_and_save()

    assert not Tag.objects.exists()
    assert "was not saved" in caplog.records[-1].getMessage()
