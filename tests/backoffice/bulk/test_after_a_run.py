"""After a run: the refused again, banks beside none, acts that are gone, answers as they were."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice.models import BulkRun
from backoffice.refused import Refused
from orders import services
from tests.backoffice.bulk.desk import CANCEL, choose, fresh, page, press
from tests.orders.factories import OrderFactory, boss, pay
from tests.orders.factories import fresh as fresh_order
from tests.orders.many import many_orders

pytestmark = pytest.mark.django_db


def test_the_refused_are_run_again_as_a_new_plan_with_the_same_answers(clerk, commits):
    orders = many_orders(5)
    for order in orders[:3]:
        services.hold_order(order_id=order.pk, by=boss(), reason="wait")
    run = choose(clerk, "hold", orders)
    with commits():
        press(clerk, run, "confirm", reason="stocktaking")
    services.release_orders(order_ids=[o.pk for o in orders[:2]], by=boss(), reason="")

    answer = press(clerk, run, "again")

    again = BulkRun.objects.get(repeats=run)
    assert answer.url == page(again)
    assert (again.total, again.can, again.cannot) == (3, 2, 1)
    assert "stocktaking" in clerk.get(page(again)).content.decode()
    with commits():
        press(clerk, again, "confirm", reason="stocktaking")
    assert fresh(again).done == 2


def test_orders_with_and_without_a_bank_go_together(clerk, commits):
    free, paid, authorised = many_orders(3), OrderFactory(status="processing"), OrderFactory()
    pay(authorised)
    run = choose(clerk, "cancel", [*free, paid, authorised])

    with commits():
        press(clerk, run, "confirm", **CANCEL)

    assert (fresh(run).done, fresh(run).refused) == (5, 0)
    assert fresh_order(paid).facts.refunded == paid.total
    assert fresh_order(authorised).facts.authorised == 0


def test_what_the_bank_declines_stands_in_the_receipt(clerk, commits):
    bad = OrderFactory(status="processing", card="tok_refund_declined")
    run = choose(clerk, "cancel", [*many_orders(3), bad])

    with commits():
        press(clerk, run, "confirm", **CANCEL)

    row = run.rows.get(verdict="refused")
    assert row.title == bad.number
    assert row.sentence
    assert fresh(run).done == 3


def test_an_act_that_no_longer_exists_can_only_be_discarded(clerk):
    run = choose(clerk, "hold", many_orders(3))
    BulkRun.objects.filter(pk=run.pk).update(act="levitate")

    html = clerk.get(page(run)).content.decode()
    answer = press(clerk, run, "confirm", reason="x")

    assert "does not offer it any more" in html
    assert answer.status_code == 409
    assert press(clerk, run, "discard").status_code == 302


def test_answers_come_back_from_their_keeping_as_they_were():
    from datetime import UTC, date, datetime
    from uuid import uuid4

    from backoffice.bulk import answers

    given = {
        "amount": Decimal("12.30"),
        "on": date(2026, 1, 2),
        "at": datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        "who": uuid4(),
        "lines": {7: 2},
        "tags": ["a", "b"],
        "flag": True,
        "units": 3,
        "nothing": None,
        "reason": "because",
    }

    assert answers.decode(answers.encode(given)) == given
    with pytest.raises(TypeError):
        answers.encode({"odd": object()})


def test_reasons_leave_out_what_differs_and_keep_what_matters():
    from backoffice.bulk.refusals import reason_of

    class Heavy(Refused):
        sentence = "{what} weighs {grams:,} g; {who} lifts {limit} in {place}."

    refused = Heavy(what="SO-1", grams=5000, who="Ada", limit=Decimal(2), place="Kiel")

    assert reason_of("SO-1", refused) == "Weighs … g; Ada lifts … in Kiel."
