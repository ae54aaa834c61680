"""A shop with ten cups, and a recipe for the list that Acme sends."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from backoffice.imports import own_recipes
from backoffice.imports.choices import Choices
from backoffice.imports.nightly import (
    set_nightly,
)
from tests.backoffice.imports.nightly.acme import (
    NIGHT,
    SKUS,
)
from tests.catalog.factories import ProductFactory


@pytest.fixture(autouse=True)
def drop(settings, tmp_path):
    """The folder that Acme's uploads fall into."""
    settings.IMPORT_DROP_DIR = str(tmp_path)
    (tmp_path / "acme").mkdir()
    return tmp_path / "acme"


@pytest.fixture
def acme(merchandiser):
    """Acme's price list as the merchandiser assigned it, run by night."""
    choices = Choices(mapping={"Art-Nr": "sku", "VK": "price"}, supplier="Acme")
    recipe = own_recipes.save_recipe(
        sheet="products",
        name="Acme",
        content={"choices": choices.as_json(), "mode": "update", "policy": "good_rows"},
        by=merchandiser,
        reason="Every Monday",
    )
    return set_nightly(recipe_id=recipe.pk, nightly=NIGHT, by=merchandiser, reason="By night")


@pytest.fixture
def cups(db):
    return [ProductFactory(sku=sku, price="20.00") for sku in SKUS]


@pytest.fixture
def arrives(drop):
    """A file is uploaded; it lies there for a while before anybody looks."""

    def arrives(content, name="prices-1.csv", minutes_ago=10):
        path = drop / name
        path.write_bytes(content)
        at = (timezone.now() - timedelta(minutes=minutes_ago)).timestamp()
        os.utime(path, (at, at))
        return path

    return arrives
