"""The plan: which rows can, which cannot and why, what it moves; and nothing is done."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice import bulk
from backoffice.bulk import planning
from backoffice.models import BulkRow, BulkRun
from orders import services
from orders.models import Order
from tests.backoffice.bulk.desk import choose, fresh, page, press, verdicts
from tests.orders.factories import OrderFactory, boss, click
from tests.orders.many import many_orders

pytestmark = pytest.mark.django_db


def ship_unpaid(order):
    services.process_unpaid_order(order_id=order.pk, by=boss(), reason="known customer")
    services.ship_order(order_id=order.pk, by=boss(), reason="")


def test_a_plan_says_of_each_row_whether_it_can_and_why_not(clerk):
    orders = many_orders(5)
    ship_unpaid(orders[1])
    services.cancel_order(order_id=orders[3].pk, by=boss(), reason="", reason_code="other")

    run = choose(clerk, "cancel", orders)

    assert (run.state, run.total, run.can, run.cannot) == ("planned", 5, 3, 2)
    rows = {row.object_key: row for row in run.rows.all()}
    shipped, cancelled = rows[str(orders[1].pk)], rows[str(orders[3].pk)]
    assert (shipped.verdict, shipped.code) == ("cannot", "already_shipped")
    assert shipped.sentence == "1 units have left the house."
    assert shipped.way_out == "Take them back as a return instead."
    assert cancelled.sentence.startswith("Is cancelled; “Cancel” is only possible from")
    assert cancelled.title == orders[3].number
    assert {Order.objects.get(pk=order.pk).status for order in orders[:1]} == {"pending"}


def test_equal_reasons_are_counted_together_whatever_their_figures(clerk):
    orders = many_orders(3)
    cheap = OrderFactory()

    run = choose(clerk, "process", [*orders, cheap])
    (group,), others = bulk.groups_of(run, "cannot")

    assert (group.code, group.count, others) == ("payment_missing", 4, 0)
    assert group.sentence == "Only … of … EUR are authorised or paid."
    assert run.rows.filter(sentence__contains="of 12.50 EUR").count() == 3


def test_a_plan_adds_up_what_would_be_returned_by_currency(clerk):
    orders = [OrderFactory(status="processing") for _each in range(2)]
    unpaid = many_orders(2)

    run = choose(clerk, "cancel", [*orders, *unpaid])

    assert run.sums == {"EUR": str(sum(order.total for order in orders))}
    html = clerk.get(page(run)).content.decode()
    assert "Goes back" in html
    assert f"{sum(order.total for order in orders):,.2f}" in html


def test_all_that_match_is_what_search_and_queue_show_not_the_page(clerk, settings):
    waiting = many_orders(4)
    held = many_orders(3)
    services.hold_orders(order_ids=[order.pk for order in held], by=boss(), reason="stocktaking")

    run = choose(clerk, "cancel", waiting[:1], query="?queue=on_hold", across=True)

    assert run.is_across
    keys = set(run.rows.values_list("object_key", flat=True))
    assert keys == {str(order.pk) for order in held}


def test_all_that_match_is_what_the_role_sees(clerk, monkeypatch):
    orders = many_orders(5)
    admin_class = type(bulk.subject_of(choose(clerk, "hold", orders)).admin)
    everything = admin_class.get_queryset
    monkeypatch.setattr(
        admin_class,
        "get_queryset",
        lambda self, request: everything(self, request).exclude(pk=orders[0].pk),
    )

    run = choose(clerk, "hold", orders[:1], across=True)

    assert run.total == 4
    assert not run.rows.filter(object_key=str(orders[0].pk)).exists()


def test_rows_chosen_are_kept_as_they_were_at_the_click(clerk):
    orders = many_orders(4)

    run = choose(clerk, "hold", orders, across=True)
    many_orders(2)

    assert press(clerk, run, "plan_again").status_code == 302
    assert fresh(run).total == 4


def test_planning_again_sees_what_changed_since(clerk):
    orders = many_orders(4)
    run = choose(clerk, "hold", orders)
    services.hold_order(order_id=orders[0].pk, by=boss(), reason="wait")

    press(clerk, run, "plan_again")

    assert (fresh(run).can, fresh(run).cannot) == (3, 1)
    assert verdicts(run) == {"can": 3, "cannot": 1}


def test_a_row_that_is_gone_is_told_as_unknown(clerk):
    orders = [OrderFactory(status="draft") for _each in range(3)]
    run = choose(clerk, "hold", orders)
    BulkRow.objects.filter(run=run, position=1).update(object_key="987654321")

    press(clerk, run, "plan_again")

    row = run.rows.get(position=1)
    assert (row.verdict, row.code) == ("cannot", "unknown_row")


def test_a_large_plan_is_made_by_a_job(clerk, settings, commits):
    settings.BULK_PLAN_AT_ONCE_ROWS = 3
    orders = many_orders(5)

    run = choose(clerk, "hold", orders)
    waiting = clerk.get(page(run)).content.decode()
    with commits():
        run = choose(clerk, "hold", orders)

    assert "Being planned" in waiting
    assert "bo-job" in waiting
    run = fresh(run)
    assert (run.state, run.can, run.job.state) == ("planned", 5, "done")
    assert "Hold 5 orders" in clerk.get(page(run)).content.decode()


def test_a_plan_that_was_interrupted_goes_on_where_it_ended(clerk, monkeypatch, support):
    orders = [*many_orders(3), OrderFactory(status="processing")]
    run = choose(clerk, "cancel", orders)
    before = run.sums
    BulkRun.objects.filter(pk=run.pk).update(state="staged")
    run.rows.filter(position__lte=2).update(verdict="staged")
    monkeypatch.setattr(planning, "ROWS_A_CHUNK", 1)

    again = bulk.plan(fresh(run))

    assert (again.state, again.can, again.sums) == ("planned", 4, before)


def test_the_plans_page_names_effect_and_number_on_its_button(clerk):
    orders = many_orders(4)
    ship_unpaid(orders[0])

    run = choose(clerk, "cancel", orders)
    html = clerk.get(page(run)).content.decode()

    assert "Cancel 3 orders" in html
    assert "1 cannot, because" in html
    assert f"/admin/orders/order/{orders[0].pk}/change/" in html


def test_the_rows_of_a_plan_are_found_by_tab_reason_and_words(clerk):
    orders = many_orders(4)
    ship_unpaid(orders[0])
    run = choose(clerk, "cancel", orders)

    by_tab = clerk.get(page(run), {"tab": "can"}).context["rows"]
    by_words = clerk.get(page(run), {"tab": "all", "q": orders[2].number}).context["rows"]
    by_reason = clerk.get(page(run), {"tab": "cannot", "reason": "nothing like it"}).context["rows"]

    assert [row.title for row in by_tab] == [order.number for order in orders[1:]]
    assert [row.title for row in by_words] == [orders[2].number]
    assert by_reason == []


@pytest.mark.parametrize(
    "query", ["tab=%00", "tab=nothing", "page=-1", "page=x", "q=%00", "reason=%27%25", "page=99999"]
)
def test_rubbish_in_the_address_of_a_plan_is_answered_with_the_page(clerk, query):
    run = choose(clerk, "hold", many_orders(3))

    assert clerk.get(f"{page(run)}?{query}").status_code == 200


def test_the_plans_page_needs_as_many_queries_for_many_rows_as_for_few(clerk):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for number in (3, 40):
        run = choose(clerk, "hold", many_orders(number))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            clerk.get(page(run))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_a_discarded_plan_did_nothing_and_cannot_be_confirmed(clerk):
    orders = many_orders(3)
    run = choose(clerk, "hold", orders)

    dropped = press(clerk, run, "discard")
    late = press(clerk, run, "confirm", reason="stocktaking")

    assert dropped.status_code == 302
    assert late.status_code == 409
    assert "does not wait for a confirmation: discarded" in late.content.decode()
    assert not run.rows.exists()
    assert not Order.objects.filter(is_held=True).exists()


def test_an_expired_plan_cannot_be_confirmed_and_is_swept(clerk, support):
    from django.utils import timezone

    run = choose(clerk, "hold", many_orders(3))
    BulkRun.objects.filter(pk=run.pk).update(expires_at=timezone.now())

    late = press(clerk, run, "confirm", reason="stocktaking")
    swept = bulk.sweep(now=timezone.now())

    assert late.status_code == 409
    assert "expired" in late.content.decode()
    assert swept["expired"] == 1
    assert (fresh(run).state, run.rows.count()) == ("expired", 0)
    assert clerk.get(page(run)).status_code == 200


def test_more_currencies_stand_beside_each_other(clerk, monkeypatch):
    run = choose(clerk, "cancel", many_orders(3))
    BulkRun.objects.filter(pk=run.pk).update(sums={"EUR": "12431.00", "USD": "80.00"})

    html = clerk.get(page(run)).content.decode()

    assert "12,431.00" in html
    assert "80.00" in html
    assert Decimal(fresh(run).sums["USD"]) == 80


def test_a_click_on_nothing_stages_nothing(clerk):
    many_orders(3)
    with click(boss()):
        answer = clerk.post(
            "/admin/orders/order/?queue=cancelled",
            {"action": "act_cancel", "index": "0", "select_across": "1", "_selected_action": [1]},
        )

    assert answer.status_code in {200, 302}
    assert not BulkRun.objects.exists()
