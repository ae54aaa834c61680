"""Reconciling: live rows against their last history row."""

from __future__ import annotations

import pytest
from django.db import connection

from backoffice import history, seals
from backoffice.seals.reconcile import audited_models
from catalog.models import Product, Tag
from tests.backoffice.seals.conftest import unprotected
from tests.forging import past_the_guard

pytestmark = pytest.mark.django_db


@pytest.fixture
def tag() -> Tag:
    tag = Tag(name="oak", slug="oak")
    tag.save()
    return tag


def differences() -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [
        (d.kind, d.model, d.key, tuple(d.columns)) for d in seals.reconcile_record().differences
    ]


def forge(sql: str, *parameters: object) -> None:
    with past_the_guard(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def test_what_services_write_reconciles(everything):
    found = seals.reconcile_record()

    assert found.is_whole
    assert found.models == len(audited_models()) > 15
    assert found.rows > 30


def test_a_forged_column_is_named(tag):
    forge("UPDATE catalog_tag SET name = 'elm' WHERE id = %s", tag.pk)

    assert differences() == [("differs", "catalog.Tag", str(tag.pk), ("name",))]
    assert "name" in seals.reconcile_record().sentence()


def test_nothing_is_told_from_blank(everything):
    product = Product.objects.first()
    forge("UPDATE catalog_product SET cost = NULL, weight_grams = 0 WHERE id = %s", product.pk)

    ((kind, _model, _key, columns),) = differences()
    assert (kind, set(columns) - {"cost"}) == ("differs", {"weight_grams"})


def test_a_row_without_history_is_found(tag):
    forge(
        "INSERT INTO catalog_tag (name, slug, created_at, updated_at) VALUES ('ash', 'ash', '2026-01-01', '2026-01-01')"
    )

    ((kind, model, key, _columns),) = differences()
    assert (kind, model, key) == ("no_history", "catalog.Tag", str(Tag.objects.get(name="ash").pk))


def test_a_row_that_went_without_a_word_is_found(tag):
    pk = tag.pk
    forge("DELETE FROM catalog_tag WHERE id = %s", pk)

    assert differences() == [("no_row", "catalog.Tag", str(pk), ())]


def test_a_deleted_row_reconciles_and_its_ghost_does_not(tag):
    pk = tag.pk
    history.delete_rows([tag])
    assert seals.reconcile_record().is_whole

    forge(
        "INSERT INTO catalog_tag (id, name, slug, created_at, updated_at)"
        " VALUES (%s, 'oak', 'oak', '2026-01-01', '2026-01-01')",
        pk,
    )

    assert differences() == [("extra_history", "catalog.Tag", str(pk), ())]


def test_a_history_row_that_was_taken_away_is_found(tag):
    with unprotected() as sql:
        sql("DELETE FROM catalog_historicaltag WHERE id = %s", tag.pk)

    assert differences() == [("no_history", "catalog.Tag", str(tag.pk), ())]


def test_json_is_compared_by_value(everything):
    product = Product.objects.exclude(options={}).first() or Product.objects.first()
    text = '{ "a":1,   "b": [2] }'
    forge("UPDATE catalog_product SET options = %s WHERE id = %s", text, product.pk)
    with unprotected() as sql:
        sql(
            "UPDATE catalog_historicalproduct SET options = %s WHERE id = %s",
            '{"b": [2], "a": 1}',
            product.pk,
        )

    assert differences() == []


def test_statements_do_not_grow_with_rows(django_assert_num_queries, tag):
    facts = [m for m in audited_models() if hasattr(m, "change_set")]
    statements = 4 * len(audited_models()) + len(facts)
    with django_assert_num_queries(statements):
        seals.reconcile_record()
    history.insert_rows([Tag(name=f"t{n}", slug=f"t{n}") for n in range(50)])

    with django_assert_num_queries(statements):
        assert seals.reconcile_record().is_whole
