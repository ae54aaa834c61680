"""A supplier's file by night: applied in the owner's name, or a run that says why not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backoffice.imports.nightly import (
    name_of,
    set_nightly,
)
from backoffice.models import ImportRecipe, ImportRun
from tests.backoffice.imports.nightly.acme import (
    NIGHT,
    listing,
    night,
    prices,
    rising,
)
from tests.sheets import csv_of


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


# --- What cannot be loaded ---


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
