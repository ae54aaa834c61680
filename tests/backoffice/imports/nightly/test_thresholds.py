"""What stops a run by night: prices that fall, rows that vanish, a second person's yes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from backoffice.imports import apply_run, undo_run
from backoffice.imports.nightly import (
    set_nightly,
)
from backoffice.models import Approval, ApprovalRule
from tests.backoffice.imports.nightly.acme import (
    NIGHT,
    falling,
    listing,
    night,
    prices,
    rising,
)


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
