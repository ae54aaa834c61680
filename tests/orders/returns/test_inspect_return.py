from __future__ import annotations

import pytest

from backoffice.refused import BadValue, UnknownRow
from catalog.models import StockMovement
from catalog.services import stock_drift
from catalog.services.locations import LocationClosed, default_location
from orders import services
from orders.services import Inspected
from orders.services.returns import NotAddedUp, NotInThisReturn, fresh_return
from tests.catalog.factories import LocationFactory, level_of
from tests.orders.factories import ProductFactory, boss, click, fresh
from tests.orders.returns.doing import announced, line_of, received, shipped_order

pytestmark = pytest.mark.django_db


def look(row, by, results=None, **numbers):
    (part,) = row.lines.all()
    with click(by):
        return services.inspect_return(
            return_id=row.pk,
            results={part.line_id: Inspected(**numbers)} if results is None else results,
            by=by,
            reason="",
        )


def test_receive_return_puts_nothing_on_sale(fulfilment):
    order = shipped_order()
    product = line_of(order).product
    before = level_of(product)
    row = announced(order)

    with click(fulfilment):
        row = services.receive_return(return_id=row.pk, by=fulfilment, reason="")

    assert row.status == "received"
    assert row.location == default_location()
    assert row.received_at is not None
    assert level_of(product) == before
    assert fresh(order).facts.returned_units == 0


def test_receive_return_refuses_a_closed_and_an_unknown_place(fulfilment):
    row, shed = announced(), LocationFactory(is_active=False)

    with pytest.raises(LocationClosed), click(fulfilment):
        services.receive_return(return_id=row.pk, location_id=shed.pk, by=fulfilment, reason="")
    for unknown in (987_654, "no place"):
        with pytest.raises(UnknownRow), click(fulfilment):
            services.receive_return(return_id=row.pk, location_id=unknown, by=fulfilment, reason="")


def test_inspect_return_sorts_units_into_shelf_set_aside_and_nowhere(fulfilment):
    order = shipped_order((ProductFactory(stock=10), 4))
    line = line_of(order)
    assert level_of(line.product) == (6, 0, 0)

    row = look(received(order), fulfilment, sellable=2, damaged=1, missing=1)

    assert level_of(line.product) == (9, 0, 1)
    part = row.lines.get()
    assert (part.sellable, part.damaged, part.missing) == (2, 1, 1)
    line.refresh_from_db()
    assert (line.shipped, line.returned) == (4, 3)
    assert row.status == "inspected"
    movement = StockMovement.objects.get(kind="return")
    assert (movement.on_hand_delta, movement.unavailable_delta) == (3, 1)
    assert (movement.cause_kind, movement.cause_uuid) == ("return", row.uuid)
    assert stock_drift() == []
    facts = fresh(order).facts
    assert (facts.returned_units, facts.announced_units) == (3, 0)
    assert facts.fulfilment_state == "partly_returned"


def test_an_order_of_which_all_came_back_is_returned(fulfilment):
    order = shipped_order()

    look(received(order), fulfilment, sellable=1, damaged=1)

    assert fresh(order).facts.fulfilment_state == "returned"


def test_inspect_return_puts_units_where_the_parcel_was_received(fulfilment):
    order, shed = shipped_order(), LocationFactory()
    product = line_of(order).product
    main = level_of(product)
    row = announced(order)
    with click(fulfilment):
        services.receive_return(return_id=row.pk, location_id=shed.pk, by=fulfilment, reason="")

    look(row, fulfilment, sellable=2)

    assert level_of(product, shed) == (2, 0, 0)
    assert level_of(product) == main


def test_what_is_missing_moves_no_stock_and_does_not_count_as_returned(fulfilment):
    order = shipped_order()
    before = level_of(line_of(order).product)

    look(received(order), fulfilment, missing=2)

    assert level_of(line_of(order).product) == before
    assert not StockMovement.objects.filter(kind="return").exists()
    assert line_of(order).returned == 0


def test_inspect_return_leaves_one_row_for_order_return_and_line(fulfilment):
    row = received()
    order = row.order

    with click(fulfilment) as change:
        services.inspect_return(
            return_id=row.pk,
            results={line_of(order).pk: Inspected(sellable=2)},
            by=fulfilment,
            reason="as new",
        )

    change_set = change.row()
    assert order.history.get(change_set=change_set).step == "take_back"
    assert row.history.get(change_set=change_set).step == "inspect"
    assert line_of(order).history.get(change_set=change_set).step == "inspect"
    assert change_set.note == "as new"
    assert change_set.actor == fulfilment
    assert fresh(order).version == order.version + 1


@pytest.mark.parametrize(
    "numbers",
    [
        {"sellable": 1},
        {"sellable": 3},
        {"sellable": 2, "damaged": 1},
        {"missing": 1},
        {},
    ],
)
def test_inspect_return_refuses_numbers_that_do_not_add_up(fulfilment, numbers):
    order = shipped_order()
    row = received(order)
    before = level_of(line_of(order).product)

    with pytest.raises(NotAddedUp, match="are not 2"):
        look(row, fulfilment, **numbers)

    assert level_of(line_of(order).product) == before
    assert fresh_return(row.pk).status == "received"


@pytest.mark.parametrize("numbers", [{"sellable": 3, "missing": -1}, {"sellable": 2.0}])
def test_inspect_return_refuses_what_is_no_number_of_units(fulfilment, numbers):
    with pytest.raises(BadValue):
        look(received(), fulfilment, **numbers)


def test_inspect_return_refuses_a_line_that_was_not_announced(fulfilment):
    order = shipped_order((ProductFactory(), 2), (ProductFactory(), 1))
    row = received(order)
    results = {line_of(order, at).pk: Inspected(sellable=2 - at) for at in (0, 1)}

    with pytest.raises(NotInThisReturn):
        look(row, fulfilment, results)


def test_inspect_return_refuses_to_leave_a_line_out(fulfilment):
    with pytest.raises(NotAddedUp):
        look(received(), fulfilment, {})


def test_an_unknown_return_is_refused_by_every_verb():
    for verb, more in (
        (services.receive_return, {}),
        (services.inspect_return, {"results": {}}),
        (services.close_return, {}),
        (services.withdraw_return, {}),
        (services.exchange_return, {"lines": []}),
    ):
        with pytest.raises(UnknownRow), click(boss()):
            verb(return_id=987_654, by=boss(), reason="why", **more)
