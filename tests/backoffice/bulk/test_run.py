"""Running: in chunks, each with its receipt; interrupted anywhere it goes on, and repeats nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice import bulk, changes, jobs
from backoffice.bulk import running
from backoffice.models import BulkRun, Job
from backoffice.steps import Outcome
from catalog.models import Product, StockMovement
from orders import services
from orders.models import Order
from orders.services import claims
from tests.backoffice.bulk.desk import CANCEL, choose, fresh, page, press, verdicts
from tests.catalog.factories import ProductFactory, put_on_shelf
from tests.orders.factories import OrderFactory, boss, click
from tests.orders.factories import fresh as fresh_order
from tests.orders.many import many_orders

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """The process is gone: nothing may catch this."""


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(running, "FIRST_ROWS_A_CHUNK", 2)
    monkeypatch.setattr(running, "MOST_ROWS_A_CHUNK", 2)


def begun(clerk, act, orders, **answers):
    """Return a run that is confirmed, with its job still waiting for a worker."""
    run = choose(clerk, act, orders)
    assert press(clerk, run, "confirm", **answers).status_code == 302
    return fresh(run)


def resumed(run):
    """Do what a worker does that finds the job of a dead one."""
    work = type("Work", (), {"job": run.job, "progress": lambda *_: None, "check": lambda *_: None})
    with changes.resume(run.change_set_id):
        return bulk.run(fresh(run), work())


def kill_at(monkeypatch, place, name, call):
    """Let the process die at the n-th call of something."""
    calls = []
    real = getattr(place, name)

    def count(*args, **more):
        calls.append(1)
        if len(calls) == call:
            raise Killed
        return real(*args, **more)

    monkeypatch.setattr(place, name, count)


def test_the_receipt_agrees_with_the_plan_reason_by_reason(clerk, commits):
    orders = many_orders(8)
    services.cancel_order(order_id=orders[2].pk, by=boss(), reason="", reason_code="other")
    services.process_unpaid_order(order_id=orders[5].pk, by=boss(), reason="known customer")
    services.ship_order(order_id=orders[5].pk, by=boss(), reason="")
    run = choose(clerk, "cancel", orders)
    planned = dict(run.rows.filter(verdict="cannot").values_list("object_key", "sentence"))

    with commits():
        press(clerk, run, "confirm", **CANCEL)

    run = fresh(run)
    assert (run.state, run.done, run.refused) == ("done", 6, 2)
    refused = dict(run.rows.filter(verdict="refused").values_list("object_key", "sentence"))
    assert refused == planned
    assert Order.objects.filter(status="cancelled").count() == 7


def test_what_has_become_impossible_since_the_plan_is_refused_with_its_reason(clerk, commits):
    orders = many_orders(4)
    run = choose(clerk, "hold", orders)
    services.hold_order(order_id=orders[1].pk, by=boss(), reason="wait for an answer")

    with commits():
        press(clerk, run, "confirm", reason="stocktaking")

    row = run.rows.get(verdict="refused")
    assert (row.title, row.code) == (orders[1].number, "order_held")
    assert fresh(run).done == 3


def test_what_could_not_by_the_plan_is_left_alone_although_it_could_by_now(clerk, commits):
    orders = many_orders(4)
    services.hold_order(order_id=orders[0].pk, by=boss(), reason="wait")
    run = choose(clerk, "hold", orders)
    services.release_order(order_id=orders[0].pk, by=boss(), reason="")

    with commits():
        press(clerk, run, "confirm", reason="stocktaking")

    assert not fresh_order(orders[0]).is_held
    assert (fresh(run).done, fresh(run).refused) == (3, 1)


@pytest.mark.parametrize("place", ["_receipt", "_do"])
def test_killed_between_work_and_receipt_it_repeats_nothing_and_loses_nothing(
    clerk, monkeypatch, small_chunks, place
):
    orders = many_orders(7)
    run = begun(clerk, "hold", orders, reason="stocktaking", typed_rows="7")

    with monkeypatch.context() as patch:
        kill_at(patch, running, place, 3)
        with pytest.raises(Killed):
            resumed(run)
    half = verdicts(run)
    done = resumed(run)

    assert half == {"done": 4, "can": 3}
    assert (done.state, done.done, done.refused) == ("done", 7, 0)
    assert all(order.history.filter(step="hold").count() == 1 for order in orders)


def test_killed_with_a_claim_open_at_the_bank_it_is_continued_and_refunded_once(
    clerk, monkeypatch, small_chunks
):
    orders = [OrderFactory(status="processing") for _each in range(3)]
    run = begun(clerk, "cancel", orders, **CANCEL)

    with monkeypatch.context() as patch:
        kill_at(patch, claims, "settle", 2)
        with pytest.raises(Killed):
            resumed(run)
    claimed = orders[1].intents.filter(state="claimed").count()
    done = resumed(run)

    assert claimed == 1
    assert (done.state, done.done, done.refused) == ("done", 3, 0)
    for order in orders:
        after = fresh_order(order)
        assert (after.status, after.facts.refunded) == ("cancelled", order.total)
        assert order.refunds.count() == 1
        assert order.history.filter(step="cancel").count() == 1
        assert order.cancellations.count() == 1


def test_refusals_that_are_receipted_stay_when_it_is_resumed(clerk, monkeypatch, small_chunks):
    orders = many_orders(6)
    run = begun(clerk, "hold", orders, reason="stocktaking")
    services.hold_order(order_id=orders[0].pk, by=boss(), reason="wait")

    with monkeypatch.context() as patch:
        kill_at(patch, running, "_do", 2)
        with pytest.raises(Killed):
            resumed(run)
    services.release_order(order_id=orders[0].pk, by=boss(), reason="")
    done = resumed(run)

    assert (done.done, done.refused) == (5, 1)
    assert not fresh_order(orders[0]).is_held


def test_an_act_that_is_one_transaction_shares_it_with_its_receipt(
    sign_in, merchandiser, monkeypatch, small_chunks, settings
):
    """A tenth less, twice, would be 19 % less: no witness is needed where nothing can part."""
    with click(boss()):
        products = [ProductFactory(price=Decimal(20)) for _each in range(4)]
        for product in products:
            put_on_shelf(product, 10)
    client = sign_in(merchandiser)
    answer = client.post(
        "/admin/catalog/product/",
        {"action": "act_adjust_stock", "index": "0", "_selected_action": [p.pk for p in products]},
    )
    run = BulkRun.objects.get(pk=answer.url.rstrip("/").split("/")[-2])
    press(client, run, "confirm", way="difference", units="-2", location=place(), reason="breakage")
    run = fresh(run)

    with monkeypatch.context() as patch:
        real = running._receipt

        def die(row, chunk, *rest):
            real(row, chunk, *rest)
            raise Killed

        patch.setattr(running, "_receipt", die)
        with pytest.raises(Killed):
            resumed(run)
    assert verdicts(run) == {"can": 4}
    done = resumed(run)

    assert (done.state, done.done) == ("done", 4)
    assert StockMovement.objects.filter(kind="adjust").count() == 4
    assert Product.objects.filter(pk__in=[p.pk for p in products]).count() == 4


def place():
    from catalog.models import StockLocation

    return StockLocation.objects.first().pk


def test_stopped_it_leaves_a_clean_receipt_and_goes_on_when_asked(
    clerk, support, monkeypatch, small_chunks, commits
):
    orders = many_orders(5)
    run = begun(clerk, "hold", orders, reason="stocktaking")
    real = running._do

    def stop_after(row, *rest, **more):
        real(row, *rest, **more)
        press(clerk, run, "stop")

    with monkeypatch.context() as patch:
        patch.setattr(running, "_do", stop_after)
        stopped = resumed(run)

    assert (stopped.state, stopped.done, stopped.unreached) == ("cancelled", 2, 3)
    html = clerk.get(page(run)).content.decode()
    assert "not reached" in html
    assert "Go on with the 3 left" in html
    assert "Not reached" in b"".join(clerk.get(page(run, "csv")).streaming_content).decode()

    with commits():
        assert press(clerk, run, "resume").status_code == 302
    run = fresh(run)
    assert (run.state, run.done, run.unreached) == ("done", 5, 0)
    assert set(Order.history.filter(step="hold").values_list("change_set", flat=True)) == {
        run.change_set_id
    }
    assert press(clerk, run, "resume").status_code == 409
    assert press(clerk, run, "stop").status_code == 409


def test_a_job_that_was_cancelled_on_its_own_page_stops_the_run(clerk, support, small_chunks):
    run = begun(clerk, "hold", many_orders(4), reason="stocktaking")

    with click(support):
        jobs.cancel_job(job_id=run.job_id, by=support, reason="")

    run = fresh(run)
    assert (run.shown_state, run.is_resumable) == ("cancelled", True)
    assert "Go on with the 4 left" in clerk.get(page(run)).content.decode()


def test_an_error_of_ours_stops_the_run_and_it_can_go_on(
    clerk, monkeypatch, small_chunks, commits, caplog
):
    orders = many_orders(5)
    run = begun(clerk, "hold", orders, reason="stocktaking")
    real = services.hold_orders
    calls = []

    def break_once(**more):
        calls.append(1)
        if len(calls) == 2:
            raise ValueError("a bug")
        return real(**more)

    act = bulk.subject_of(run).act
    with monkeypatch.context() as patch:
        patch.setitem(act.step.flow.bulk_verbs, "hold", break_once)
        with pytest.raises(ValueError, match="a bug"):
            resumed(run)
        Job.objects.filter(pk=run.job_id).update(state="failed")
    stopped = fresh(run)

    assert (stopped.state, stopped.done, stopped.unreached) == ("failed", 2, 3)
    assert "Something went wrong on our side" in clerk.get(page(run)).content.decode()
    with commits():
        press(clerk, run, "resume")
    assert (fresh(run).state, fresh(run).done) == ("done", 5)


def test_a_job_of_an_earlier_attempt_does_nothing_any_more(clerk, small_chunks, commits):
    run = begun(clerk, "hold", many_orders(4), reason="stocktaking")
    old = run.job
    Job.objects.filter(pk=old.pk).update(state="failed")
    with commits():
        press(clerk, run, "resume")
    work = type("Work", (), {"job": old, "progress": lambda *_: None, "check": lambda *_: None})

    bulk.run(fresh(run), work())

    assert fresh(run).done == 4
    assert Order.history.filter(step="hold").count() == 4


def test_a_request_that_died_is_finished_by_the_clock(clerk, monkeypatch, commits, settings):
    settings.BULK_AT_ONCE_ROWS = 5
    orders = many_orders(4)
    with monkeypatch.context() as patch:
        kill_at(patch, running, "_receipt", 1)
        with pytest.raises(Killed):
            clerk.post(
                "/admin/orders/order/acts/hold/",
                {"idempotency_key": "k", "ids": [o.pk for o in orders], "reason": "stocktaking"},
            )
    run = BulkRun.objects.get()
    later = run.updated_at + running.timedelta(minutes=running.LEFT_BEHIND_MINUTES, seconds=1)

    early = bulk.sweep(now=run.updated_at)
    with commits():
        swept = bulk.sweep(now=later)

    assert (early["finished"], swept["finished"]) == (0, 1)
    run = fresh(run)
    assert (run.state, run.done) == ("done", 4)
    assert Order.history.filter(step="hold").count() == 4


def test_a_verb_that_says_nothing_of_a_row_is_not_believed(clerk, monkeypatch, commits):
    run = choose(clerk, "hold", many_orders(3))
    act = bulk.subject_of(run).act
    monkeypatch.setitem(act.step.flow.bulk_verbs, "hold", lambda **_: Outcome())

    with commits():
        press(clerk, run, "confirm", reason="stocktaking")

    assert fresh(run).refused == 3
    assert set(run.rows.values_list("code", flat=True)) == {"unanswered"}


def test_in_a_job_what_the_verb_refuses_as_a_whole_stands_at_each_row(clerk, support, small_chunks):
    run = begun(clerk, "hold", many_orders(3), reason="stocktaking")
    support.groups.clear()

    done = resumed(run)

    assert (done.state, done.done, done.refused) == ("done", 0, 3)
    assert set(run.rows.values_list("code", flat=True)) == {"not_allowed"}
