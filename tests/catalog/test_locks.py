"""Locks are taken in one file and one order."""

from pathlib import Path

import pytest
from django.db import transaction

import catalog
from catalog.services import default_location, locks
from tests.catalog.factories import LocationFactory, ProductFactory, put_on_shelf

ROOT = Path(catalog.__file__).parent


def test_no_other_file_of_the_catalogue_locks():
    asked = {
        path.relative_to(ROOT)
        for path in ROOT.rglob("*.py")
        if "select_for_update" in path.read_text() or "advisory" in path.read_text()
    }

    assert asked == {Path("services/locks.py")}


@pytest.mark.django_db
def test_locked_levels_makes_what_is_missing_and_returns_every_pair():
    mug, bowl = ProductFactory(), ProductFactory()
    shed = LocationFactory()
    put_on_shelf(mug, 2, shed)

    with transaction.atomic():
        levels = locks.locked_levels([(bowl.pk, shed.pk), (mug.pk, shed.pk)])

    assert {pair: level.on_hand for pair, level in levels.items()} == {
        (mug.pk, shed.pk): 2,
        (bowl.pk, shed.pk): 0,
    }
    assert all(level.pk for level in levels.values())


@pytest.mark.postgres
@pytest.mark.django_db
def test_rows_are_asked_for_in_order(django_assert_num_queries):
    mugs = ProductFactory.create_batch(3, stock=1)
    place = default_location().pk

    with transaction.atomic(), django_assert_num_queries(2) as queries:
        locks.locked_products(mug.pk for mug in reversed(mugs))
        locks.levels_for_update((mug.pk for mug in reversed(mugs)), [place])

    products, levels = (query["sql"] for query in queries.captured_queries)
    assert 'ORDER BY "catalog_product"."id" ASC FOR NO KEY UPDATE' in products
    assert (
        'ORDER BY "catalog_stocklevel"."product_id" ASC, "catalog_stocklevel"."location_id" ASC '
        "FOR UPDATE" in levels
    )
