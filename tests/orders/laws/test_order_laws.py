"""The whole flow as a state machine of hypothesis: no order of steps breaks a law.

2,000 steps by default, 10,000 by `--hypothesis-profile=deep`.
"""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from orders.models import OrderLine
from orders.services import cancel
from tests.orders.factories import CustomerFactory, ProductFactory, boss
from tests.orders.laws.laws import broken_laws
from tests.orders.laws.street import STEPS, Street

STEPS_AT_ONCE = 50
LEADING_ON = ("pay and process", "ship", "request return")
NORMAL_STEPS, DEEP_STEPS = 2_000, 10_000


class OrderMachine(RuleBasedStateMachine):
    """Random steps over a few orders of two products; the laws are asked after each."""

    steps_taken: ClassVar[int] = 0
    told: ClassVar[dict[str, int]] = {}

    def __init__(self) -> None:
        super().__init__()
        # Each run begins on the same tables; what moves money takes this block for a test case's.
        self.block = transaction.atomic()
        self.block._from_testcase = True  # type: ignore[attr-defined]
        self.block.__enter__()
        self.street: Street | None = None

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    @initialize()
    def open_street(self) -> None:
        self.street = Street(
            by=boss(),
            customer=CustomerFactory(),
            products=[ProductFactory(stock=9), ProductFactory(stock=5)],
            told=self.told,
        )

    @rule(
        # What leads on comes more often, or hardly an order would ever be shipped.
        name=st.sampled_from([*STEPS, *LEADING_ON, *LEADING_ON]),
        which=st.integers(0, 2),
        units=st.integers(0, 3),
        flag=st.booleans(),
    )
    def step(self, name: str, which: int, units: int, flag: bool) -> None:
        assert self.street is not None
        type(self).steps_taken += 1
        self.street.take(name, which, units, flag=flag)

    @invariant()
    def laws_hold(self) -> None:
        assert broken_laws(self.street.orders if self.street else []) == []


def _run(**options: Any) -> None:
    OrderMachine.steps_taken = 0
    OrderMachine.told.clear()
    run_machine(
        OrderMachine,
        settings=settings(
            settings(),
            deadline=None,
            stateful_step_count=STEPS_AT_ONCE,
            suppress_health_check=list(HealthCheck),
            database=None,
            **options,
        ),
    )


@pytest.mark.django_db
def test_no_order_of_steps_breaks_a_law(request: pytest.FixtureRequest) -> None:
    is_deep = request.config.getoption("--hypothesis-profile") == "deep"
    wanted = DEEP_STEPS if is_deep else NORMAL_STEPS

    # A tenth more than promised: some runs of steps end early.
    _run(max_examples=wanted * 11 // 10 // STEPS_AT_ONCE + 2)

    assert OrderMachine.steps_taken >= wanted
    # The walk is worth something: most kinds of steps were really taken in it, not only refused.
    taken = {name for name in STEPS if name in OrderMachine.told}
    assert len(taken) >= len(STEPS) * 3 // 4, f"never open: {STEPS.keys() - taken}"


@pytest.mark.django_db
def test_a_broken_law_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a cancellation that forgets the shelf must not pass."""
    monkeypatch.setattr(cancel, "uncommit_lines", _forget_the_shelf)

    with pytest.raises(AssertionError, match="committed, lines say"):
        _run(max_examples=60, derandomize=True, phases=[Phase.generate])


def _forget_the_shelf(lines: list[OrderLine], *_args: Any, **_options: Any) -> None:
    for line in lines:
        line.cancelled, line.committed = line.cancelled + line.committed, 0
        line.save()
