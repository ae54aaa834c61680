from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from backoffice.refused import UnknownRow
from orders import services
from orders.guards import ClaimOpen
from orders.models import PaymentIntent
from orders.services import PaymentInDoubt
from orders.states import ORDER_FLOW, TAKE_PAYMENT
from tests.orders.doing import STEPS, do
from tests.orders.factories import OrderFactory, click, fresh, pay

pytestmark = pytest.mark.django_db


@pytest.fixture
def claimed(support):
    """An order whose cancel is in doubt."""
    order = OrderFactory(status="processing", card="tok_return_timeout")
    with pytest.raises(PaymentInDoubt), click(support):
        services.cancel_order(order_id=order.pk, by=support, reason_code="out_of_stock", reason="")
    return fresh(order)


@pytest.mark.parametrize(
    "step", [step for step in STEPS if "processing" in step.sources], ids=lambda step: step.name
)
def test_while_a_claim_is_open_every_other_step_is_refused(claimed, manager, step):
    with pytest.raises(ClaimOpen) as refusal, click(manager):
        do(step, claimed, by=manager)

    assert refusal.value.message.startswith("The order is being worked on: “Cancel” by Support")
    assert refusal.value.http_status == 409
    assert fresh(claimed).version == claimed.version


def test_every_step_from_an_open_order_minds_the_claim():
    unguarded = [
        step.name
        for step in [*ORDER_FLOW.steps.values(), TAKE_PAYMENT]
        if not step.is_entry and "no_claim" not in {guard.__name__ for guard in step.guards}
    ]

    assert unguarded == []


def test_the_database_itself_holds_one_open_claim_per_order(claimed):
    claim = claimed.facts.claim
    columns = {
        f.attname: getattr(claim, f.attname)
        for f in PaymentIntent._meta.concrete_fields
        if f.name not in {"id", "uuid"}
    }

    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentIntent.objects.create(**columns)


def test_when_only_the_constraint_sees_the_rival_the_refusal_is_the_same(claimed, monkeypatch):
    monkeypatch.setattr(PaymentIntent, "OPEN", ())

    with pytest.raises(ClaimOpen) as refusal, click(claimed.facts.claim.by):
        services.cancel_order(
            order_id=claimed.pk, by=claimed.facts.claim.by, reason_code="other", reason=""
        )

    assert refusal.value.message.startswith("The order is being worked on: “Cancel” by Support")


def test_a_verb_that_moves_money_refuses_to_run_inside_a_transaction(support):
    order = OrderFactory()
    pay(order)

    with pytest.raises(RuntimeError, match="leave the atomic block"), transaction.atomic():
        services.process_order(order_id=order.pk, by=support, reason="")


def test_an_order_that_is_not_there_is_refused(support):
    with pytest.raises(UnknownRow, match="There is no order 987654"), click(support):
        services.process_order(order_id=987654, by=support, reason="")
