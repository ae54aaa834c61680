"""Recipes that run by night: the newest file, in the owner's name, unless a threshold stops it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from backoffice.imports import apply_run, drop_folder, own_recipes, undo_run
from backoffice.imports.choices import Choices
from backoffice.imports.nightly import (
    KIND,
    Nightly,
    load_newest,
    name_of,
    nightly_of,
    set_nightly,
    start_due,
    stop_nightly,
)
from backoffice.jobs.housekeeping import nightly_imports
from backoffice.models import Approval, ApprovalRule, ImportRecipe, ImportRun, Job
from backoffice.refused import BadValue, NotAllowed
from catalog.models import Product
from tests.catalog.factories import ProductFactory
from tests.sheets import csv_of

HEADER = ["Art-Nr", "VK"]
NIGHT = Nightly(source="acme/prices-*.csv", hour=2, why="Acme's list")
SKUS = [f"A-{number}" for number in range(10)]


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


def listing(prices):
    return csv_of(HEADER, *([sku, price] for sku, price in prices.items()))


def rising(count=10, price="21.00"):
    return listing(dict.fromkeys(SKUS[:count], price))


def night(recipe):
    return load_newest(recipe, now=timezone.now())


def prices():
    return {str(price) for price in Product.objects.values_list("price", flat=True)}


# --- What comes of a file -------------------------------------------------------------------------


def test_a_new_file_is_applied_in_the_owners_name(acme, cups, arrives, merchandiser):
    arrives(rising())

    run = night(acme)

    assert (run.state, run.changed, run.owner) == ("applied", 10, merchandiser)
    assert (run.recipe, run.mode, run.policy) == (name_of(acme), "update", "good_rows")
    assert run.change_set.note == "Acme's list"
    assert run.change_set.actor == merchandiser
    assert prices() == {"21.00"}


def test_the_newest_file_counts(acme, cups, arrives):
    arrives(rising(price="21.00"), "prices-2.csv", minutes_ago=50)
    arrives(rising(price="22.00"), "prices-1.csv", minutes_ago=5)

    night(acme)

    assert prices() == {"22.00"}


def test_a_file_that_is_still_being_written_waits(acme, cups, arrives):
    arrives(rising(), minutes_ago=0)

    assert night(acme) is None


def test_the_same_file_is_not_loaded_twice_whatever_its_name(acme, cups, arrives):
    arrives(rising())
    night(acme)
    arrives(rising(), "prices-2.csv", minutes_ago=5)

    assert night(acme) is None
    assert ImportRun.objects.count() == 1


def test_a_file_that_changes_nothing_is_applied_and_done_with(acme, cups, arrives):
    arrives(rising(price="20.00"))

    run = night(acme)

    assert (run.state, run.unchanged) == ("applied", 10)


def test_refused_rows_are_left_out_or_stop_it_as_the_policy_says(acme, cups, arrives, merchandiser):
    arrives(listing({"A-0": "21.00", "NEW": "1.00"}))
    run = night(acme)
    strict = replace(NIGHT, policy="all_or_nothing")
    set_nightly(recipe_id=acme.pk, nightly=strict, by=merchandiser, reason="")
    acme.refresh_from_db()
    arrives(listing({"A-0": "22.00", "NEW": "1.00"}), minutes_ago=5)

    waiting = night(acme)

    assert (run.state, run.changed, run.refused) == ("applied", 1, 1)
    assert waiting.state == "validated"
    assert waiting.outcome.startswith("Nothing was applied: 1 of 2 rows are refused.")


# --- Thresholds -----------------------------------------------------------------------------------


def falling(count):
    return listing({sku: "19.00" if at < count else "21.00" for at, sku in enumerate(SKUS)})


def test_as_many_prices_may_fall_as_the_threshold_says(acme, cups, arrives):
    arrives(falling(2))

    assert night(acme).state == "applied"


def test_one_price_more_that_falls_leaves_the_run_waiting(acme, cups, arrives):
    arrives(falling(3))

    run = night(acme)

    assert run.state == "validated"
    assert run.outcome.startswith("3 of 10 prices fall: 30 %, and at most 20 % may.")
    assert prices() == {"20.00"}


def test_new_rows_count_for_no_price_that_stands_beside_another(acme, cups, arrives, merchandiser):
    arrives(listing({"A-0": "19.00", **{f"NEW-{number}": "1.00" for number in range(9)}}))

    run = night(acme)

    assert run.outcome.startswith("1 of 1 prices fall: 100 %")


def test_what_waits_is_applied_by_its_owner(acme, cups, arrives, merchandiser):
    arrives(falling(10))
    run = night(acme)

    assert run.expires_at > timezone.now() + timedelta(hours=72)
    apply_run(uuid=run.uuid, by=merchandiser, reason="A sale")

    assert prices() == {"19.00"}


@pytest.mark.parametrize(("most", "state"), [(4, "applied"), (3, "validated")])
def test_rows_that_vanish_since_the_last_applied_run_are_counted(
    acme, cups, arrives, merchandiser, most, state
):
    fewer = replace(NIGHT, most_vanishing=most)
    set_nightly(recipe_id=acme.pk, nightly=fewer, by=merchandiser, reason="")
    acme.refresh_from_db()
    arrives(rising())
    night(acme)
    arrives(rising(count=6, price="22.00"), minutes_ago=5)

    run = night(acme)

    assert run.state == state
    if state == "validated":
        assert run.outcome.startswith("4 rows of the last file are missing in this one")


def test_a_run_that_was_taken_back_is_no_measure(acme, cups, arrives, merchandiser):
    none = replace(NIGHT, most_vanishing=0)
    set_nightly(recipe_id=acme.pk, nightly=none, by=merchandiser, reason="")
    acme.refresh_from_db()
    arrives(rising())
    undo = undo_run(uuid=night(acme).uuid, by=merchandiser)
    apply_run(uuid=undo.uuid, by=merchandiser, reason="")
    arrives(rising(count=6), minutes_ago=5)

    assert night(acme).state == "applied"


def test_the_four_eyes_rule_holds_by_night(acme, cups, arrives, manager):
    ApprovalRule.objects.filter(action="backoffice.import_rows").delete()
    ApprovalRule(action="backoffice.import_rows", above=5).save()
    arrives(rising())

    run = night(acme)

    assert run.state == "asked"
    assert Approval.objects.about(run).count() == 1
    assert prices() == {"20.00"}


# --- What cannot be loaded ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04 not a workbook", ""),
        (csv_of(["Other", "Columns"], ["a", "b"]), "no column"),
    ],
)
def test_a_broken_file_leaves_a_run_that_says_so_once(acme, cups, arrives, content, words):
    arrives(content)

    run = night(acme)

    assert run.state == "refused"
    assert words in run.outcome
    assert run.outcome
    assert run.stored_as == ""
    assert night(acme) is None


def test_an_owner_who_lost_the_role_loads_nothing_and_the_file_stays_new(
    acme, cups, arrives, merchandiser
):
    groups = list(merchandiser.groups.all())
    merchandiser.groups.clear()
    arrives(rising())

    first = night(ImportRecipe.objects.get())
    second = night(ImportRecipe.objects.get())

    assert (first.state, first.sha256) == ("refused", "")
    assert "import products" in first.outcome
    assert second == first
    assert prices() == {"20.00"}
    merchandiser.groups.set(groups)
    assert night(ImportRecipe.objects.get()).state == "applied"


def test_an_owner_who_left_loads_nothing(acme, cups, arrives, merchandiser):
    merchandiser.is_active = False
    merchandiser.save()
    arrives(rising())

    assert night(ImportRecipe.objects.get()).state == "refused"
    assert prices() == {"20.00"}


# --- When -----------------------------------------------------------------------------------------


def at(hour, day=1):
    return datetime(2031, 3, day, hour, 5, tzinfo=UTC)


def test_each_due_recipe_is_started_once_a_day(
    acme, cups, arrives, merchandiser, django_capture_on_commit_callbacks
):
    arrives(rising())

    early = start_due(now=at(1))
    started = start_due(now=at(2))
    again = start_due(now=at(9))

    assert (early, again) == ([], [])
    assert [(job.kind, job.owner) for job in started] == [(KIND, merchandiser)]
    assert started[0].label == "Nightly import: Acme"


def test_nothing_is_started_without_a_new_file(acme, cups, arrives):
    assert start_due(now=at(2)) == []
    arrives(rising())
    night(acme)

    assert start_due(now=at(2)) == []


def test_a_file_that_comes_later_is_taken_the_same_day(acme, cups, arrives):
    start_due(now=at(2))
    arrives(rising())

    assert len(start_due(now=at(5))) == 1


def test_the_next_day_brings_the_next_file(acme, cups, arrives):
    arrives(rising())
    start_due(now=at(2))
    arrives(rising(price="22.00"), minutes_ago=5)

    assert len(start_due(now=at(2, day=2))) == 1


def test_recipes_that_are_archived_or_stopped_do_not_run(
    acme, cups, arrives, merchandiser, manager
):
    arrives(rising())
    stop_nightly(recipe_id=acme.pk, by=manager, reason="Acme is closed")
    assert start_due(now=at(2)) == []
    set_nightly(recipe_id=acme.pk, nightly=NIGHT, by=merchandiser, reason="Open again")
    own_recipes.archive_recipe(recipe_id=acme.pk, by=merchandiser, reason="")

    assert start_due(now=at(2)) == []
    assert night(ImportRecipe.objects.get()) is None


def test_without_a_folder_nothing_runs(acme, cups, arrives, settings):
    arrives(rising())
    settings.IMPORT_DROP_DIR = ""

    assert start_due(now=at(2)) == []


def test_the_clock_starts_jobs_that_load(
    acme, cups, arrives, merchandiser, django_capture_on_commit_callbacks
):
    night_now = replace(NIGHT, hour=0)
    set_nightly(recipe_id=acme.pk, nightly=night_now, by=merchandiser, reason="")
    arrives(rising())

    with django_capture_on_commit_callbacks(execute=True):
        assert nightly_imports(None) == {"started": 1}

    job = Job.objects.get(kind=KIND)
    assert (job.state, job.result["state"]) == ("done", "applied")
    assert prices() == {"21.00"}


def test_an_attempt_that_died_after_the_look_is_judged_by_the_next(acme, cups, arrives):
    arrives(falling(10))
    waiting = night(acme)
    ImportRun.objects.filter(pk=waiting.pk).update(outcome="")

    run = load_newest(acme, now=timezone.now(), left=ImportRun.objects.get())

    assert run == waiting
    assert run.outcome.startswith("10 of 10 prices fall")


# --- Asking for it --------------------------------------------------------------------------------


def test_how_a_recipe_runs_by_night_is_kept_with_its_history(acme):
    assert nightly_of(acme) == NIGHT
    assert acme.history.count() == 2


def test_nobody_lets_a_recipe_run_in_a_colleagues_name(acme, manager):
    with pytest.raises(NotAllowed):
        set_nightly(recipe_id=acme.pk, nightly=NIGHT, by=manager, reason="")


def test_who_may_not_load_the_sheet_neither_starts_nor_stops(acme, support):
    for verb in (
        lambda: set_nightly(recipe_id=acme.pk, nightly=NIGHT, by=support, reason=""),
        lambda: stop_nightly(recipe_id=acme.pk, by=support, reason=""),
    ):
        with pytest.raises(NotAllowed):
            verb()


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": ""},
        {"source": "/etc/passwd"},
        {"source": "../secret.csv"},
        {"source": "acme/../../secret.csv"},
        {"source": "**/prices.csv"},
        {"source": "*/prices.csv"},
        {"source": "acme\\prices.csv"},
        {"source": "acme/\x00.csv"},
        {"source": "a" * 201},
        {"hour": 24},
        {"most_falling_percent": 101},
        {"most_vanishing": -1},
        {"policy": "some"},
    ],
)
def test_what_cannot_be_is_refused(acme, merchandiser, wrong):
    with pytest.raises(BadValue):
        set_nightly(recipe_id=acme.pk, nightly=replace(NIGHT, **wrong), by=merchandiser, reason="")


def test_a_link_that_leads_out_of_the_folder_is_not_followed(drop, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.csv"
    outside.write_bytes(rising())
    (drop / "prices-1.csv").symlink_to(outside)
    later = timezone.now() + timedelta(hours=1)

    assert drop_folder.newest(NIGHT.source, now=later) is None


def test_hidden_files_and_folders_are_no_sheets(drop):
    (drop / ".prices-1.csv").write_bytes(rising())
    (drop / "prices-2.csv").mkdir()
    later = timezone.now() + timedelta(hours=1)

    assert drop_folder.newest("acme/*", now=later) is None
