"""Confirming: once, by the owner, with the number typed where much hangs on it."""

from __future__ import annotations

import pytest
from django.test import Client

from backoffice import approvals, bulk, changes
from backoffice.models import Approval, ApprovalRule, BulkRun
from orders import services
from orders.models import Order
from tests.backoffice.bulk.desk import CANCEL, choose, fresh, page, press
from tests.orders.factories import OrderFactory, boss, click
from tests.orders.many import many_orders

pytestmark = pytest.mark.django_db


def held():
    return Order.objects.filter(is_held=True).count()


def test_a_confirmed_plan_runs_as_a_job_in_one_change_set(clerk, support, commits):
    run = choose(clerk, "hold", many_orders(5))

    with commits():
        answer = press(clerk, run, "confirm", reason="stocktaking")

    run = fresh(run)
    assert answer.url == page(run)
    assert (run.state, run.done, run.refused, run.job.state) == ("done", 5, 0, "done")
    assert (run.change_set.action, run.change_set.note) == ("orders.hold", "stocktaking")
    assert run.change_set.actor == support
    steps = Order.history.filter(step="hold")
    assert steps.count() == 5
    assert set(steps.values_list("change_set", flat=True)) == {run.change_set_id}


def test_few_rows_run_in_the_request_and_leave_the_same_receipt(clerk):
    orders = many_orders(3)
    services.hold_orders(order_ids=[orders[0].pk], by=boss(), reason="wait")

    run = choose(clerk, "hold", orders)
    press(clerk, run, "confirm", reason="stocktaking")

    run = fresh(run)
    assert (run.state, run.done, run.refused, run.job) == ("done", 2, 1, None)


def test_confirmed_twice_it_runs_once(clerk, commits):
    run = choose(clerk, "hold", many_orders(4))

    with commits():
        first = press(clerk, run, "confirm", reason="stocktaking")
        second = press(clerk, run, "confirm", reason="stocktaking")

    assert first.url == second.url
    assert Order.history.filter(step="hold").count() == 4
    assert fresh(run).attempts == 1


def test_somebody_elses_run_does_not_exist(clerk, sign_in, manager, make_user):
    run = choose(clerk, "hold", many_orders(3))
    colleague = sign_in(make_user("support", email="colleague@example.com"))

    assert colleague.get(page(run)).status_code in {403, 404}
    assert colleague.get(page(run, "csv")).status_code in {403, 404}
    for name in ("confirm", "plan_again", "discard", "stop", "resume", "again"):
        assert press(colleague, run, name, reason="x").status_code == 404
        # Whoever may see the record sees it, and nothing more.
        assert press(sign_in(manager), run, name, reason="x").status_code == 404
    assert sign_in(manager).get(page(run)).status_code == 200
    assert held() == 0


@pytest.mark.parametrize("name", ["confirm", "plan_again", "discard", "stop", "resume", "again"])
def test_what_changes_a_run_takes_post_only(clerk, name):
    run = choose(clerk, "hold", many_orders(3))

    assert clerk.get(page(run, name)).status_code == 405
    assert Client().post(page(run, name)).status_code == 302


def test_a_run_that_never_was_is_not_found(clerk):
    many_orders(1)
    for key in ("0", "99999999999999999999", "x"):
        assert clerk.get(f"/admin/backoffice/bulkrun/{key}/change/").status_code in {302, 403, 404}
        assert clerk.post(f"/admin/backoffice/bulkrun/{key}/confirm/").status_code == 404


@pytest.mark.parametrize("typed", ["", "6", "8", "seven", "-7", "7.0"])
def test_above_the_limit_the_number_of_rows_is_typed_and_no_other_begins(clerk, typed):
    run = choose(clerk, "hold", many_orders(7))

    answer = press(clerk, run, "confirm", reason="stocktaking", typed_rows=typed)

    assert answer.status_code == 422
    assert "Type 7 to confirm" in answer.content.decode()
    assert fresh(run).state == "planned"
    assert held() == 0


def test_the_number_may_be_typed_as_it_is_printed(clerk, commits, settings):
    settings.BULK_TYPED_ABOVE_ROWS = 3
    run = choose(clerk, "hold", many_orders(5))

    with commits():
        press(clerk, run, "confirm", reason="stocktaking", typed_rows=" 5 ")

    assert held() == 5


def test_much_money_asks_for_the_number_whatever_the_rows(clerk, settings):
    settings.BULK_TYPED_ABOVE_MONEY = 20
    run = choose(clerk, "cancel", [OrderFactory(status="processing") for _each in range(3)])

    answer = press(clerk, run, "confirm", **CANCEL)

    assert answer.status_code == 422
    assert "Type 3 to confirm" in answer.content.decode()


def test_questions_that_are_not_answered_are_marked_and_nothing_begins(clerk):
    run = choose(clerk, "hold", many_orders(3))

    answer = press(clerk, run, "confirm", reason=" ")

    assert answer.status_code == 422
    assert "This field is required." in answer.content.decode()
    assert fresh(run).state == "planned"


def test_what_the_verb_refuses_as_a_whole_is_said_before_it_begins(clerk, monkeypatch, manager):
    run = choose(clerk, "cancel", many_orders(4))
    subject = bulk.subject_of(run)

    with pytest.raises(services.cancel_order.__globals__["BadValue"]):
        bulk.confirm(
            uuid=run.uuid,
            by=run.owner,
            answers={
                "reason_code": "no such",
                "reason": "",
                "restock": True,
                "refund": True,
                "notify": False,
            },
        )

    assert subject.act.name == "cancel"
    assert fresh(run).state == "planned"


def test_when_none_can_there_is_nothing_to_confirm(clerk):
    orders = many_orders(3)
    services.hold_orders(order_ids=[order.pk for order in orders], by=boss(), reason="wait")
    run = choose(clerk, "hold", orders)

    html = clerk.get(page(run)).content.decode()
    answer = press(clerk, run, "confirm", reason="stocktaking")

    assert "None of the rows can." in html
    assert answer.status_code == 409


def test_whoever_has_lost_the_permission_cannot_confirm(clerk, support):
    run = choose(clerk, "hold", many_orders(3))
    support.groups.clear()

    answer = press(clerk, run, "confirm", reason="stocktaking")

    assert answer.status_code == 403
    assert held() == 0


@pytest.mark.parametrize("ids", [["x"], ["99999999999999999999"], ["0"], [""], []])
def test_ids_that_are_none_do_nothing_and_are_answered_with_a_sentence(clerk, ids):
    many_orders(2)

    answer = clerk.post(
        "/admin/orders/order/acts/hold/", {"idempotency_key": "k", "ids": ids, "reason": "x"}
    )

    assert answer.status_code in {409, 422}
    assert held() == 0
    assert not BulkRun.objects.exists()


# --- Four eyes ------------------------------------------------------------------------------------


@pytest.fixture
def rule(db, admin):
    with changes.change(action="rule", by=admin, separate=True):
        row = ApprovalRule(action="orders.cancel_many", above=3)
        row.save()
    return row


def test_a_mass_cancel_above_the_rule_waits_for_a_second_person(
    clerk, manager, rule, commits, support
):
    orders = many_orders(5)
    run = choose(clerk, "cancel", orders)

    answer = press(clerk, run, "confirm", **CANCEL)
    html = clerk.get(page(run)).content.decode()

    assert answer.status_code == 302
    run = fresh(run)
    assert run.state == "asked"
    assert "A second person decides about this." in html
    assert not Order.objects.filter(status="cancelled").exists()

    approval = Approval.objects.get()
    assert (approval.measure, approval.asked_by) == (5, support)
    with commits(), click(manager):
        approvals.approve_approval(approval_id=approval.pk, by=manager, reason="fine")
    run = fresh(run)
    assert (run.state, run.done) == ("done", 5)
    assert run.change_set.actor == support
    assert Order.objects.filter(status="cancelled").count() == 5


def test_what_was_declined_is_never_begun(clerk, manager, rule):
    run = choose(clerk, "cancel", many_orders(4))
    press(clerk, run, "confirm", **CANCEL)

    with click(manager):
        approvals.decline_approval(
            approval_id=Approval.objects.get().pk, by=manager, reason="not today"
        )

    html = clerk.get(page(run)).content.decode()
    assert "not today" in html
    assert fresh(run).state == "asked"
    assert press(clerk, run, "discard").status_code == 302
    assert fresh(run).state == "discarded"


def test_up_to_the_rule_nobody_is_asked(clerk, rule, commits):
    run = choose(clerk, "cancel", many_orders(3))

    with commits():
        press(clerk, run, "confirm", **CANCEL)

    assert fresh(run).state == "done"
    assert not Approval.objects.exists()


def test_a_dialog_of_few_rows_asks_the_second_person_too(clerk, rule, settings):
    settings.BULK_AT_ONCE_ROWS = 10
    orders = many_orders(4)

    answer = clerk.post(
        "/admin/orders/order/acts/cancel/",
        {"idempotency_key": "k1", "ids": [order.pk for order in orders], **CANCEL},
    )

    run = BulkRun.objects.get()
    assert answer.url == page(run)
    assert run.state == "asked"
