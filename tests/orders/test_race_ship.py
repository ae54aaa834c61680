"""Two people at one order: ship against ship, ship against cancel, on PostgreSQL with threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, models, transaction
from django.db.models import Sum
from django.utils import timezone

from backoffice import history
from backoffice.refused import Refused
from catalog.models import StockLevel, StockMovement
from catalog.services import Wanted, commit_stock, stock_drift
from orders import services
from orders.models import Cancellation, Order, OrderLine, Shipment, ShipmentLine
from tests.orders.factories import CustomerFactory, ProductFactory, boss, click

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

PAIRS = 500
FEWER_PAIRS = 60
UNITS = 2


@transaction.atomic
def processing_orders(number: int) -> list[Order]:
    """Return orders that may be shipped, written set-based: the race is about what comes next."""
    mug, customer = ProductFactory(stock=number * UNITS), CustomerFactory()
    orders = history.insert_rows(
        [
            Order(
                number=f"SO-{serial}",
                customer=customer,
                status="processing",
                subtotal=mug.price * UNITS,
                total=mug.price * UNITS,
                placed_at=timezone.now(),
            )
            for serial in range(number)
        ]
    )
    lines = [
        OrderLine(
            order=order,
            product=mug,
            sku=mug.sku,
            name=mug.name,
            unit_price=mug.price,
            quantity=UNITS,
            committed=UNITS,
        )
        for order in orders
    ]
    places = commit_stock(wanted=[Wanted(mug.pk, UNITS, "order_line", li.uuid) for li in lines])
    for line in lines:
        line.location_id = places[line.uuid]
    history.insert_rows(lines)
    return orders


def ship(order: Order, **more) -> None:
    services.ship_order(order_id=order.pk, by=boss(), reason="", notify=False, **more)


def cancel(order: Order) -> None:
    services.cancel_order(
        order_id=order.pk, by=boss(), reason="", reason_code="other", notify=False
    )


def pack(order: Order) -> None:
    services.pack_order(order_id=order.pk, by=boss(), reason="")


Deed = Callable[[Order], None]


def duel(orders: list[Order], *deeds: Deed) -> list[tuple[object, ...]]:
    """Let several people act on each order at the same moment; return what each was told."""
    start = threading.Barrier(len(deeds))
    person = boss()

    def acts(deed: Deed) -> list[object]:
        told: list[object] = []
        try:
            for order in orders:
                start.wait(timeout=60)
                try:
                    with click(person):
                        deed(order)
                    told.append("done")
                except Refused as refusal:
                    told.append(refusal)
        finally:
            connection.close()
        return told

    with ThreadPoolExecutor(len(deeds)) as pool:
        running = [pool.submit(acts, deed) for deed in deeds]
        return list(zip(*(one.result() for one in running), strict=True))


def wronged(orders: list[Order]) -> list[int]:
    """Return the orders of which more, or less, was moved than their state says."""
    ids = [order.pk for order in orders]
    in_parcels = dict(
        ShipmentLine.objects.filter(shipment__status="left")
        .values_list("line")
        .annotate(units=Sum("quantity"))
    )
    off_shelf = dict(
        StockMovement.objects.filter(kind="ship")
        .order_by()
        .values_list("cause_uuid")
        .annotate(units=Sum("on_hand_delta"))
    )
    wrong = []
    for line in OrderLine.objects.filter(order__in=ids).select_related("order"):
        gone = in_parcels.get(line.pk, 0)
        is_right = gone == line.shipped == -off_shelf.get(line.uuid, 0)
        is_cancelled = line.order.status == "cancelled"
        if not is_right or line.cancelled != (UNITS if is_cancelled else 0):
            wrong.append(line.order_id)
    return wrong


def test_of_ship_and_cancel_one_wins_and_the_other_is_told():
    with click(boss()):
        orders = processing_orders(PAIRS)

    told = duel(orders, ship, cancel)

    assert [pair.count("done") for pair in told] == [1] * PAIRS
    losers = [one for pair in told for one in pair if one != "done"]
    assert {loser.code for loser in losers} <= {"step_not_open", "already_shipped", "claim_open"}
    assert all(loser.http_status == 409 and str(loser) for loser in losers)
    assert wronged(orders) == []
    shipped = sum(pair[0] == "done" for pair in told)
    assert 0 < shipped < PAIRS  # otherwise the two never met
    assert Shipment.objects.count() == shipped
    assert Cancellation.objects.count() == PAIRS - shipped
    assert stock_drift() == []


def test_of_two_who_ship_the_same_order_one_does():
    with click(boss()):
        orders = processing_orders(FEWER_PAIRS)

    told = duel(orders, ship, ship)

    assert [pair.count("done") for pair in told] == [1] * FEWER_PAIRS
    assert {one.code for pair in told for one in pair if one != "done"} == {"nothing_to_ship"}
    assert Shipment.objects.count() == FEWER_PAIRS
    assert wronged(orders) == []
    assert stock_drift() == []


def test_units_are_not_in_two_parcels_when_two_pack_and_one_ships():
    with click(boss()):
        orders = processing_orders(FEWER_PAIRS)

    duel(orders, pack, pack, ship)

    level = StockLevel.objects.get()
    in_parcels = sum(ShipmentLine.objects.values_list("quantity", flat=True))
    assert in_parcels == FEWER_PAIRS * UNITS
    assert level.on_hand - level.unavailable == level.committed
    assert stock_drift() == []


def test_a_parcel_is_sent_once_by_two_and_completes_its_order_once():
    with click(boss()):
        orders = processing_orders(FEWER_PAIRS)
        for order in orders:
            services.record_payment(order_id=order.pk, amount=None, by=boss(), reason="")
        parcels = {
            order.pk: services.pack_order(order_id=order.pk, by=boss(), reason="")[0].pk
            for order in orders
        }

    def send(order: Order) -> None:
        services.send_shipment(shipment_id=parcels[order.pk], by=boss(), reason="", notify=False)

    told = duel(orders, send, send)

    assert [pair.count("done") for pair in told] == [1] * FEWER_PAIRS
    assert wronged(orders) == []
    completed = Order.history.filter(step="complete").values_list("id", flat=True)
    assert sorted(completed) == sorted(order.pk for order in orders)


@pytest.fixture
def no_locks(monkeypatch) -> None:
    """Switch the row locks of the verbs off: everybody reads, then everybody writes."""
    monkeypatch.setattr(models.QuerySet, "select_for_update", lambda rows, **_: rows.all())


def test_without_the_locks_an_order_leaves_twice(no_locks):
    with click(boss()):
        orders = processing_orders(FEWER_PAIRS)

    duel(orders, _or_crash(ship), _or_crash(ship))

    assert Shipment.objects.count() > FEWER_PAIRS or wronged(orders)


def _or_crash(deed: Deed) -> Deed:
    """Without locks the database's own constraints stop some: for the control that is no failure."""

    def tried(order: Order) -> None:
        try:
            deed(order)
        except Refused:
            raise
        except Exception:  # noqa: BLE001
            pass

    return tried
