from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from backoffice import history
from backoffice.refused import BadValue, NotAllowed, StaleVersion, UnknownRow
from orders import services
from orders.models import QueueTarget
from tests.orders.factories import click

pytestmark = pytest.mark.django_db


@pytest.fixture
def target(db):
    return QueueTarget.objects.get(queue="to_ship")


def change(target, by, warn=10, breach=20, **more):
    with click(by):
        return services.set_queue_target(
            target_id=target.pk, warn_hours=warn, breach_hours=breach, by=by, reason="peak", **more
        )


def test_a_fresh_installation_has_a_target_for_each_queue():
    assert {row.queue: (row.warn_hours, row.breach_hours) for row in QueueTarget.objects.all()} == {
        queue.value: hours for queue, hours in QueueTarget.DEFAULTS.items()
    }


def test_migrating_again_makes_what_is_missing_and_leaves_what_was_changed(manager, target):
    change(target, manager)
    history.delete_rows([QueueTarget.objects.get(queue="on_hold")])

    call_command("migrate", verbosity=0)

    assert QueueTarget.objects.count() == len(QueueTarget.DEFAULTS)
    assert QueueTarget.objects.get(queue="to_ship").warn_hours == 10
    made = QueueTarget.history.filter(queue="on_hold", history_type="+").latest("history_id")
    assert made.history_user_id is None


def test_set_queue_target_changes_it_with_a_reason_and_a_version(manager, target):
    change(target, manager, version=target.version)

    after = QueueTarget.objects.get(pk=target.pk)
    row = after.history.latest("history_id")
    assert (after.warn_hours, after.breach_hours, after.version) == (10, 20, target.version + 1)
    assert (row.change_set.note, row.history_user_id) == ("peak", manager.pk)


@pytest.mark.parametrize(("warn", "breach"), [(0, 5), (5, 4), (1, 8761), (9000, 9001), (-1, 3)])
def test_set_queue_target_refuses_hours_that_make_no_sense(warn, breach, manager, target):
    with pytest.raises(BadValue, match="Hours"):
        change(target, manager, warn, breach)


def test_set_queue_target_refuses_others_strangers_and_stale_pages(manager, support, target):
    with pytest.raises(NotAllowed):
        change(target, support)
    with pytest.raises(StaleVersion):
        change(target, manager, version=target.version + 1)
    with pytest.raises(UnknownRow):
        services.set_queue_target(
            target_id=0, warn_hours=1, breach_hours=2, by=manager, reason="peak"
        )


def test_the_database_keeps_amber_before_red(target):
    target.warn_hours, target.breach_hours = 9, 3

    with pytest.raises(IntegrityError), transaction.atomic():
        target.save()
