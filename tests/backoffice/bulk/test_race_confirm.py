"""Eight presses of one button at the same time, from eight windows: one run."""

from __future__ import annotations

import pytest

from backoffice import bulk
from backoffice.models import BulkRun, Job
from backoffice.refused import Refused
from orders.models import Order
from tests.backoffice.bulk.desk import choose, fresh, press
from tests.catalog.threads import in_threads
from tests.orders.many import many_orders

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
PRESSES = 8


@pytest.mark.parametrize("at_once", [2, 50])
def test_pressed_by_eight_at_once_it_runs_once(clerk, support, settings, at_once):
    run = choose(clerk, "hold", many_orders(6))
    settings.BULK_AT_ONCE_ROWS = at_once

    def confirm(_number):
        return bulk.confirm(uuid=run.uuid, by=support, answers={"reason": "stocktaking"})

    answers = in_threads(confirm, PRESSES)

    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert (fresh(run).state, fresh(run).done, fresh(run).attempts) == ("done", 6, 1)
    steps = Order.history.filter(step="hold")
    assert steps.count() == 6
    assert steps.values("change_set").distinct().count() == 1
    assert Job.objects.filter(kind="backoffice.bulk").count() == (1 if at_once == 2 else 0)


def test_a_stopped_run_that_eight_want_to_go_on_goes_on_once(clerk, support):
    run = choose(clerk, "hold", many_orders(6))
    bulk_runs = BulkRun.objects.filter(pk=run.pk)
    press(clerk, run, "confirm", reason="stocktaking")
    done = fresh(run)
    assert done.state == "done"
    bulk_runs.update(state="cancelled", done=0, attempts=1)
    run.rows.update(verdict="can")

    answers = in_threads(lambda _number: bulk.resume(uuid=run.uuid, by=support), PRESSES)

    assert len([answer for answer in answers if isinstance(answer, BulkRun)]) == 1
    assert all(isinstance(a, Refused) for a in answers if not isinstance(a, BulkRun))
    # All of them were done before, and the record says so.
    assert (fresh(run).state, fresh(run).done) == ("done", 6)
    assert Order.history.filter(step="hold").count() == 6
