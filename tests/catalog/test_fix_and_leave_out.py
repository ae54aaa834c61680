"""Correcting a run in place: cells typed anew, rows left out and taken in again."""

from __future__ import annotations

import pytest

from backoffice.imports import apply_run, confirm_run, discard_run, fix_cells, leave_out_rows
from backoffice.imports.confirming import PlanChanged
from backoffice.imports.correcting import UnknownCell
from backoffice.imports.preview import page_of
from backoffice.imports.refusals import RunNotWaiting
from catalog.models import Product
from tests.catalog.factories import ProductFactory
from tests.sheets import counts_of, csv_of, faults_of, load, preview, row_of

HEADER = ["sku", "name", "price", "tags", "parent_sku"]


@pytest.fixture
def run(merchandiser):
    content = csv_of(
        HEADER,
        ["CUP", "Cup", "cheap", "clay", ""],
        ["CUP-S", "Slate", "5.00", "", "CUP"],
        ["MUG", "", "4.00", "", ""],
    )
    return preview(content, by=merchandiser)


def fix(run, cells, by):
    return fix_cells(uuid=run.uuid, cells=cells, by=by)


def test_a_cell_that_is_typed_anew_is_judged_anew_and_frees_what_hung_on_it(merchandiser, run):
    assert counts_of(run) == (0, 0, 0, 3)

    run = fix(run, {1: {"price": "4.50"}}, merchandiser)
    assert counts_of(run) == (2, 0, 0, 1)
    run = fix(run, {3: {"name": "Mug"}}, merchandiser)
    assert counts_of(run) == (3, 0, 0, 0)
    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert run.state == "applied"
    assert Product.objects.get(sku="CUP").price == 4.5
    assert [tag.name for tag in Product.objects.get(sku="CUP").tags.all()] == ["clay"]
    assert Product.objects.get(sku="CUP-S").parent.sku == "CUP"


@pytest.mark.parametrize(
    "typed",
    ["", " ", "x", "1e400", "-1", "a\x00b", "9" * 400, "x" * 40_000, "%s", "'", "\ud800", "1,2,3", "=1+1"],
)  # fmt: skip
def test_a_cell_that_is_wrong_again_stays_refused_as_it_was_typed(merchandiser, run, typed):
    run = fix(run, {1: {"price": typed}}, merchandiser)

    assert run.state == "validated"
    assert run.row_count == 3
    shown = row_of(run, 2)
    assert shown.verdict in {"refused", "new"}
    run = fix(run, {1: {"price": "4.50"}, 3: {"name": "Mug"}}, merchandiser)
    assert (faults_of(run), counts_of(run)) == ([], (3, 0, 0, 0))


def test_other_cells_of_a_corrected_row_keep_what_was_wrong_with_them(merchandiser):
    header = ["sku", "name", "price", "stock"]
    run = preview(csv_of(header, ["A", "A", "x", "y"]), by=merchandiser)

    run = fix(run, {1: {"price": "1.00"}}, merchandiser)

    (stock,) = page_of(run, "refused").rows[0].errors
    assert (stock.field, stock.raw) == ("stock", "y")
    run = fix(run, {1: {"stock": "2"}}, merchandiser)
    assert counts_of(run) == (1, 0, 0, 0)


def test_a_key_can_be_typed_anew_and_means_another_product_then(merchandiser):
    ProductFactory(sku="OLD", name="Old", price="1.00")
    run = preview(csv_of(HEADER[:3], ["", "New", "2.00"], ["OLD", "Old", "1.00"]), by=merchandiser)
    assert counts_of(run) == (0, 0, 1, 1)

    twice = fix(run, {1: {"sku": "OLD"}}, merchandiser)
    assert counts_of(twice) == (0, 0, 0, 2)
    other = fix(run, {1: {"sku": "NEW"}}, merchandiser)

    assert counts_of(other) == (1, 0, 1, 0)
    assert row_of(other, 2).key == "NEW"


@pytest.mark.parametrize(
    "cells",
    [{9: {"price": "1"}}, {1: {"nonsense": "1"}}, {0: {"price": "1"}}, {1: {"slug": "x"}}, {1: {"slug_base": "x"}}],
)  # fmt: skip
def test_a_cell_that_is_not_there_is_refused_and_nothing_changes(merchandiser, run, cells):
    before = run.plan_number

    with pytest.raises(UnknownCell):
        fix(run, {**cells, 3: {"name": "Mug"}}, merchandiser)

    run.refresh_from_db()
    assert run.plan_number == before
    assert row_of(run, 4).cells.get("name", "") == ""


def test_what_was_confirmed_is_the_plan_that_was_seen(merchandiser, run):
    seen = run.plan_number
    fix(run, {1: {"price": "4.50"}, 3: {"name": "Mug"}}, merchandiser)

    with pytest.raises(PlanChanged):
        confirm_run(uuid=run.uuid, by=merchandiser, reason="", plan_number=seen)

    assert not Product.objects.exists()


@pytest.mark.parametrize("end", ["applied", "discarded"])
def test_a_run_that_is_over_is_not_corrected(merchandiser, run, end):
    if end == "applied":
        fix(run, {1: {"price": "4.50"}, 3: {"name": "Mug"}}, merchandiser)
        apply_run(uuid=run.uuid, by=merchandiser, reason="")
    else:
        discard_run(uuid=run.uuid, by=merchandiser)

    with pytest.raises(RunNotWaiting):
        fix(run, {1: {"price": "9.00"}}, merchandiser)
    with pytest.raises(RunNotWaiting):
        leave_out_rows(uuid=run.uuid, numbers=[1], by=merchandiser)


# --- Leaving out --------------------------------------------------------------------------------


def test_rows_that_are_left_out_are_not_written_and_can_be_taken_in_again(merchandiser):
    run = preview(
        csv_of(HEADER[:3], ["A", "A", "1"], ["B", "B", "x"], ["C", "C", "3"]), by=merchandiser
    )

    run = leave_out_rows(uuid=run.uuid, numbers=[2, 3], by=merchandiser)
    assert (counts_of(run), run.left_out, run.row_count) == ((1, 0, 0, 0), 2, 3)
    assert [row.key for row in page_of(run, "left_out").rows] == ["B", "C"]
    run = leave_out_rows(uuid=run.uuid, numbers=[3], by=merchandiser, is_left_out=False)
    assert (counts_of(run), run.left_out) == ((2, 0, 0, 0), 1)
    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert run.state == "applied"
    assert set(Product.objects.values_list("sku", flat=True)) == {"A", "C"}


def test_one_of_two_twins_is_left_out_and_the_other_is_good(merchandiser):
    run = preview(csv_of(HEADER[:3], ["A", "One", "1"], ["A", "Two", "2"]), by=merchandiser)
    assert counts_of(run) == (0, 0, 0, 2)

    run = leave_out_rows(uuid=run.uuid, numbers=[1], by=merchandiser)

    assert counts_of(run) == (1, 0, 0, 0)
    apply_run(uuid=run.uuid, by=merchandiser, reason="")
    assert Product.objects.get().name == "Two"


def test_a_variant_whose_parent_is_left_out_is_refused_and_says_why(merchandiser, run):
    run = fix(run, {1: {"price": "4.50"}, 3: {"name": "Mug"}}, merchandiser)

    run = leave_out_rows(uuid=run.uuid, numbers=[1], by=merchandiser)

    assert faults_of(run) == [(3, "parent_sku", "unknown_parent")]
    ProductFactory(sku="CUP")
    run = leave_out_rows(uuid=run.uuid, numbers=[1], by=merchandiser)
    assert faults_of(run) == []
    apply_run(uuid=run.uuid, by=merchandiser, reason="")
    assert Product.objects.get(sku="CUP-S").parent.sku == "CUP"


def test_what_is_left_out_takes_no_slug_and_makes_no_tag_or_category(merchandiser):
    header = ["sku", "name", "price", "tags", "category"]
    run = preview(
        csv_of(header, ["A", "Same", "1", "t", "K"], ["B", "Same", "1", "", ""]), by=merchandiser
    )

    leave_out_rows(uuid=run.uuid, numbers=[1], by=merchandiser)
    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    made = Product.objects.get()
    assert (made.sku, made.slug) == ("B", "same")
    assert not made.tags.exists()
    assert not type(made).tags.rel.model.objects.exists()


@pytest.mark.parametrize("numbers", [[], [99], [0, -1], list(range(1, 5_000))])
def test_numbers_that_are_no_rows_leave_none_out(merchandiser, run, numbers):
    run = leave_out_rows(uuid=run.uuid, numbers=numbers, by=merchandiser)

    assert run.left_out == len({1, 2, 3} & set(numbers))


def test_a_left_out_row_stays_out_in_the_file_of_the_same_name(merchandiser):
    content = csv_of(HEADER[:3], ["A", "A", "1"], ["B", "B", "2"])
    first = preview(content, by=merchandiser)
    leave_out_rows(uuid=first.uuid, numbers=[2], by=merchandiser)
    apply_run(uuid=first.uuid, by=merchandiser, reason="")

    assert counts_of(load(content, by=merchandiser)) == (1, 0, 1, 0)
