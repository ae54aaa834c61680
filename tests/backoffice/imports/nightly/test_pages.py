"""Where people let a recipe run by night, and where they read what waits for them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from backoffice.admin.import_cards import waiting_for
from backoffice.imports import own_recipes
from backoffice.imports.nightly import Nightly, load_newest, nightly_of, set_nightly
from backoffice.models import ImportRun
from tests.sheets import csv_of, preview

ANSWERS = {
    "source": "acme/*.csv",
    "hour": "4",
    "most_falling_percent": "30",
    "most_vanishing": "0",
    "policy": "good_rows",
    "row_version": "1",
    "idempotency_key": "k1",
}


@pytest.fixture
def recipe(merchandiser):
    return own_recipes.save_recipe(
        sheet="products",
        name="Acme",
        content={"choices": {"mapping": {"Artikel": "sku", "VK": "price"}}},
        by=merchandiser,
        reason="",
    )


def act(recipe, name):
    return reverse("admin:backoffice_importrecipe_act", args=[recipe.pk, name])


def shown(client, recipe):
    return client.get(reverse("admin:backoffice_importrecipe_change", args=[recipe.pk])).text


def test_the_owner_lets_a_recipe_run_by_night_and_stops_it(sign_in, merchandiser, recipe):
    desk = sign_in(merchandiser)
    assert "acme/prices-*.csv" in desk.get(act(recipe, "nightly")).text

    desk.post(act(recipe, "nightly"), ANSWERS)

    recipe.refresh_from_db()
    assert nightly_of(recipe) == Nightly(
        source="acme/*.csv", hour=4, most_falling_percent=30, most_vanishing=0, policy="good_rows"
    )
    assert "acme/*.csv, from 4:00 on" in shown(desk, recipe)

    desk.post(act(recipe, "no_nightly"), {"row_version": "2", "idempotency_key": "k2"})

    recipe.refresh_from_db()
    assert nightly_of(recipe) is None
    assert "Runs by night" not in shown(desk, recipe)


def test_a_path_outside_the_folder_is_said_to_be_wrong(sign_in, merchandiser, recipe):
    desk = sign_in(merchandiser)

    answer = desk.post(act(recipe, "nightly"), {**ANSWERS, "source": "../x.csv"})

    recipe.refresh_from_db()
    assert nightly_of(recipe) is None
    assert "below the drop folder" in answer.text


def test_a_colleague_cannot_let_it_run_in_the_owners_name(sign_in, manager, recipe):
    answer = sign_in(manager).post(act(recipe, "nightly"), ANSWERS)

    recipe.refresh_from_db()
    assert nightly_of(recipe) is None
    assert "It would act in their name" in answer.text


def test_runs_that_wait_are_on_their_owners_home_page(sign_in, merchandiser, manager):
    run = preview(csv_of(["sku", "name"], ["A", "A"]), by=merchandiser, name="a.csv")
    ImportRun.objects.filter(pk=run.pk).update(outcome="3 of 3 prices fall.")

    home = sign_in(merchandiser).get(reverse("admin:index")).text

    assert "Imports that wait for you" in home
    assert "3 of 3 prices fall." in home
    assert [row.title for row in waiting_for(merchandiser)] == ["a.csv"]
    assert waiting_for(manager) == []


def test_what_no_night_could_load_is_told_to_all_who_load_such_sheets(
    settings, tmp_path, merchandiser, manager, support, recipe
):
    settings.IMPORT_DROP_DIR = str(tmp_path)
    (tmp_path / "prices.csv").write_bytes(b"")
    set_nightly(recipe_id=recipe.pk, nightly=Nightly(source="*.csv"), by=merchandiser, reason="")
    recipe.refresh_from_db()
    load_newest(recipe, now=timezone.now() + timedelta(hours=1))

    for person in (merchandiser, manager):
        (row,) = waiting_for(person)
        assert (row.title, str(row.badge)) == ("prices.csv", "Nothing applied")
        assert row.detail.startswith("The file is empty.")
    assert waiting_for(support) == []


def test_runs_that_ended_wait_for_nobody(merchandiser):
    run = preview(csv_of(["sku", "name"], ["A", "A"]), by=merchandiser)
    ImportRun.objects.filter(pk=run.pk).update(expires_at=timezone.now())

    assert waiting_for(merchandiser) == []
