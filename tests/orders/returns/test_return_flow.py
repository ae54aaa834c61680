"""Every state × every step, and every role × every step, read off the table of returns."""

from __future__ import annotations

import pytest

from backoffice.refused import NotAllowed, ReasonMissing, StaleVersion, StepNotOpen
from config.roles import ROLES
from orders.services.returns import fresh_return
from orders.states import RETURN_FLOW
from tests.conftest import ROLES as PERSONAS
from tests.orders.factories import boss
from tests.orders.returns.doing import MAKERS, STEPS, announced, do

pytestmark = pytest.mark.django_db

PAIRS = [(state, step) for step in STEPS for state in RETURN_FLOW.states]
OPEN = [(state, step) for state, step in PAIRS if state in step.sources]
CLOSED = [(state, step) for state, step in PAIRS if state not in step.sources]


def _name(value):
    return value if isinstance(value, str) else value.name


def test_every_state_has_a_maker_and_every_step_a_verb():
    assert set(MAKERS) == set(RETURN_FLOW.states)
    assert set(RETURN_FLOW.verbs) == {step.name for step in STEPS}


@pytest.mark.parametrize(("state", "step"), OPEN, ids=_name)
def test_an_open_step_is_taken_and_leaves_one_row(state, step):
    row = MAKERS[state]()

    last = row.history.latest("history_id")

    do(step, row, by=boss())

    past = list(row.history.filter(history_id__gt=last.history_id).order_by("history_id"))
    assert past[0].step == step.name
    assert past[0].status == (step.target or state)
    assert [entry.step for entry in past].count(step.name) == 1
    assert past[0].change_set.note == "because it is so"
    after = fresh_return(row.pk)
    assert after.status == past[-1].status
    assert after.version == row.version + len(past)


@pytest.mark.parametrize(("state", "step"), CLOSED, ids=_name)
def test_a_closed_step_is_refused_and_writes_nothing(state, step):
    row = MAKERS[state]()
    rows, order_rows = row.history.count(), row.order.history.count()

    with pytest.raises(StepNotOpen):
        do(step, row, by=boss())

    assert fresh_return(row.pk).version == row.version
    assert row.history.count() == rows
    assert row.order.history.count() == order_rows


@pytest.mark.parametrize("role", PERSONAS)
@pytest.mark.parametrize("step", STEPS, ids=_name)
def test_a_role_takes_a_step_only_if_the_table_says_so(role, step, make_user):
    by = make_user(role)
    row = MAKERS[step.sources[0]]()

    if step.permission_name in ROLES[role]:
        do(step, row, by=by)
    else:
        with pytest.raises(NotAllowed):
            do(step, row, by=by)

    taken = row.history.filter(history_user_id=by.pk).exists()
    assert taken is (step.permission_name in ROLES[role])


def test_the_table_of_roles_gives_returns_to_those_who_handle_them():
    may = {
        step: {role for role, held in ROLES.items() if f"orders.{step}_return" in held}
        for step in ("request", "receive", "inspect", "exchange", "close", "withdraw")
    }

    everybody = {"support", "fulfilment", "manager"}
    assert may == {
        "request": everybody,
        "receive": {"fulfilment", "manager"},
        "inspect": {"fulfilment", "manager"},
        "exchange": {"support", "manager"},
        "close": everybody,
        "withdraw": everybody,
    }


def test_withdraw_return_needs_a_reason_and_frees_the_units(support):
    row = announced()

    with pytest.raises(ReasonMissing):
        do(RETURN_FLOW["withdraw"], row, by=support, reason=" ")
    do(RETURN_FLOW["withdraw"], row, by=support, reason="kept after all")

    assert announced(row.order).lines.get().quantity == 2


def test_a_stale_version_is_refused(support):
    row = announced()

    with pytest.raises(StaleVersion):
        do(RETURN_FLOW["withdraw"], row, by=support, version=row.version + 1)
