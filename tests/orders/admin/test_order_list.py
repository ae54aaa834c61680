from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from backoffice import changes
from orders import services
from orders.filters import OrderFilterSet, with_payment_state
from orders.models import Order
from orders.workspace import payment_state
from tests.orders.admin.desk import page_of, press_for_all, read
from tests.orders.factories import CustomerFactory, OrderFactory, boss, fresh, pay

pytestmark = pytest.mark.django_db

LIST = "/admin/orders/order/"
BASELINE = json.loads(Path(settings.BASE_DIR, "tests/query_counts.json").read_text())


def placed_at(moment) -> Order:
    order = OrderFactory(status="draft")
    with changes.change(separate=True, at=moment):
        return services.place_order(order_id=order.pk, by=boss(), reason="")


def queries_of(client, url) -> int:
    client.get(url)  # sign-in traffic is written once a minute
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def shown(html) -> set[str]:
    """Return the numbers of the orders that stand in the list."""
    return {order.number for order in Order.objects.placed() if f">{order.number}<" in html}


def test_the_queries_of_the_list_are_the_baseline_however_many_rows(support, sign_in):
    client = sign_in(support)
    OrderFactory()
    few = queries_of(client, LIST)
    for status in ("draft", "pending", "processing", "completed", "cancelled", "pending"):
        OrderFactory(status=status)

    assert queries_of(client, LIST) == few <= BASELINE["orders_list"]


def test_the_queries_of_a_workspace_are_the_baseline_however_much_happened(support, sign_in):
    client = sign_in(support)
    order = OrderFactory(status="processing")
    few = queries_of(client, page_of(order))
    for word in "abcdef":
        services.add_note(order_id=order.pk, body=word, by=support)

    assert queries_of(client, page_of(order)) == few <= BASELINE["order_workspace"]


def test_the_queues_hold_what_their_names_say_with_counts(support, sign_in):
    held, waiting = OrderFactory(), OrderFactory()
    services.hold_order(order_id=held.pk, by=support, reason="wait")
    to_ship = OrderFactory(status="processing")
    done, gone = OrderFactory(status="completed"), OrderFactory(status="cancelled")
    OrderFactory(status="draft")
    client = sign_in(support)

    wanted = {
        "to_process": waiting,
        "on_hold": held,
        "to_ship": to_ship,
        "completed": done,
        "cancelled": gone,
    }
    for queue, order in wanted.items():
        assert shown(read(client, LIST, queue=queue)) == {order.number}
    html = read(client, LIST)
    # Nobody works through what is closed, so only what waits is counted.
    assert html.count('class="bo-count') == 5


def test_whoever_has_waited_longest_comes_first_in_the_queue(support, sign_in):
    newer = placed_at(timezone.now() - timedelta(hours=1))
    older = placed_at(timezone.now() - timedelta(days=2))

    html = read(sign_in(support), LIST, queue="to_process")

    assert html.index(f">{older.number}<") < html.index(f">{newer.number}<")


@pytest.mark.parametrize(
    "spell",
    [
        lambda order: order.number,
        lambda order: order.number.replace("-", ""),
        lambda order: order.number.replace("SO-", "").replace("-", ""),
        lambda order: "ADA@example.com",
        lambda order: "ada lov",
    ],
)
def test_the_search_finds_an_order_by_number_email_or_name(spell, support, sign_in):
    customer = CustomerFactory(email="ada@example.com", last_name="Lovelace")
    order = OrderFactory(customer=customer)
    OrderFactory(customer=CustomerFactory(first_name="Grace", last_name="Hopper"))

    html = read(sign_in(support), LIST, q=spell(order))

    assert shown(html) == {order.number}


def test_the_list_masks_customers_for_an_auditor(auditor, support, sign_in):
    OrderFactory()

    assert "A••• L•••" in read(sign_in(auditor), LIST)
    assert "Ada Lindqvist" in read(sign_in(support), LIST)


def found(**query) -> set[Order]:
    filterset = OrderFilterSet(query, queryset=Order.objects.all())
    assert filterset.is_valid(), filterset.errors
    return set(filterset.qs)


def test_the_filters_narrow_by_status_channel_total_hold_and_assignee(support):
    small = OrderFactory(shipping_fee=Decimal(0))
    large = OrderFactory(status="processing", shipping_fee=Decimal(900))
    services.hold_order(order_id=small.pk, by=support, reason="wait")
    services.take_order(order_id=small.pk, by=support, reason="")

    assert found(status=["processing"]) == {large}
    assert found(held="true") == {small}
    assert found(total_min="100") == {large}
    assert found(total_max="100") == {small}
    assert found(assignee=str(support.pk)) == {small}
    assert found(assignee="null") == {large}
    assert found(channel="web") == set()


def test_the_filter_by_days_keeps_its_last_day(db):
    midnight = datetime(2026, 4, 1, tzinfo=timezone.get_current_timezone())
    on_the_day = placed_at(midnight - timedelta(seconds=30))
    placed_at(midnight)

    assert found(placed_after="2026-03-31", placed_before="2026-03-31") == {on_the_day}


def test_the_payment_filter_says_what_the_labels_say(support, finance):
    orders = [OrderFactory(status=status) for status in ("pending", "completed", "cancelled")]
    authorised, part = OrderFactory(), OrderFactory()
    pay(authorised)
    services.record_payment(order_id=part.pk, amount=Decimal(5), by=finance, reason="")
    returned = OrderFactory(status="processing")
    services.cancel_order(order_id=returned.pk, by=support, reason="", reason_code="changed_mind")
    orders += [authorised, part, returned]

    in_database = dict(with_payment_state(Order.objects.all()).values_list("pk", "payment_state"))

    assert in_database == {order.pk: payment_state(fresh(order)).name for order in orders}
    assert set(in_database.values()) == {
        "unpaid",
        "paid",
        "authorised",
        "partly_paid",
        "refunded",
    }


def test_bulk_process_reports_what_was_refused_and_why(support, sign_in):
    paid, unpaid, held = OrderFactory(), OrderFactory(), OrderFactory()
    for order in (paid, held):
        pay(order)
    services.hold_order(order_id=held.pk, by=support, reason="check the address")

    answer = press_for_all(sign_in(support), [paid, unpaid, held], "process")

    html, run = answer.content.decode(), answer.context["run"]
    assert (run.state, run.done, run.refused) == ("done", 1, 2)
    assert "are authorised or paid" in html
    assert "The order is on hold: check the address." in html
    assert {o.status for o in Order.objects.filter(pk__in=[unpaid.pk, held.pk])} == {"pending"}
    assert Order.objects.get(pk=paid.pk).status == "processing"


@pytest.mark.parametrize("act", ["process", "cancel", "hold", "release", "ship", "complete"])
def test_the_flow_can_be_taken_for_a_selection(act, manager, sign_in):
    OrderFactory()

    html = read(sign_in(manager), LIST)

    assert f'value="act_{act}"' in html


def test_looking_at_the_bulk_address_does_nothing(manager, sign_in):
    url = reverse("admin:orders_order_bulk_act", args=["cancel"])

    assert sign_in(manager).get(url).status_code == 405
