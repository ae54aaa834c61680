"""A real worker, killed in the middle by the kernel: the next one ends with the same result."""

from __future__ import annotations

import os
import signal

import pytest
from django.test import Client

from backoffice.models import Job
from orders import services
from orders.models import Order, Refund
from tests.backoffice.bulk.desk import CANCEL, choose, fresh, press, verdicts
from tests.backoffice.jobs.conftest import wait_until
from tests.orders.factories import OrderFactory, boss
from tests.orders.factories import fresh as fresh_order
from tests.orders.many import many_orders

pytestmark = pytest.mark.django_db(transaction=True)

ORDERS, SHIPPED, AT_A_BANK = 1_000, 50, 6


@pytest.fixture
def impossible():
    """A thousand orders, of which every twentieth has been shipped; some are paid at a bank."""
    free = many_orders(ORDERS - AT_A_BANK)
    gone = free[::20][:SHIPPED]
    services_of(gone)
    paid = [OrderFactory(status="processing") for _each in range(AT_A_BANK)]
    return free, gone, paid


def services_of(orders):
    """Ship orders that nobody paid, as a manager may."""
    for order in orders:
        services.process_unpaid_order(order_id=order.pk, by=boss(), reason="known customer")
        services.ship_order(order_id=order.pk, by=boss(), reason="")


def test_a_bulk_cancel_whose_worker_is_killed_ends_as_it_was_planned(
    impossible,
    support,
    start_worker,
    settings,
):
    free, gone, paid = impossible
    settings.BULK_AT_ONCE_ROWS = 50
    settings.BULK_TYPED_ABOVE_ROWS = 10_000
    clerk = Client()
    clerk.force_login(support)
    run = choose(clerk, "cancel", free[:1], across=True)
    assert (run.can, run.cannot) == (ORDERS - SHIPPED, SHIPPED)
    planned = dict(run.rows.filter(verdict="cannot").values_list("object_key", "sentence"))
    assert set(planned) == {str(order.pk) for order in gone}

    assert press(clerk, run, "confirm", **CANCEL).status_code == 302
    worker = start_worker()
    wait_until(lambda: fresh(run).done >= 100, "the first chunks")
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    half = fresh(run)
    start_worker()
    wait_until(lambda: fresh(run).state == "done", "the second worker")

    assert half.state == "running"
    assert 100 <= half.done < run.can
    run = fresh(run)
    assert (run.done, run.refused) == (ORDERS - SHIPPED, SHIPPED)
    assert verdicts(run) == {"done": ORDERS - SHIPPED, "refused": SHIPPED}
    refused = dict(run.rows.filter(verdict="refused").values_list("object_key", "sentence"))
    assert refused == planned
    assert Order.objects.filter(status="cancelled").count() == ORDERS - SHIPPED
    steps = Order.history.filter(step="cancel")
    assert steps.count() == steps.values("id").distinct().count() == ORDERS - SHIPPED
    assert set(steps.values_list("change_set", flat=True)) == {run.change_set_id}
    assert Refund.objects.count() == AT_A_BANK
    assert all(fresh_order(order).facts.refunded == order.total for order in paid)
    job = Job.objects.get(pk=run.job_id)
    wait_until(lambda: Job.objects.get(pk=job.pk).state == "done", "the job's end")
    assert Job.objects.get(pk=job.pk).attempts == 2
