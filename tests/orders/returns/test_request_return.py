from __future__ import annotations

import pytest

from backoffice.refused import BadValue, NotAllowed, ReasonMissing, StaleVersion, StepNotOpen
from orders import services
from orders.models import Return
from orders.numbers import luhn_digit
from orders.return_guards import NothingToReturn
from orders.services import NothingChosen, NotOnOrder
from orders.services.returns import MoreThanShipped
from tests.orders.factories import OrderFactory, ProductFactory, click, fresh
from tests.orders.returns.doing import announced, inspected, line_of, shipped_order

pytestmark = pytest.mark.django_db


def ask(order, lines, by, **more):
    with click(by):
        return services.request_return(
            order_id=order.pk, lines=lines, by=by, **{"reason_code": "faulty", **more}
        )


def test_request_return_announces_units_under_a_number_with_a_check_digit(support):
    order = shipped_order((ProductFactory(), 3))
    line = line_of(order)

    row = ask(order, {line.pk: 2}, support, reason=" The lid is loose. ")

    assert row.status == "requested"
    assert (row.reason_code, row.note) == ("faulty", "The lid is loose.")
    assert [(part.line_id, part.quantity) for part in row.lines.all()] == [(line.pk, 2)]
    _rma, serial, check = row.number.split("-")
    assert serial == str(10_000 + row.pk)
    assert check == luhn_digit(serial)
    assert row.history.get().step == "request"
    facts = fresh(order).facts
    assert (facts.announced_units, facts.returnable_units) == (2, 1)
    assert facts.fulfilment_state == "fulfilled"


def test_two_returns_have_two_numbers(support):
    order = shipped_order()
    line = line_of(order)

    numbers = {ask(order, {line.pk: 1}, support).number for _ in range(2)}

    assert len(numbers) == 2


def test_request_return_takes_a_part_of_an_order_that_is_still_being_shipped(support):
    order = OrderFactory(status="processing", lines=[(ProductFactory(), 3)])
    line = line_of(order)
    with click():
        services.ship_order(
            order_id=order.pk, lines={line.pk: 2}, by=_boss(), reason="", notify=False
        )

    row = ask(order, {line.pk: 2}, support)

    assert row.lines.get().quantity == 2
    with pytest.raises(NothingToReturn):
        ask(order, {line.pk: 1}, support)


def _boss():
    from tests.orders.factories import boss

    return boss()


def test_request_return_refuses_more_than_was_shipped(support):
    order = shipped_order()

    with pytest.raises(MoreThanShipped) as refusal:
        ask(order, {line_of(order).pk: 3}, support)

    sku = line_of(order).sku
    assert str(refusal.value) == (
        f"{sku}: 3 units cannot come back; 2 are still with the customer."
    )


def test_request_return_counts_what_other_returns_announce_and_what_is_back(support):
    order = shipped_order((ProductFactory(), 4))
    line = line_of(order)
    inspected(order, 1)
    announced(order, 2)

    with pytest.raises(MoreThanShipped, match="1 are still with the customer") as refusal:
        ask(order, {line.pk: 2}, support)

    assert "2 more are announced" in refusal.value.way_out
    assert ask(order, {line.pk: 1}, support).status == "requested"
    with pytest.raises(NothingToReturn, match="4 units were shipped, 1 are back and 3"):
        ask(order, {line.pk: 1}, support)


def test_missing_units_may_be_announced_again(support):
    order = shipped_order()
    inspected(order, missing=2)

    assert ask(order, {line_of(order).pk: 2}, support).lines.get().quantity == 2


@pytest.mark.parametrize(
    ("units", "refusal"),
    [(-1, BadValue), (True, BadValue), ("1", BadValue), (1.5, BadValue), (0, NothingChosen)],
)
def test_request_return_refuses_what_is_no_number_of_units(support, units, refusal):
    order = shipped_order()

    with pytest.raises(refusal):
        ask(order, {line_of(order).pk: units}, support)

    assert not Return.objects.exists()


def test_request_return_refuses_a_line_of_another_order(support):
    order, other = shipped_order(), shipped_order()

    with pytest.raises(NotOnOrder):
        ask(order, {line_of(other).pk: 1}, support)


@pytest.mark.parametrize("status", ["draft", "pending", "cancelled"])
def test_request_return_refuses_an_order_of_which_nothing_left(support, status):
    order = OrderFactory(status=status)

    with pytest.raises(StepNotOpen):
        ask(order, {line_of(order).pk: 1}, support)


def test_request_return_refuses_an_order_in_process_of_which_nothing_left(support):
    order = OrderFactory(status="processing")

    with pytest.raises(NothingToReturn):
        ask(order, {line_of(order).pk: 1}, support)


def test_request_return_needs_a_reason_from_the_list(support):
    order = shipped_order()

    with pytest.raises(ReasonMissing):
        ask(order, {line_of(order).pk: 1}, support, reason_code="")
    with pytest.raises(BadValue):
        ask(order, {line_of(order).pk: 1}, support, reason_code="no such")


def test_request_return_refuses_a_stale_version_and_a_stranger(support, finance):
    order = shipped_order()
    lines = {line_of(order).pk: 1}

    with pytest.raises(StaleVersion):
        ask(order, lines, support, version=order.version + 1)
    with pytest.raises(NotAllowed):
        ask(order, lines, finance)
