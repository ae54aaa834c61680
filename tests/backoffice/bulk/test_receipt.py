"""The receipt: for whoever asks next month, as a page and as a sheet."""

from __future__ import annotations

import csv
import io

import pytest

from backoffice.models import BulkRow
from orders import services
from tests.backoffice.bulk.desk import CANCEL, choose, fresh, page, press
from tests.orders.factories import boss
from tests.orders.many import many_orders

pytestmark = pytest.mark.django_db
LIST = "/admin/orders/order/"


@pytest.fixture
def receipt(clerk, commits):
    """Six orders, two of which could not be held."""
    orders = many_orders(6)
    services.hold_orders(order_ids=[o.pk for o in orders[:2]], by=boss(), reason="wait")
    run = choose(clerk, "hold", orders)
    with commits():
        press(clerk, run, "confirm", reason="stocktaking, aisle 4")
    return fresh(run)


def sheet(client, run):
    answer = client.get(page(run, "csv"))
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return answer, list(csv.reader(io.StringIO(text)))


def test_a_receipt_says_what_was_done_what_was_refused_and_what_was_answered(clerk, receipt):
    html = clerk.get(page(receipt)).content.decode()

    assert "stocktaking, aisle 4" in html
    assert "2 refused, because" in html
    assert "The order is on hold: wait." in html
    assert "Run the refused again" in html


def test_done_and_refused_rows_stand_in_their_tabs(clerk, receipt):
    done = clerk.get(page(receipt), {"tab": "done"}).context
    refused = clerk.get(page(receipt), {"tab": "refused"}).context

    assert [tab.count for tab in done["tabs"]] == [2, 4, 6]
    assert len(done["rows"]) == 4
    assert {row.label for row in refused["rows"]} == {BulkRow.Verdict.REFUSED.label}
    assert all(row.url.startswith("/admin/orders/order/") for row in refused["rows"])


def test_the_sheet_has_a_line_for_each_row_with_its_reason(clerk, receipt):
    answer, lines = sheet(clerk, receipt)

    assert "attachment" in answer["Content-Disposition"]
    assert lines[0] == ["row", "result", "code", "reason", "way_out"]
    assert len(lines) == 7
    assert [line[1] for line in lines[1:]] == ["Refused"] * 2 + ["Done"] * 4
    assert lines[1][2:4] == ["order_held", "The order is on hold: wait."]


def test_no_cell_of_the_sheet_is_run_as_a_formula(clerk, receipt):
    row = receipt.rows.first()
    BulkRow.objects.filter(pk=row.pk).update(title='=HYPERLINK("http://x")', sentence="+1+1")

    _answer, lines = sheet(clerk, receipt)

    assert lines[1][0].startswith("'=")
    assert lines[1][3].startswith("'+")


def test_words_in_a_receipt_are_shown_as_words(clerk, receipt):
    receipt.rows.update(title="<script>alert(1)</script>")

    assert "<script>alert(1)" not in clerk.get(page(receipt)).content.decode()


def test_those_who_see_the_record_are_led_to_everything_it_did(sign_in, manager, clerk, receipt):
    link = f"/admin/backoffice/changeset/{receipt.change_set_id}/change/"

    assert link in sign_in(manager).get(page(receipt)).content.decode()
    assert link not in clerk.get(page(receipt)).content.decode()
    assert "Run the refused again" not in sign_in(manager).get(page(receipt)).content.decode()


def test_the_list_of_runs_shows_ones_own_and_all_to_those_who_see_the_record(
    sign_in, manager, make_user, clerk, receipt
):
    name = "Hold 6 orders"
    colleague = sign_in(make_user("support", email="colleague@example.com"))
    where = "/admin/backoffice/bulkrun/"

    assert name in clerk.get(where).content.decode()
    assert name in sign_in(manager).get(where).content.decode()
    assert name not in colleague.get(where).content.decode()


def test_few_rows_that_all_can_lead_back_to_the_list_with_a_link_to_the_receipt(clerk):
    orders = many_orders(2)

    answer = clerk.post(
        f"{LIST}acts/hold/",
        {
            "idempotency_key": "k",
            "ids": [order.pk for order in orders],
            "reason": "wait",
            "next_page": f"{LIST}?queue=to_process",
        },
        follow=True,
    )

    assert answer.redirect_chain == [(f"{LIST}?queue=to_process", 302)]
    assert "Hold: 2 done." in answer.content.decode()
    assert "/admin/backoffice/bulkrun/" in answer.content.decode()


def test_a_dialog_that_moves_much_money_asks_for_the_number(clerk, settings):
    from tests.orders.factories import OrderFactory

    settings.BULK_TYPED_ABOVE_MONEY = 20
    orders = [OrderFactory(status="processing") for _each in range(2)]
    ids = [order.pk for order in orders]

    asked = clerk.post(LIST, {"action": "act_cancel", "index": "0", "_selected_action": ids})
    wrong = clerk.post(f"{LIST}acts/cancel/", {"idempotency_key": "a", "ids": ids, **CANCEL})
    right = clerk.post(
        f"{LIST}acts/cancel/", {"idempotency_key": "b", "ids": ids, "typed_rows": "2", **CANCEL}
    )

    assert "Type 2 to confirm" in asked.content.decode()
    assert wrong.status_code == 422
    assert "Type 2 to confirm" in wrong.content.decode()
    assert right.status_code == 302
    assert orders[0].__class__.objects.filter(status="cancelled").count() == 2
