"""Every status × every step, read off the table: open ones work, the others say so."""

from __future__ import annotations

import pytest

from backoffice.refused import StepNotOpen
from orders.states import ORDER_FLOW
from tests.orders.doing import STEPS, answers_to, do, order_ready_for
from tests.orders.factories import OrderFactory, boss, click, fresh

pytestmark = pytest.mark.django_db

PAIRS = [(state, step) for step in STEPS for state in ORDER_FLOW.states]
OPEN = [(state, step) for state, step in PAIRS if state in step.sources]
CLOSED = [(state, step) for state, step in PAIRS if state not in step.sources]


def _name(value):
    return value if isinstance(value, str) else value.name


def test_the_matrix_covers_every_step_and_state():
    assert len(OPEN) + len(CLOSED) == len(STEPS) * len(ORDER_FLOW.states)
    assert {step.name for _state, step in OPEN} == {step.name for step in STEPS}


def test_every_step_but_the_entry_has_a_verb_and_no_verb_is_without_step():
    assert set(ORDER_FLOW.verbs) == {step.name for step in STEPS}
    assert set(ORDER_FLOW.bulk_verbs) <= set(ORDER_FLOW.verbs)


@pytest.mark.row("O1")
@pytest.mark.parametrize(("state", "step"), OPEN, ids=_name)
def test_an_open_step_is_taken(state, step):
    order = order_ready_for(step, state)

    with click(boss()) as change:
        do(step, order, by=boss())

    rows = list(order.history.filter(change_set=change.row()).order_by("history_id"))
    assert rows[0].step == step.name
    assert rows[0].status == (step.target or state)
    assert [row.step for row in rows].count(step.name) == 1
    assert fresh(order).status == rows[-1].status
    assert fresh(order).version == order.version + len(rows)


@pytest.mark.row("O1")
@pytest.mark.parametrize(("state", "step"), CLOSED, ids=_name)
def test_a_closed_step_is_refused_with_a_sentence_and_writes_nothing(state, step):
    order = OrderFactory(status=state)
    rows = order.history.count()

    with pytest.raises(StepNotOpen) as refusal:
        do(step, order, by=boss())

    assert refusal.value.code == "step_not_open"
    label = str(ORDER_FLOW.states[state].label).lower()
    assert f"is {label}; “{step.label}” is only possible from" in refusal.value.message
    assert fresh(order).version == order.version
    assert order.history.count() == rows


@pytest.mark.row("A3")
@pytest.mark.parametrize("step", STEPS, ids=_name)
def test_a_transition_leaves_one_row_that_says_who_when_from_to_why(step, manager):
    state = step.sources[0]
    order = order_ready_for(step, state)
    by = manager if manager.has_perm(step.permission_name) else boss()

    with click(by) as change:
        do(step, order, by=by, **({} if answers_to(step)["reason"] else {"reason": "as agreed"}))

    (row,) = order.history.filter(step=step.name, change_set=change.row())
    before = order.history.filter(history_id__lt=row.history_id).latest("history_id")
    assert before.status == state
    assert row.status == (step.target or state)
    assert row.history_user_id == by.pk
    assert row.change_set.who == by.get_full_name()
    assert row.change_set.note == (answers_to(step)["reason"] or "as agreed")
    assert row.change_set.action == step.action
    assert row.change_set.channel == "admin"
