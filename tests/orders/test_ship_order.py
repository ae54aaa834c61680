from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from backoffice.models import User
from catalog.models import StockLevel, StockMovement
from orders import services
from orders.guards import NothingToShip
from orders.models import Shipment
from tests.orders.factories import OrderFactory, ProductFactory, click, fresh

pytestmark = pytest.mark.django_db


def ship(order, by, **more):
    with click(by):
        return services.ship_order(order_id=order.pk, by=by, reason="", **more)


def test_ship_order_sends_everything_in_one_parcel(fulfilment):
    mug, pot = ProductFactory(stock=5), ProductFactory(stock=5)
    order = OrderFactory(status="processing", lines=[(mug, 2), (pot, 3)])

    ship(order, fulfilment, carrier=" DHL ", tracking=" 00340434 ")

    parcel = Shipment.objects.get(order=order)
    assert (parcel.carrier, parcel.tracking) == ("DHL", "00340434")
    assert sorted(line.quantity for line in parcel.lines.all()) == [2, 3]
    assert [(line.committed, line.shipped) for line in order.lines.all()] == [(0, 2), (0, 3)]
    level = StockLevel.objects.get(product=mug)
    assert (level.on_hand, level.committed) == (3, 0)
    line = order.lines.get(product=mug)
    assert StockMovement.objects.filter(cause_uuid=line.uuid, kind="ship").count() == 1


def test_ship_order_completes_a_paid_order_with_a_history_row_of_its_own(fulfilment):
    order = OrderFactory(status="processing")

    with click(fulfilment) as change:
        shipped = services.ship_order(order_id=order.pk, by=fulfilment, reason="")

    assert shipped.status == "completed"
    assert shipped.completed_at is not None
    rows = order.history.filter(change_set=change.row()).order_by("history_id")
    assert [(row.step, row.status) for row in rows] == [
        ("ship", "processing"),
        ("complete", "completed"),
    ]


def test_ship_order_leaves_an_unpaid_order_open(manager):
    order = OrderFactory()
    with click(manager):
        services.process_unpaid_order(order_id=order.pk, by=manager, reason="known customer")

    shipped = ship(order, manager)

    assert shipped.status == "processing"
    assert fresh(order).facts.fulfilment_state == "fulfilled"
    with pytest.raises(NothingToShip, match="Everything is shipped already"):
        ship(order, manager)


def test_whoever_may_ship_but_not_complete_leaves_the_order_open(db):
    packer = User.objects.create_user("packer@example.com", "a-good-password", is_staff=True)
    packer.user_permissions.add(Permission.objects.get(codename="ship_order"))
    order = OrderFactory(status="processing")

    shipped = ship(order, packer)

    assert shipped.status == "processing"


def test_ship_orders_ships_each_in_its_own_parcel(fulfilment):
    first, second, pending = (
        OrderFactory(status="processing"),
        OrderFactory(status="processing"),
        OrderFactory(),
    )

    with click(fulfilment):
        outcome = services.ship_orders(
            order_ids=[first.pk, pending.pk, second.pk], by=fulfilment, reason=""
        )

    assert [order.status for order in outcome.done] == ["completed", "completed"]
    assert [(row, refusal.code) for row, refusal in outcome.refused] == [(pending, "step_not_open")]
    assert Shipment.objects.count() == 2
