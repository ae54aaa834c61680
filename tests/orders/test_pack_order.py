"""Parcels that wait on the bench: packed, sent, unpacked, relabelled."""

from __future__ import annotations

import pytest

from backoffice.refused import NotAllowed, ReasonMissing, StaleVersion, StepNotOpen, UnknownRow
from catalog import services as catalog
from catalog.models import StockLevel
from catalog.services import NotEnoughStock, stock_drift
from orders import services
from orders.guards import NothingLoose, NothingPromised, OrderHeld, StillPacked
from orders.models import Message, Shipment
from orders.services import MoreThanOpen
from orders.states import SHIPMENT_FLOW
from tests.catalog.factories import put_on_shelf
from tests.orders.factories import OrderFactory, ProductFactory, boss, click, fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    return OrderFactory(
        status="processing", lines=[(ProductFactory(stock=9), 4), (ProductFactory(stock=9), 2)]
    )


def pack(order, by, **more) -> Shipment:
    with click(by):
        (parcel,) = services.pack_order(order_id=order.pk, by=by, reason="", **more)
    return parcel


def send(parcel, by, **more) -> Shipment:
    with click(by):
        return services.send_shipment(shipment_id=parcel.pk, by=by, reason="", **more)


def unpack(parcel, by, reason="box is torn", **more) -> Shipment:
    with click(by):
        return services.unpack_shipment(shipment_id=parcel.pk, by=by, reason=reason, **more)


def test_packed_units_stay_promised_until_the_parcel_leaves(order, fulfilment):
    mug = order.lines.first()

    parcel = pack(order, fulfilment, lines={mug.pk: 3})

    assert (parcel.status, parcel.left_at) == ("packed", None)
    facts = fresh(order).facts
    assert (facts.packed_units, facts.loose_units, facts.shipped_units) == (3, 3, 0)
    level = StockLevel.objects.get(product=mug.product)
    assert (level.on_hand, level.committed) == (9, 4)

    sent = send(parcel, fulfilment, tracking="00340434161094022115")

    assert (sent.status, sent.carrier) == ("left", "DHL")
    assert sent.left_at is not None
    level.refresh_from_db()
    assert (level.on_hand, level.committed) == (6, 1)
    mug.refresh_from_db()
    assert (mug.committed, mug.shipped) == (1, 3)
    assert fresh(order).facts.packed_units == 0
    assert stock_drift() == []


def test_the_last_parcel_that_leaves_completes_the_order_once(order, fulfilment):
    mug, pot = order.lines.all()
    first = pack(order, fulfilment, lines={mug.pk: 4})
    second = pack(order, fulfilment, lines={pot.pk: 2})

    send(second, fulfilment)
    assert fresh(order).status == "processing"
    send(first, fulfilment)

    assert fresh(order).status == "completed"
    assert order.history.filter(step="complete").count() == 1
    assert Message.objects.filter(order=order, template="shipped").count() == 2


def test_ship_order_leaves_packed_units_alone(order, fulfilment):
    mug = order.lines.first()
    pack(order, fulfilment, lines={mug.pk: 3})

    with click(fulfilment):
        services.ship_order(order_id=order.pk, by=fulfilment, reason="")

    assert [line.shipped for line in order.lines.all()] == [1, 2]
    with pytest.raises(NothingLoose, match="are packed: 3"), click(fulfilment):
        services.ship_order(order_id=order.pk, by=fulfilment, reason="")
    with pytest.raises(NothingLoose), click(fulfilment):
        services.pack_order(order_id=order.pk, by=fulfilment, reason="")


def test_units_without_promised_stock_are_not_shipped(order, fulfilment):
    for line in order.lines.all():
        line.committed = 0
        line.save()

    with pytest.raises(NothingPromised, match="6 units"), click(fulfilment):
        services.ship_order(order_id=order.pk, by=fulfilment, reason="")


def test_an_unpacked_parcel_gives_its_units_back_to_be_shipped(order, fulfilment):
    parcel = pack(order, fulfilment)

    unpacked = unpack(parcel, fulfilment)

    assert unpacked.status == "cancelled"
    assert parcel.history.first().step == "unpack"
    assert fresh(order).facts.loose_units == 6
    with click(fulfilment):
        shipped = services.ship_order(order_id=order.pk, by=fulfilment, reason="")
    assert shipped.status == "completed"


def test_unpack_shipment_needs_a_reason(order, fulfilment):
    parcel = pack(order, fulfilment)

    with pytest.raises(ReasonMissing):
        unpack(parcel, fulfilment, reason=" ")

    assert fresh(order).facts.packed_units == 6


def test_a_parcel_leaves_and_is_unpacked_once(order, fulfilment):
    parcel = pack(order, fulfilment, lines={order.lines.first().pk: 1})
    send(parcel, fulfilment)

    with pytest.raises(StepNotOpen, match="only possible from packed"):
        send(parcel, fulfilment)
    with pytest.raises(StepNotOpen):
        unpack(parcel, fulfilment)

    assert fresh(order).facts.shipped_units == 1
    assert order.history.filter(step="send").count() == 1


def test_a_held_order_s_parcel_stays_but_can_be_unpacked(order, fulfilment, manager):
    parcel = pack(order, fulfilment)
    with click(manager):
        services.hold_order(order_id=order.pk, by=manager, reason="fraud?")

    with pytest.raises(OrderHeld):
        send(parcel, fulfilment)
    with pytest.raises(OrderHeld), click(fulfilment):
        services.pack_order(order_id=order.pk, by=fulfilment, reason="")
    unpack(parcel, fulfilment)

    assert fresh(order).facts.packed_units == 0


def test_an_order_with_a_packed_parcel_is_not_cancelled(order, fulfilment, manager):
    parcel = pack(order, fulfilment)
    cancel = {"order_id": order.pk, "by": manager, "reason": "", "reason_code": "other"}

    with pytest.raises(StillPacked) as refusal, click(manager):
        services.cancel_order(**cancel)

    assert str(refusal.value) == "6 units are packed in a parcel. Unpack it first."
    unpack(parcel, fulfilment)
    with click(manager):
        assert services.cancel_order(**cancel).status == "cancelled"
    assert stock_drift() == []


def test_pack_send_and_unpack_are_for_those_who_ship(order, fulfilment, support):
    with pytest.raises(NotAllowed), click(support):
        services.pack_order(order_id=order.pk, by=support, reason="")
    parcel = pack(order, fulfilment)

    with pytest.raises(NotAllowed):
        send(parcel, support)
    with pytest.raises(NotAllowed):
        unpack(parcel, support)
    with pytest.raises(NotAllowed), click(support):
        services.correct_shipment(shipment_id=parcel.pk, tracking="1", by=support, reason="")


def test_an_old_version_or_an_unknown_parcel_is_refused(order, fulfilment):
    parcel = pack(order, fulfilment)

    with pytest.raises(StaleVersion):
        send(parcel, fulfilment, version=parcel.version + 1)
    with pytest.raises(UnknownRow):
        services.send_shipment(shipment_id=0, by=fulfilment, reason="")
    with pytest.raises(UnknownRow):
        services.unpack_shipment(shipment_id=0, by=fulfilment, reason="x")


def test_more_than_is_loose_is_not_packed(order, fulfilment):
    mug = order.lines.first()
    pack(order, fulfilment, lines={mug.pk: 3})

    with pytest.raises(MoreThanOpen, match=r"2 wanted, 1 left \(3 packed, 0 shipped\)"):
        pack(order, fulfilment, lines={mug.pk: 2})


def test_a_parcel_packed_elsewhere_is_sent_from_there_or_its_promise_goes_home(fulfilment):
    annex = catalog.create_location(name="Annex", code="ANNEX", by=boss(), reason="", priority=5)
    mug = ProductFactory(stock=9)
    order = OrderFactory(status="processing", lines=[(mug, 4)])
    home = order.lines.get().location
    put_on_shelf(mug, 5, location=annex)
    line = order.lines.get()

    parcel = pack(order, fulfilment, lines={line.pk: 3}, location_id=annex.pk)
    committed = dict(StockLevel.objects.filter(product=mug).values_list("location", "committed"))
    assert committed == {home.pk: 1, annex.pk: 3}
    unpack(parcel, fulfilment)

    committed = dict(StockLevel.objects.filter(product=mug).values_list("location", "committed"))
    assert committed == {home.pk: 4, annex.pk: 0}
    whole = pack(order, fulfilment, location_id=annex.pk)
    line.refresh_from_db()
    assert line.location == annex
    send(whole, fulfilment)
    assert StockLevel.objects.get(product=mug, location=annex).on_hand == 1
    assert stock_drift() == []


def test_a_promise_that_cannot_go_home_keeps_its_parcel(fulfilment):
    annex = catalog.create_location(name="Annex", code="ANNEX", by=boss(), reason="", priority=5)
    mug = ProductFactory(stock=4)
    order = OrderFactory(status="processing", lines=[(mug, 4)])
    put_on_shelf(mug, 3, location=annex)
    line = order.lines.get()
    parcel = pack(order, fulfilment, lines={line.pk: 3}, location_id=annex.pk)
    OrderFactory(lines=[(mug, 3)])  # takes what the parcel left free at home

    with pytest.raises(NotEnoughStock, match="Send the parcel"):
        unpack(parcel, fulfilment)

    assert Shipment.objects.get(pk=parcel.pk).status == "packed"
    send(parcel, fulfilment)
    assert stock_drift() == []


def test_correct_shipment_changes_the_label_and_nothing_else(order, fulfilment):
    parcel = send(pack(order, fulfilment), fulfilment, tracking="123")

    with click(fulfilment):
        services.correct_shipment(
            shipment_id=parcel.pk, tracking="RR123456785GB", by=fulfilment, reason="typo"
        )

    parcel.refresh_from_db()
    assert (parcel.carrier, parcel.tracking, parcel.status) == (
        "Royal Mail",
        "RR123456785GB",
        "left",
    )
    assert parcel.history.count() == 3


def test_send_shipments_answers_for_each_parcel(fulfilment, manager):
    orders = [OrderFactory(status="processing") for _ in range(3)]
    one, two, held = (pack(order, fulfilment) for order in orders)
    gone = send(pack(OrderFactory(status="processing"), fulfilment), fulfilment)
    with click(manager):
        services.hold_order(order_id=held.order_id, by=manager, reason="wait")

    with click(fulfilment):
        outcome = services.send_shipments(
            shipment_ids=[one.pk, gone.pk, held.pk, 0, two.pk], by=fulfilment, reason=""
        )

    assert [parcel.pk for parcel in outcome.done] == [one.pk, two.pk]
    assert sorted(refusal.code for _row, refusal in outcome.refused) == [
        "order_held",
        "step_not_open",
        "unknown_row",
    ]
    assert [fresh(order).status for order in orders] == ["completed", "completed", "processing"]


@pytest.mark.parametrize("rows", [2, 10])
def test_send_shipments_asks_the_database_no_more_for_many(
    rows, fulfilment, django_assert_max_num_queries
):
    mug = ProductFactory(stock=200)
    orders = [OrderFactory(status="processing", lines=[(mug, 2)]) for _ in range(rows)]
    ids = [pack(order, fulfilment).pk for order in orders]

    with click(fulfilment), django_assert_max_num_queries(75):
        outcome = services.send_shipments(shipment_ids=ids, by=fulfilment, reason="")

    assert len(outcome.done) == rows


def test_the_guards_of_a_parcel_ask_the_database_nothing(
    order, fulfilment, django_assert_num_queries
):
    parcel = pack(order, fulfilment)
    SHIPMENT_FLOW.load([parcel])

    with django_assert_num_queries(0):
        assert [SHIPMENT_FLOW[name].refusal(parcel) for name in ("send", "unpack")] == [None, None]
