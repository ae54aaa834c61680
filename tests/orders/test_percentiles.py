"""The dashboard's percentiles against a plain computation, on whichever database the tests run."""

from __future__ import annotations

import random
import statistics
from datetime import timedelta

import pytest
from django.utils import timezone

from backoffice import changes
from orders import percentiles, services
from orders.percentiles import DAYS, FRACTIONS, PASSAGES, interpolate, percentiles_of
from tests.orders.factories import OrderFactory, boss, pay

PROCESSING, COMPLETING = PASSAGES


def at(moment):
    return changes.change(separate=True, by=boss(), at=moment)


def processed(hours_waited, *, days_ago=1.0):
    """Make an order that was processed so long ago, so long after it was placed."""
    order = OrderFactory(status="draft")
    moment = timezone.now() - timedelta(days=days_ago)
    who = {"order_id": order.pk, "by": boss(), "reason": ""}
    with at(moment - timedelta(hours=hours_waited)):
        services.place_order(**who)
    pay(order)
    with at(moment):
        services.process_order(**who)
    return order


@pytest.mark.parametrize("count", [1, 2, 3, 10, 57])
def test_interpolation_is_the_textbooks(count):
    dice = random.Random(count)
    values = sorted(timedelta(minutes=dice.randrange(10_000)) for _each in range(count))

    found = interpolate(values, 0.9)

    if count == 1:
        assert found == values[0]
    else:
        seconds = [value.total_seconds() for value in values]
        ninth = statistics.quantiles(seconds, n=10, method="inclusive")[8]
        assert found.total_seconds() == pytest.approx(ninth, abs=1e-5)


@pytest.mark.django_db
def test_the_percentiles_of_a_step_are_those_of_a_plain_computation():
    waited = [1.0, 2.5, 4.0, 8.0, 30.0, 49.5]
    for hours in waited:
        processed(hours)

    found = percentiles_of(PROCESSING, timezone.now())

    plain = [interpolate([timedelta(hours=h) for h in waited], f) for f in FRACTIONS]
    assert found.orders == len(waited)
    assert [span.total_seconds() for span in found.spans] == pytest.approx(
        [span.total_seconds() for span in plain], abs=0.01
    )


@pytest.mark.django_db
def test_only_the_last_days_count():
    processed(2)
    processed(99, days_ago=DAYS + 1)

    found = percentiles_of(PROCESSING, timezone.now())

    assert found.orders == 1
    assert found.spans[0] == timedelta(hours=2)


@pytest.mark.django_db
def test_a_reopened_order_counts_from_when_it_was_reopened():
    order = OrderFactory(status="draft")
    now = timezone.now()
    who = {"order_id": order.pk, "by": boss(), "reason": "as agreed"}
    with at(now - timedelta(hours=90)):
        services.place_order(**who)
    with at(now - timedelta(hours=50)):
        services.cancel_order(**who, reason_code="other", notify=False)
    with at(now - timedelta(hours=5)):
        services.reopen_order(**who)
    pay(order)
    with at(now - timedelta(hours=1)):
        services.process_order(**who)

    assert percentiles_of(PROCESSING, now).spans[0] == timedelta(hours=4)


@pytest.mark.django_db
def test_completing_is_measured_from_processing_holds_and_edits_in_between_change_nothing():
    order = processed(3, days_ago=1)
    with at(timezone.now() - timedelta(hours=20)):
        services.hold_order(order_id=order.pk, by=boss(), reason="wait")
    with at(timezone.now() - timedelta(hours=19)):
        services.release_order(order_id=order.pk, by=boss(), reason="")
    with at(timezone.now() - timedelta(hours=14)):
        services.ship_order(order_id=order.pk, by=boss(), reason="")

    found = percentiles_of(COMPLETING, timezone.now())

    assert found.orders == 1
    assert found.spans[0].total_seconds() == pytest.approx(10 * 3600, abs=5)


@pytest.mark.django_db
def test_nothing_was_taken_yet_is_no_error():
    found = percentiles_of(PROCESSING, timezone.now())

    assert (found.orders, found.spans) == (0, ())


@pytest.mark.django_db
def test_sqlite_reads_the_latest_so_many_only(monkeypatch):
    if percentiles.connection.vendor == "postgresql":
        pytest.skip("PostgreSQL computes them itself")
    monkeypatch.setattr(percentiles, "MOST_ROWS", 2)
    for hours in (90, 2, 4):
        processed(hours)

    found = percentiles_of(PROCESSING, timezone.now())

    assert (found.orders, found.spans[0]) == (2, timedelta(hours=3))
