"""Shipping by line and quantity, from a place; what it refuses."""

from __future__ import annotations

import pytest

from backoffice import changes
from backoffice.refused import BadValue, NotAllowed, StaleVersion, UnknownRow
from catalog import services as catalog
from catalog.models import StockLevel, StockLocation, StockMovement
from catalog.refusals import NotPositive
from catalog.services import LocationClosed, NotEnoughStock, stock_drift
from orders import services
from orders.models import Message, Shipment
from orders.services import MoreThanOpen, NothingChosen, NotOnOrder, ShipUnits
from tests.catalog.factories import put_on_shelf
from tests.orders.factories import OrderFactory, ProductFactory, boss, click, fresh

pytestmark = pytest.mark.django_db


def ship(order, by, **more):
    with click(by):
        return services.ship_order(order_id=order.pk, by=by, reason="", **more)


@pytest.fixture
def order():
    mug, pot = ProductFactory(stock=9), ProductFactory(stock=9)
    return OrderFactory(status="processing", lines=[(mug, 4), (pot, 2)])


@pytest.fixture
def annex() -> StockLocation:
    return catalog.create_location(name="Annex", code="ANNEX", by=boss(), reason="", priority=5)


def shelf(product, location) -> tuple[int, int]:
    level = StockLevel.objects.get(product=product, location=location)
    return level.on_hand, level.committed


def test_some_units_leave_and_the_order_stays_open_until_the_rest_follows(order, fulfilment):
    mug = order.lines.first()

    first = ship(order, fulfilment, lines=[ShipUnits(mug.pk, 3)], tracking="1Z999AA10123456784")

    assert first.status == "processing"
    assert first.facts.fulfilment_state == "partly"
    assert [(li.committed, li.shipped) for li in order.lines.all()] == [(1, 3), (2, 0)]
    parcel = Shipment.objects.get()
    assert (parcel.status, parcel.carrier, parcel.left_at is None) == ("left", "UPS", False)
    assert [(li.line_id, li.quantity) for li in parcel.lines.all()] == [(mug.pk, 3)]
    second = ship(order, fulfilment)
    assert second.status == "completed"
    assert [(li.committed, li.shipped) for li in order.lines.all()] == [(0, 4), (0, 2)]
    assert order.history.filter(step="complete").count() == 1
    assert stock_drift() == []


def test_the_same_line_named_twice_is_added_up(order, fulfilment):
    mug = order.lines.first()

    ship(order, fulfilment, lines=[ShipUnits(mug.pk, 1), ShipUnits(mug.pk, 2)])

    assert Shipment.objects.get().lines.get().quantity == 3


def test_a_carrier_that_somebody_names_is_not_guessed(order, fulfilment):
    ship(order, fulfilment, tracking="1Z999AA10123456784", carrier=" Anna's van ")

    assert Shipment.objects.get().carrier == "Anna's van"


def test_ship_order_refuses_more_than_is_left_and_says_how_many_there_are(order, fulfilment):
    mug = order.lines.first()
    ship(order, fulfilment, lines={mug.pk: 1})
    with click(fulfilment):
        services.pack_order(order_id=order.pk, lines={mug.pk: 1}, by=fulfilment, reason="")

    with pytest.raises(MoreThanOpen) as refusal:
        ship(order, fulfilment, lines={mug.pk: 3})

    assert refusal.value.message == f"{mug.sku}: 3 wanted, 2 left (1 packed, 1 shipped)."
    assert fresh(order).facts.shipped_units == 1


@pytest.mark.parametrize("units", [0, -1, True, 1.5])
def test_ship_order_refuses_what_is_no_number_of_units(order, fulfilment, units):
    with pytest.raises(NotPositive):
        ship(order, fulfilment, lines={order.lines.first().pk: units})


def test_ship_order_refuses_an_empty_choice_and_a_foreign_line(order, fulfilment):
    other = OrderFactory(status="processing").lines.get()

    with pytest.raises(NothingChosen):
        ship(order, fulfilment, lines={})
    with pytest.raises(NotOnOrder, match=f"has no line {other.pk}"):
        ship(order, fulfilment, lines={other.pk: 1})

    assert not Shipment.objects.exists()


@pytest.mark.parametrize(
    "label", [{"tracking": "1" * 81}, {"carrier": "x" * 61}, {"tracking": "12\x0034"}]
)
def test_ship_order_refuses_a_label_that_does_not_fit(order, fulfilment, label):
    with pytest.raises(BadValue):
        ship(order, fulfilment, **label)

    assert not Shipment.objects.exists()


def test_ship_order_refuses_roles_without_the_permission_and_old_versions(order, support, manager):
    with pytest.raises(NotAllowed):
        ship(order, support)
    with pytest.raises(StaleVersion):
        ship(order, manager, version=order.version - 1)


def test_units_leave_from_the_place_that_is_named(order, fulfilment, annex):
    line = order.lines.first()
    home = line.location
    put_on_shelf(line.product, 5, location=annex)

    ship(order, fulfilment, lines={line.pk: 3}, location_id=annex.pk)

    assert shelf(line.product, annex) == (2, 0)
    assert shelf(line.product, home) == (9, 1)
    assert Shipment.objects.get().location == annex
    kinds = StockMovement.objects.filter(cause_uuid=line.uuid).order_by("id")
    assert [m.kind for m in kinds] == ["commit", "release", "commit", "ship"]
    line.refresh_from_db()
    assert line.location == home  # one unit is still promised there
    assert stock_drift() == []


def test_a_place_that_has_too_few_refuses_and_nothing_moves(order, fulfilment, annex):
    line = order.lines.first()
    put_on_shelf(line.product, 2, location=annex)

    with pytest.raises(NotEnoughStock, match="3 wanted, 2 available"):
        ship(order, fulfilment, lines={line.pk: 3}, location_id=annex.pk)

    assert shelf(line.product, annex) == (2, 0)
    assert shelf(line.product, line.location) == (9, 4)


def test_a_closed_or_unknown_place_is_refused(order, fulfilment, annex):
    catalog.edit_location(location_id=annex.pk, changes={"is_active": False}, by=boss(), reason="")

    with pytest.raises(LocationClosed):
        ship(order, fulfilment, location_id=annex.pk)
    with pytest.raises(UnknownRow):
        ship(order, fulfilment, location_id=0)


def test_lines_of_two_places_leave_in_two_parcels(fulfilment, annex):
    mug, pot = ProductFactory(stock=9), ProductFactory(stock=0)
    put_on_shelf(pot, 5, location=annex)
    order = OrderFactory(status="processing", lines=[(mug, 1), (pot, 2)])

    ship(order, fulfilment)

    parcels = Shipment.objects.order_by("pk")
    assert {p.location.code for p in parcels} == {"MAIN", "ANNEX"}
    assert [p.lines.count() for p in parcels] == [1, 1]
    assert fresh(order).status == "completed"


def test_the_customer_is_told_unless_nobody_wants_it(order, fulfilment):
    mug, pot = order.lines.all()

    ship(order, fulfilment, lines={mug.pk: 4})
    ship(order, fulfilment, lines={pot.pk: 2}, notify=False)

    letter = Message.objects.get(template="shipped")
    assert mug.name in letter.text
    assert letter.order == order


@pytest.mark.parametrize("rows", [2, 10])
def test_ship_orders_asks_the_database_no_more_for_many(
    rows, fulfilment, django_assert_max_num_queries
):
    mug = ProductFactory(stock=200)
    ids = [OrderFactory(status="processing", lines=[(mug, 2)]).pk for _ in range(rows)]
    fulfilment.has_perm("orders.ship_order")

    with click(fulfilment), django_assert_max_num_queries(60):
        outcome = services.ship_orders(order_ids=ids, by=fulfilment, reason="")

    assert len(outcome.done) == rows


def test_ship_orders_answers_for_each_order(fulfilment, manager):
    paid = OrderFactory(status="processing")
    unpaid = OrderFactory()
    with click(manager):
        services.process_unpaid_order(order_id=unpaid.pk, by=manager, reason="known")
    held = OrderFactory(status="processing")
    services.hold_order(order_id=held.pk, by=boss(), reason="wait")
    packed = OrderFactory(status="processing")
    services.pack_order(order_id=packed.pk, by=boss(), reason="")

    with click(fulfilment):
        outcome = services.ship_orders(
            order_ids=[packed.pk, paid.pk, unpaid.pk, held.pk, 0, paid.pk], by=fulfilment, reason=""
        )

    assert {order.pk: order.status for order in outcome.done} == {
        paid.pk: "completed",
        unpaid.pk: "processing",
    }
    assert {refusal.code for _row, refusal in outcome.refused} == {
        "order_held",
        "nothing_loose",
        "unknown_row",
    }
    assert Shipment.objects.filter(status="left").count() == 2


def test_one_order_whose_shelf_is_wrong_does_not_stop_the_others(fulfilment):
    mug, pot = ProductFactory(stock=9), ProductFactory(stock=9)
    broken = OrderFactory(status="processing", lines=[(mug, 2)])
    sound = OrderFactory(status="processing", lines=[(pot, 2)])
    StockLevel.objects.filter(product=mug).update(committed=1)

    with click(fulfilment):
        outcome = services.ship_orders(order_ids=[broken.pk, sound.pk], by=fulfilment, reason="")

    assert [order.pk for order in outcome.done] == [sound.pk]
    assert [refusal.code for _row, refusal in outcome.refused] == ["not_committed"]


def test_everything_that_one_click_ships_stands_in_one_change_set(order, fulfilment):
    with click(fulfilment) as change:
        services.ship_order(order_id=order.pk, by=fulfilment, reason="as agreed")

    row = change.row()
    assert (row.action, row.note) == ("orders.ship", "as agreed")
    assert Shipment.objects.get().change_set == row
    assert Shipment.objects.get().history.get().step == "ship"
    assert changes.current() is not change
