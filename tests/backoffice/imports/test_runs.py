"""The life of a run: whose it is, how long it waits, and that it is applied once."""

from __future__ import annotations

import io
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.db import connection
from django.utils import timezone

from backoffice import changes
from backoffice.imports import (
    apply_run,
    discard_run,
    expire_runs,
    own_run,
    refusals,
    run_sheet,
    start_run,
)
from backoffice.models import ImportRun
from backoffice.refused import UnknownRow
from catalog.models import Product
from catalog.sheets.rows import ProductRows
from tests.sheets import FIXTURES, csv_of, load, preview

CUPS = csv_of(["sku", "name", "price"], ["CUP", "Cup", "16.00"])


def is_stored(run):
    return storages["private"].exists(run.stored_as)


def test_a_run_waits_with_its_file_until_it_is_confirmed(merchandiser):
    run = preview(CUPS, by=merchandiser)

    assert run.state == "validated"
    assert run.is_waiting
    assert is_stored(run)
    assert not Product.objects.exists()


def test_a_run_that_is_applied_leaves_no_file_behind(merchandiser):
    run = load(CUPS, by=merchandiser)

    assert run.state == "applied"
    assert not is_stored(run)
    assert run.plan.get().target_id == Product.objects.get().pk


def test_a_run_is_applied_once(merchandiser):
    run = load(CUPS, by=merchandiser)

    with pytest.raises(refusals.RunNotWaiting) as caught:
        apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert caught.value.http_status == 409
    assert Product.history.count() == 1


def test_a_run_that_is_being_applied_is_not_taken_again(merchandiser):
    run = preview(CUPS, by=merchandiser)
    ImportRun.objects.filter(pk=run.pk).update(state="running", started_at=timezone.now())

    with pytest.raises(refusals.RunNotWaiting):
        apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert not Product.objects.exists()


def test_a_run_is_unknown_to_everybody_else(merchandiser, manager):
    run = preview(CUPS, by=merchandiser)

    for verb in (own_run, discard_run):
        with pytest.raises(refusals.UnknownRun):
            verb(uuid=run.uuid, by=manager)
    with pytest.raises(refusals.UnknownRun) as caught:
        apply_run(uuid=run.uuid, by=manager, reason="")

    assert caught.value.http_status == 404
    assert not Product.objects.exists()


def test_a_run_is_bound_to_the_content_that_was_seen(merchandiser):
    run = preview(CUPS, by=merchandiser)

    with pytest.raises(refusals.ContentChanged):
        apply_run(uuid=run.uuid, by=merchandiser, reason="", sha256="another file")


def test_a_run_whose_file_was_swapped_is_refused(merchandiser):
    run = preview(CUPS, by=merchandiser)
    Path(storages["private"].path(run.stored_as)).write_bytes(CUPS + b"MUG,Mug,1.00\n")

    with pytest.raises(refusals.ContentChanged):
        apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert not Product.objects.exists()


def test_a_run_expires_and_its_file_goes(merchandiser, settings):
    run = preview(CUPS, by=merchandiser)
    late = timezone.now() + timedelta(hours=settings.IMPORT_EXPIRES_HOURS, minutes=1)

    with pytest.raises(refusals.RunExpired):
        apply_run(uuid=run.uuid, by=merchandiser, reason="", now=late)

    run.refresh_from_db()
    assert run.state == "expired"
    assert not is_stored(run)
    with pytest.raises(refusals.RunExpired):
        apply_run(uuid=run.uuid, by=merchandiser, reason="")
    assert not Product.objects.exists()


def test_a_run_that_nobody_confirmed_is_shown_as_expired_before_any_sweep(merchandiser):
    run = preview(CUPS, by=merchandiser, now=timezone.now() - timedelta(days=3))

    assert (run.state, run.shown_state, run.is_waiting) == ("validated", "expired", False)
    assert not ImportRun.objects.waiting(timezone.now()).exists()


def test_an_upload_sweeps_what_expired_before(merchandiser):
    old = preview(CUPS, by=merchandiser, now=timezone.now() - timedelta(days=3))

    preview(CUPS, by=merchandiser)

    old.refresh_from_db()
    assert old.state == "expired"


def test_a_run_whose_worker_died_is_closed(merchandiser):
    run = preview(CUPS, by=merchandiser)
    ImportRun.objects.filter(pk=run.pk).update(
        state="running", started_at=timezone.now() - timedelta(hours=5)
    )

    expire_runs(now=timezone.now())

    run.refresh_from_db()
    assert run.state == "failed"
    assert not is_stored(run)


def test_a_discarded_run_is_over_and_its_file_gone(merchandiser):
    run = discard_run(uuid=preview(CUPS, by=merchandiser).uuid, by=merchandiser)

    assert run.state == "discarded"
    assert not is_stored(run)
    with pytest.raises(refusals.RunNotWaiting):
        apply_run(uuid=run.uuid, by=merchandiser, reason="")


def test_a_refused_file_leaves_nothing_behind(merchandiser):
    before = set(storages["private"].listdir("imports")[1]) if _has_folder() else set()

    with pytest.raises(refusals.NotASheet):
        preview(b"%PDF-1.7", by=merchandiser)

    assert not ImportRun.objects.exists()
    assert set(storages["private"].listdir("imports")[1]) == before


def _has_folder():
    return storages["private"].exists("imports")


def test_an_application_that_breaks_down_leaves_nothing_half_done(merchandiser, monkeypatch):
    run = preview(CUPS, by=merchandiser)
    monkeypatch.setattr(ProductRows, "write", lambda self, relation, writing: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        apply_run(uuid=run.uuid, by=merchandiser, reason="")

    run.refresh_from_db()
    assert run.state == "failed"
    assert run.outcome == "It was interrupted; nothing was applied."
    assert not is_stored(run)
    assert not Product.objects.exists()
    assert not Product.history.exists()


def test_a_run_has_a_change_set_of_its_own_with_where_it_came_from(merchandiser):
    with changes.change(
        separate=True, channel="admin", by=merchandiser, caller=changes.Caller("abc", "10.0.0.1")
    ) as click:
        run = load(CUPS, by=merchandiser, reason="Spring range")

    assert not click.is_written
    assert run.change_set.channel == "import"
    assert run.change_set.note == "Spring range"
    assert run.change_set.request_id == "abc"
    assert run.change_set.origin.ip == "10.0.0.1"


def test_run_sheet_imports_a_file_of_this_machine(merchandiser):
    run = run_sheet(
        "products", FIXTURES / "catalogue.csv", by=merchandiser, reason="Opening catalogue"
    )

    assert (run.state, run.new, run.refused) == ("applied", 324, 0)
    assert run.change_set.note == "Opening catalogue"


def test_run_sheet_closes_a_run_that_is_refused(merchandiser):
    run = run_sheet("products", FIXTURES / "faulty_products.csv", by=merchandiser, reason="")

    assert run.state == "refused"
    assert not is_stored(run)
    assert not Product.objects.exists()


def test_run_sheet_keeps_the_moment_that_the_door_stated(merchandiser):
    moment = timezone.now() - timedelta(days=120)

    with changes.change(separate=True, by=merchandiser, at=moment):
        run_sheet("products", FIXTURES / "spring_prices.csv", by=merchandiser, reason="")

    assert set(Product.history.values_list("history_date", flat=True)) == {moment}


def test_an_unknown_sheet_is_refused(merchandiser):
    with pytest.raises(UnknownRow):
        start_run(sheet_name="giraffes", file=io.BytesIO(CUPS), file_name="a.csv", by=merchandiser)


def test_every_row_of_twenty_thousand_is_judged_with_a_fixed_number_of_lookups(
    merchandiser, django_assert_max_num_queries
):
    small = csv_of(["sku", "name"], *[[f"S{n}", f"Small {n}"] for n in range(10)])
    large = csv_of(["sku", "name"], *[[f"L{n}", f"Large {n}"] for n in range(500)])
    preview(small, by=merchandiser)

    with django_assert_max_num_queries(60):
        preview(large, by=merchandiser)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_confirmations_at_once_apply_once(merchandiser):
    run = preview(CUPS, by=merchandiser)
    start, outcomes = threading.Barrier(2), []

    def confirm():
        try:
            with changes.change(separate=True, by=merchandiser):
                start.wait()
                apply_run(uuid=run.uuid, by=merchandiser, reason="")
                outcomes.append("applied")
        except refusals.RunNotWaiting:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=confirm) for _turn in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["applied", "refused"]
    assert Product.objects.get().history.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_files_that_create_the_same_product_at_once_create_it_once(merchandiser):
    runs = [preview(CUPS, by=merchandiser) for _turn in range(2)]
    start, states = threading.Barrier(2), []

    def confirm(run):
        try:
            with changes.change(separate=True, by=merchandiser):
                start.wait()
                states.append(apply_run(uuid=run.uuid, by=merchandiser, reason="").state)
        finally:
            connection.close()

    threads = [threading.Thread(target=confirm, args=[run]) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(states) == ["applied", "validated"]
    assert Product.objects.get().history.count() == 1
