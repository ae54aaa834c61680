"""Runs of others, files that were swapped, machines that fail: a sentence, or a clean failure."""

from __future__ import annotations

import errno
import io

import pytest
from django.core.files.storage import storages
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from backoffice.imports import (
    apply_run,
    choose_again,
    confirm_run,
    discard_run,
    fix_cells,
    leave_out_rows,
    own_run,
    receive,
    refusals,
    send_corrections,
    start_run,
    undo_run,
)
from backoffice.imports.writing import Writing
from backoffice.models import ImportRun
from backoffice.refused import Refused
from catalog.models import Product, StockMovement, Tag
from tests.catalog.factories import ProductFactory
from tests.sheets import counts_of, csv_of, load, preview, words_of

HEADER = ["sku", "name", "price"]


def stored_files():
    try:
        return set(storages["private"].listdir("imports")[1])
    except FileNotFoundError:
        return set()


def nothing_done(before, refused=None):
    assert refused is None or str(refused)
    assert not Product.objects.exists()
    assert not Product.history.exists()
    assert not StockMovement.objects.exists()
    assert stored_files() == before


# --- Headers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        ["sku", "sku", "name"],
        ["sku", "SKU ", "name"],
        ["sku", "name", "name"],
        ["sku", "name", "x" * 30_000],
        ["sku", "name", *(f"column {place}" for place in range(1_000))],
        ["sku", "name", *[""] * 1_000],
        ["", "", ""],
        ["%s", "%(x)s", "{}"],
        ["s\x00ku", "name", "price"],
        ["\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "name", "price"],
    ],
    ids=lambda header: repr(header)[:40],
)
def test_a_mean_header_is_refused_and_nothing_is_kept(merchandiser, header):
    before = stored_files()
    row = ["A"] * len(header)

    with pytest.raises(Refused) as refused:
        preview(csv_of(header, row, row), by=merchandiser)

    assert len(str(refused.value)) < 2_000
    nothing_done(before)


@pytest.mark.parametrize(
    "header",
    [["%s", "%(x)s", "{}"], ["'; DROP TABLE x", '"', "\\"], ["Артикул", "Название", "Цена"]],
)
def test_a_mean_header_leads_to_columns_to_assign(merchandiser, header):
    run = preview(csv_of(header, ["a", "b", "c"]), by=merchandiser, may_ask=True)

    assert run.state == "mapping"
    assert run.outcome


# --- Whose run, which file ----------------------------------------------------------------------


def verbs(run, by):
    return {
        "confirm": lambda: confirm_run(uuid=run.uuid, by=by, reason=""),
        "apply": lambda: apply_run(uuid=run.uuid, by=by, reason=""),
        "choose": lambda: choose_again(uuid=run.uuid, by=by),
        "fix": lambda: fix_cells(uuid=run.uuid, cells={1: {"name": "X"}}, by=by),
        "leave": lambda: leave_out_rows(uuid=run.uuid, numbers=[1], by=by),
        "send": lambda: send_corrections(
            uuid=run.uuid, file=io.BytesIO(b"line,sku\n2,A\n"), file_name="x.csv", by=by
        ),
        "own": lambda: own_run(uuid=run.uuid, by=by),
        "discard": lambda: discard_run(uuid=run.uuid, by=by),
        "undo": lambda: undo_run(uuid=run.uuid, by=by),
    }


VERBS = ["confirm", "apply", "choose", "fix", "leave", "send", "own", "discard", "undo"]


@pytest.mark.parametrize("verb", VERBS)
def test_the_run_of_somebody_else_is_none_of_ours(merchandiser, make_user, verb):
    run = preview(csv_of(HEADER, ["A", "A", "1.00"]), by=merchandiser)
    other = make_user("merchandiser", email="other@example.com")
    before = stored_files()

    with pytest.raises(refusals.UnknownRun):
        verbs(run, other)[verb]()

    run.refresh_from_db()
    assert (run.state, run.plan_number) == ("validated", 1)
    assert stored_files() == before
    assert not Product.objects.exists()


@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"own", "undo", "discard"}))
def test_an_expired_run_is_not_touched_any_more(merchandiser, verb):
    run = preview(csv_of(HEADER, ["A", "A", "1.00"]), by=merchandiser)
    ImportRun.objects.filter(pk=run.pk).update(expires_at=timezone.now())

    with pytest.raises(refusals.RunExpired):
        verbs(run, merchandiser)[verb]()

    assert not Product.objects.exists()


@pytest.mark.parametrize("verb", ["confirm", "apply", "choose"])
@pytest.mark.parametrize("change", ["other", "gone"])
def test_a_file_that_changed_since_the_preview_is_not_applied(merchandiser, verb, change):
    run = preview(csv_of(HEADER, ["A", "A", "1.00"]), by=merchandiser)
    receive.forget(run.stored_as)
    if change == "other":
        storages["private"].save(run.stored_as, io.BytesIO(csv_of(HEADER, ["B", "B", "2.00"])))

    with pytest.raises(refusals.ContentChanged):
        verbs(run, merchandiser)[verb]()

    run.refresh_from_db()
    assert (run.state, run.rows.count()) == ("validated", 1)
    assert not Product.objects.exists()


def test_another_fingerprint_than_the_one_that_was_seen_is_refused(merchandiser):
    run = preview(csv_of(HEADER, ["A", "A", "1.00"]), by=merchandiser)

    with pytest.raises(refusals.ContentChanged):
        confirm_run(uuid=run.uuid, by=merchandiser, reason="", sha256="0" * 64)

    assert not Product.objects.exists()


@pytest.mark.parametrize("uuid", ["", "nonsense", "0", None, 7, "%s", "\x00", "x" * 99])
def test_a_key_that_is_none_is_an_unknown_run(merchandiser, uuid):
    with pytest.raises(refusals.UnknownRun):
        own_run(uuid=uuid, by=merchandiser)
    with pytest.raises(refusals.UnknownRun):
        confirm_run(uuid=uuid, by=merchandiser, reason="")


# --- A machine that fails -----------------------------------------------------------------------


def test_a_full_disk_is_said_and_leaves_nothing(merchandiser, monkeypatch):
    before = stored_files()

    def full(self, name, content, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(type(storages["private"]), "save", full)
    with pytest.raises(refusals.NoRoom):
        preview(csv_of(HEADER, ["A", "A", "1.00"]), by=merchandiser)

    assert not ImportRun.objects.exists()
    nothing_done(before)


def test_a_database_that_fails_while_reading_leaves_no_run_and_no_file(merchandiser, monkeypatch):
    before = stored_files()

    def gone(*args, **options):
        raise OperationalError("disk I/O error")

    monkeypatch.setattr("backoffice.imports.stage.insert_rows", gone)
    with pytest.raises(OperationalError):
        start_run(
            sheet_name="products",
            file=io.BytesIO(csv_of(HEADER, ["A", "A", "1.00"])),
            file_name="a.csv",
            by=merchandiser,
        )

    nothing_done(before)
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize("at", ["insert", "update"])
def test_a_database_that_fails_while_writing_leaves_nothing_half_done(
    merchandiser, monkeypatch, at
):
    old = ProductFactory(sku="OLD", price="1.00")
    history = Product.history.count()
    content = csv_of([*HEADER, "tags"], ["A", "A", "1.00", "t"], ["OLD", "", "2.00", "t"])
    run = preview(content, by=merchandiser)

    def gone(*args, **options):
        raise OperationalError("disk I/O error")

    monkeypatch.setattr(f"backoffice.imports.writing.Writing.{at}", gone)
    with pytest.raises(OperationalError):
        apply_run(uuid=run.uuid, by=merchandiser, reason="")

    run.refresh_from_db()
    assert (run.state, run.applied, run.change_set) == ("failed", 0, None)
    assert run.outcome == "It was interrupted; nothing was applied."
    old.refresh_from_db()
    assert (Product.objects.count(), old.price) == (1, 1)
    assert Product.history.count() == history
    assert not Tag.objects.exists()
    assert stored_files().isdisjoint({run.stored_as.split("/")[-1]})


# --- Nothing to do ------------------------------------------------------------------------------


def test_a_run_of_which_every_row_is_left_out_writes_nothing(merchandiser):
    run = preview(csv_of(HEADER, ["A", "A", "1.00"], ["B", "B", "x"]), by=merchandiser)
    run = leave_out_rows(uuid=run.uuid, numbers=[1, 2], by=merchandiser)

    assert (counts_of(run), run.left_out) == ((0, 0, 0, 0), 2)
    with pytest.raises(Refused):
        confirm_run(uuid=run.uuid, by=merchandiser, reason="")
    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert run.state == "applied"
    assert not Product.objects.exists()
    assert run.change_set is None


def test_a_run_of_which_every_row_is_refused_writes_nothing(merchandiser):
    run = load(
        csv_of(HEADER, ["", "A", "1.00"], ["B", "", "x"]), by=merchandiser, policy="good_rows"
    )

    assert counts_of(run) == (0, 0, 0, 2)
    assert not Product.objects.exists()
    assert run.change_set is None


def test_what_the_plan_of_a_refused_row_changes_is_nothing_and_not_json_null(merchandiser):
    run = preview(csv_of(HEADER, ["B", "", "x"]), by=merchandiser)

    assert run.plan.get().changes is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM backoffice_importplan WHERE changes IS NULL")
        assert cursor.fetchone() == (1,)


def test_more_rows_than_one_statement_has_room_for_are_refused_one_by_one(merchandiser):
    rows = [[f"S{number}", "", "cheap"] for number in range(3_000)]

    run = preview(csv_of(HEADER, *rows, ["OK", "Ok", "1.00"]), by=merchandiser, policy="good_rows")

    assert counts_of(run) == (1, 0, 0, 3_000)
    assert "cheap" in words_of(run, 2) or words_of(run, 2)
    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")
    assert counts_of(run) == (1, 0, 0, 3_000)


# --- A session that ends ------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_database_session_that_is_ended_while_writing_leaves_nothing_half_done(
    merchandiser, monkeypatch
):
    run = preview(csv_of(HEADER, *([f"S{n}", "A", "1.00"] for n in range(50))), by=merchandiser)
    write = Writing.insert

    def ended(self, *args, **options):
        write(self, *args, **options)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(Writing, "insert", ended)
    with pytest.raises((OperationalError, InterfaceError)):
        apply_run(uuid=run.uuid, by=merchandiser, reason="")
    connection.close()

    run.refresh_from_db()
    assert run.state in {"failed", "running"}
    assert (run.applied, run.change_set) == (0, None)
    assert not Product.objects.exists()
    assert not Product.history.exists()
