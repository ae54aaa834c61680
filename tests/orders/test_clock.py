from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from backoffice import changes
from orders import clock, services
from orders.clock import Target, age_of, in_words, pressure_in, targets, time_in_states
from orders.models import Order
from tests.orders.factories import OrderFactory, boss, click, fresh, pay

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TO_SHIP = Target.of("to_ship", 24, 72)


def hours(number):
    return timedelta(hours=number)


def ago(number):
    return timezone.now() - hours(number)


# --- Words and sums: no database ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=59), "under a minute"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (hours(1), "1 h"),
        (timedelta(hours=3, minutes=12), "3 h 12 min"),
        (hours(51), "2 d 3 h"),
        (hours(48), "2 d"),
        (timedelta(days=37, minutes=5), "37 d"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(span, words):
    assert in_words(span) == words


def test_time_in_states_adds_up_the_visits_to_a_state():
    rows = [
        (NOW, "pending"),
        (NOW + hours(1), "pending"),
        (NOW + hours(3), "cancelled"),
        (NOW + hours(4), "pending"),
        (NOW + hours(6), "processing"),
    ]

    assert time_in_states(rows, NOW + hours(10)) == {
        "pending": hours(5),
        "cancelled": hours(1),
        "processing": hours(4),
    }
    assert time_in_states([], NOW) == {}


STATES = st.sampled_from(["draft", "pending", "processing", "cancelled"])


@given(st.lists(st.tuples(st.integers(0, 10_000), STATES), min_size=1, max_size=30))
def test_the_times_in_all_states_add_up_to_the_orders_age(rows):
    past = [(NOW + timedelta(minutes=at), state) for at, state in sorted(rows)]
    until = past[-1][0] + hours(1)

    spent = time_in_states(past, until)

    assert sum(spent.values(), timedelta(0)) == until - past[0][0]


@pytest.mark.parametrize(
    ("waited", "verdict"),
    [(0, "in_time"), (23.9, "in_time"), (24, "soon"), (71.9, "soon"), (72, "late"), (999, "late")],
)
def test_a_target_turns_amber_and_red_at_its_hours(waited, verdict):
    assert TO_SHIP.verdict(hours(waited)) == verdict


def order_of(status, *, is_held=False, committed=1, since=5, held=2):
    return SimpleNamespace(
        status=status,
        is_held=is_held,
        state_since=NOW - hours(since),
        held_since=NOW - hours(held) if is_held else None,
        facts=SimpleNamespace(committed_units=committed),
    )


def test_an_order_waits_in_one_queue_and_its_clock_is_that_queues():
    promises = {name: Target.of(name, 1, 4) for name in ("to_process", "to_ship", "on_hold")}

    pending = age_of(order_of("pending"), promises, NOW)
    held = age_of(order_of("pending", is_held=True), promises, NOW)

    assert (pending.target.queue, pending.waited, pending.tone) == (
        "to_process",
        hours(5),
        "danger",
    )
    assert (held.target.queue, held.waited, held.tone) == ("on_hold", hours(2), "warning")
    assert age_of(order_of("processing"), promises, NOW).target.queue == "to_ship"
    assert pending.sentence == "To process: amber after 1 h, red after 4 h"
    for status in ("draft", "completed", "cancelled"):
        assert age_of(order_of(status, is_held=True), promises, NOW) is None


def test_what_is_sent_and_waits_for_its_money_has_an_age_but_no_colour():
    age = age_of(order_of("processing", committed=0), {"to_ship": TO_SHIP}, NOW)

    assert (age.waited, age.tone, age.sentence) == (hours(5), "neutral", "")


def test_a_queue_without_a_target_has_no_colour():
    assert age_of(order_of("pending"), {}, NOW).tone == "neutral"


# --- With orders -------------------------------------------------------------------------------


def placed(number_of_hours) -> Order:
    order = OrderFactory(status="draft")
    with changes.change(separate=True, at=ago(number_of_hours)):
        return services.place_order(order_id=order.pk, by=boss(), reason="")


@pytest.mark.django_db
def test_pressure_counts_who_waits_and_who_has_waited_too_long():
    target = Target.of("to_process", 24, 48)
    for number in (1, 30, 50, 90):
        placed(number)

    found = pressure_in(target, timezone.now())

    assert (found.rows, found.soon, found.late) == (4, 3, 2)
    assert (found.tone, found.sentence) == ("danger", "2 have waited too long")


@pytest.mark.django_db
def test_pressure_counts_what_is_late_before_the_counting_stops(monkeypatch):
    monkeypatch.setattr("backoffice.adminkit.lists.QUEUE_COUNT_UP_TO", 2)
    for number in (1, 2, 3, 60, 70):
        placed(number)

    found = pressure_in(Target.of("to_process", 24, 48), timezone.now())

    assert (found.count, found.late) == ("2+", 2)


@pytest.mark.django_db
def test_the_clock_of_a_state_starts_when_the_state_is_entered_and_a_hold_has_its_own():
    order = placed(30)
    pay(order)
    with changes.change(separate=True, at=ago(20)):
        services.hold_order(order_id=order.pk, by=boss(), reason="wait")
    held = age_of(fresh(order), targets(), timezone.now())
    with changes.change(separate=True, at=ago(10)):
        services.release_order(order_id=order.pk, by=boss(), reason="")
    waiting = age_of(fresh(order), targets(), timezone.now())
    with click(boss()):
        services.process_order(order_id=order.pk, by=boss(), reason="")
    processing = age_of(fresh(order), targets(), timezone.now())

    assert [round(age.waited / hours(1)) for age in (held, waiting, processing)] == [20, 30, 0]


@pytest.mark.django_db
def test_every_queue_with_a_target_counts_the_orders_of_its_tab():
    pending, to_ship = OrderFactory(), OrderFactory(status="processing")
    held, shipped = OrderFactory(), OrderFactory(status="completed")
    services.hold_order(order_id=held.pk, by=boss(), reason="wait")

    found = {name: list(clock.rows_of(name)) for name in targets()}

    assert found == {"to_process": [pending], "to_ship": [to_ship], "on_hold": [held]}
    assert shipped.status == "completed"
    assert all(clock.queue_of(fresh(row)) == name for name, rows in found.items() for row in rows)


@pytest.mark.django_db
def test_an_order_of_several_lines_is_to_be_shipped_once(db):
    from tests.orders.factories import ProductFactory

    lines = [(ProductFactory(), 1), (ProductFactory(), 2), (ProductFactory(), 3)]
    order = OrderFactory(status="processing", lines=lines)

    assert list(Order.objects.to_ship()) == [order]
    assert "DISTINCT" not in str(Order.objects.to_ship().query)
