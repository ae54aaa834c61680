"""Large imports wait for a second person, who applies them for the one who asked."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice import approvals, changes
from backoffice.imports import confirm_run, fix_cells, leave_out_rows
from backoffice.imports.refusals import RunNotWaiting
from backoffice.models import Approval
from backoffice.refused import Refused
from catalog.models import Product
from tests.catalog.factories import ProductFactory
from tests.sheets import csv_of, preview

HEADER = ["sku", "name", "price"]


@pytest.fixture(autouse=True)
def rule(admin):
    return approvals.make_rule(
        action="backoffice.import_rows", above=Decimal(2), by=admin, reason="so agreed"
    )


@pytest.fixture
def run(merchandiser):
    return preview(csv_of(HEADER, *([sku, sku, "1.00"] for sku in "ABC")), by=merchandiser)


def ask(run, by):
    with changes.change(separate=True, by=by), pytest.raises(approvals.ApprovalAsked) as asked:
        confirm_run(uuid=run.uuid, by=by, reason="spring")
    run.refresh_from_db()
    return asked.value.approval


@pytest.fixture
def decide(django_capture_on_commit_callbacks):
    def decide(approval, by, verb=approvals.approve_approval, **more):
        with django_capture_on_commit_callbacks(execute=True), changes.change(separate=True, by=by):
            verb(approval_id=approval.pk, by=by, **more)
        return Approval.objects.get(pk=approval.pk)

    return decide


def test_few_rows_need_nobody_else(merchandiser):
    run = preview(csv_of(HEADER, ["A", "A", "1.00"], ["B", "B", "1.00"]), by=merchandiser)

    assert confirm_run(uuid=run.uuid, by=merchandiser, reason="").state == "applied"


def test_many_rows_wait_and_are_applied_for_whoever_asked(merchandiser, manager, run, decide):
    approval = ask(run, merchandiser)
    assert run.state == "asked"
    assert not Product.objects.exists()

    approval = decide(approval, manager)

    run.refresh_from_db()
    assert (approval.result, run.state) == ("done", "applied")
    assert Product.objects.count() == 3
    assert {product.created_by for product in Product.objects.all()} == {merchandiser}
    assert run.change_set.actor == merchandiser


def test_who_asked_cannot_confirm_a_second_time(merchandiser, run):
    first = ask(run, merchandiser)

    assert ask(run, merchandiser) == first
    assert run.state == "asked"
    assert not Product.objects.exists()


def test_nobody_agrees_to_their_own_import(merchandiser, make_user, decide):
    boss = make_user(email="boss@example.com", is_superuser=True)
    run = preview(csv_of(HEADER, *([sku, sku, "1.00"] for sku in "ABC")), by=boss)
    approval = ask(run, boss)

    with pytest.raises(Refused):
        decide(approval, boss)

    run.refresh_from_db()
    assert run.state == "asked"
    assert not Product.objects.exists()


def test_a_run_that_waits_for_somebody_is_not_changed_under_their_eyes(merchandiser, run):
    ask(run, merchandiser)

    with pytest.raises(RunNotWaiting):
        fix_cells(uuid=run.uuid, cells={1: {"price": "0.01"}}, by=merchandiser)
    with pytest.raises(RunNotWaiting):
        leave_out_rows(uuid=run.uuid, numbers=[1], by=merchandiser)


def test_a_declined_import_writes_nothing_and_can_be_asked_for_again(
    merchandiser, manager, run, decide
):
    approval = ask(run, merchandiser)
    decide(approval, manager, approvals.decline_approval, reason="too dear")

    assert not Product.objects.exists()
    again = ask(run, merchandiser)
    assert again != approval
    decide(again, manager)
    assert Product.objects.count() == 3


def test_what_changed_between_asking_and_agreeing_is_refused_and_nothing_else(
    merchandiser, manager, decide
):
    cup = ProductFactory(sku="A", price="1.00")
    rows = [["A", "", "2.00"], ["B", "B", "1.00"], ["C", "C", "1.00"], ["D", "D", "1.00"]]
    run = preview(csv_of(HEADER, *rows), by=merchandiser, policy="good_rows")
    approval = ask(run, merchandiser)
    cup.price = Decimal("1.50")
    cup.save()

    decide(approval, manager)

    run.refresh_from_db()
    cup.refresh_from_db()
    assert (run.state, run.new, run.refused) == ("applied", 3, 1)
    assert cup.price == Decimal("1.50")


def test_more_rows_than_were_agreed_to_are_not_applied(merchandiser, manager, run, decide):
    approval = ask(run, merchandiser)
    type(run).objects.filter(pk=run.pk).update(new=9)

    approval = decide(approval, manager)

    assert approval.result == "refused"
    assert not Product.objects.exists()
