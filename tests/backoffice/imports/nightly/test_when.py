"""When recipes run by night, and who says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from backoffice.imports import drop_folder, own_recipes
from backoffice.imports.nightly import (
    KIND,
    load_newest,
    nightly_of,
    set_nightly,
    start_due,
    stop_nightly,
)
from backoffice.jobs.housekeeping import nightly_imports
from backoffice.models import ImportRecipe, ImportRun, Job
from backoffice.refused import BadValue, NotAllowed
from tests.backoffice.imports.nightly.acme import (
    NIGHT,
    falling,
    night,
    prices,
    rising,
)


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


# --- Asking for it ---


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
