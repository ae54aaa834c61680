from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice import approvals
from backoffice.refused import BadValue, NotAllowed, StaleVersion, StepNotOpen, UnknownRow
from orders import services
from orders.discounts import Discount
from orders.guards import ClaimOpen
from orders.models import PaymentIntent, Refund, Return
from orders.refusals import PaymentDeclined, PaymentInDoubt
from orders.return_guards import NothingCameBack, NothingDue, RefundAsked
from orders.services import Inspected, RefundUnits
from orders.services.returns import (
    FeeTooLarge,
    MoreThanDueForReturn,
    StillDue,
    fresh_return,
    require_due,
)
from tests.orders.factories import ProductFactory, boss, click, fresh
from tests.orders.returns.doing import (
    announced,
    inspected,
    line_of,
    received,
    shipped_order,
)

# The refund claims, calls and settles in transactions of its own.
pytestmark = pytest.mark.django_db(transaction=True)


def refund(row, by, **more):
    with click(by):
        return services.refund_return(return_id=row.pk, by=by, reason="as agreed", **more)


def test_refund_return_gives_back_what_the_units_are_worth_and_closes(support):
    order = shipped_order((ProductFactory(), 3))
    row = inspected(order, 2, damaged=1)
    assert row.facts.due == Decimal("25.00")

    after = refund(row, support)

    made = Refund.objects.get()
    assert made.amount == Decimal("25.00")
    assert made.of_return == row
    assert [(line.line_id, line.quantity, line.amount) for line in made.lines.all()] == [
        (line_of(order).pk, 2, Decimal("25.00"))
    ]
    assert after.facts.due == 0
    assert after.status == "closed"
    facts = fresh(order).facts
    assert facts.net_paid == order.total - Decimal("25.00")
    assert facts.due == 0
    assert facts.payment_state(order.total) == "partly_refunded"


def test_missing_units_are_not_paid_back(support):
    row = inspected(shipped_order((ProductFactory(), 4)), damaged=1, missing=2)

    refund(row, support)

    assert Refund.objects.get().amount == Decimal("25.00")


def test_refund_return_spreads_the_discount_of_the_order_over_what_came_back(support):
    with click(boss()):
        order = services.write_order(
            customer_id=shipped_order().customer_id,
            lines=[services.LineDraft(ProductFactory(price=Decimal("10.00")).pk, 3)],
            shipping_fee=Decimal("4.90"),
            channel="phone",
            by=boss(),
            reason="",
            discount=Discount(amount=Decimal("10.00"), reason="loyal"),
        )
    who = {"order_id": order.pk, "by": boss(), "reason": ""}
    for verb in (services.place_order, _pay, services.process_order, services.ship_order):
        with click(boss()):
            verb(**who)
    first, rest = inspected(order, 1), inspected(order, 2)

    assert first.facts.due + rest.facts.due == Decimal("20.00")
    refund(first, support)
    refund(fresh_return(rest.pk), support)

    assert sum(made.amount for made in Refund.objects.all()) == Decimal("20.00")
    assert fresh(order).facts.net_paid == Decimal("4.90")


def _pay(*, order_id, by, reason):
    services.take_payment(order_id=order_id, token="tok_visa", by=by, reason=reason)


def test_refund_return_keeps_a_fee_and_gives_shipping_back(support):
    row = inspected()

    after = refund(row, support, fee=Decimal("5.00"), shipping=Decimal("4.90"))

    assert Refund.objects.get().amount == Decimal("24.90")
    assert after.fee == Decimal("5.00")
    assert after.facts.due == 0
    assert after.history.filter(step="refund_return").count() == 1


def test_a_refund_that_the_bank_declines_leaves_the_return_as_it_was(support):
    row = inspected(shipped_order(card="tok_refund_declined"))

    with pytest.raises(PaymentDeclined):
        refund(row, support)

    after = fresh_return(row.pk)
    assert (after.status, after.facts.due) == ("inspected", Decimal("25.00"))
    assert not Refund.objects.exists()


def test_refund_return_refuses_a_second_time(support):
    row = inspected()
    refund(row, support)

    with pytest.raises(StepNotOpen):
        refund(row, support)

    assert Refund.objects.count() == 1


def test_refund_return_leaves_open_what_whoever_refunds_may_not_close(finance):
    row = inspected()

    after = refund(row, finance)

    assert after.status == "inspected"
    with pytest.raises(NothingDue):
        refund(row, finance)


def test_units_that_were_refunded_before_they_came_are_not_refunded_again(support):
    order = shipped_order((ProductFactory(), 2), (ProductFactory(price=Decimal("40.00")), 1))
    row = announced(order, 2)
    with click(boss()):
        services.refund_order(
            order_id=order.pk,
            by=boss(),
            reason_code="goodwill",
            reason="in advance",
            lines=[RefundUnits(line_of(order).pk, 1)],
        )
    with click(boss()):
        services.receive_return(return_id=row.pk, by=boss(), reason="")
    with click(boss()):
        results = {line_of(order).pk: Inspected(sellable=2)}
        services.inspect_return(return_id=row.pk, results=results, by=boss(), reason="")

    assert fresh_return(row.pk).facts.due == Decimal("12.50")
    refund(row, support)

    assert fresh(order).facts.refunded == Decimal("25.00")


def test_a_return_never_gives_back_more_than_is_left_of_the_money(support):
    order = shipped_order()
    row = inspected(order)
    with click(boss()):
        services.refund_order(
            order_id=order.pk,
            by=boss(),
            reason_code="goodwill",
            reason="for the trouble",
            amount=Decimal("20.00"),
        )

    row = fresh_return(row.pk)
    assert row.facts.due == order.total - Decimal("20.00")
    refund(row, support)

    facts = fresh(order).facts
    assert (facts.refunded, facts.net_paid) == (order.total, 0)


def test_refund_return_refuses_when_nothing_came_back(support):
    row = inspected(missing=2)

    with pytest.raises(NothingCameBack):
        refund(row, support)


@pytest.mark.parametrize("maker", [announced, received])
def test_refund_return_refuses_before_somebody_has_looked(support, maker):
    with pytest.raises(StepNotOpen):
        refund(maker(), support)


@pytest.mark.parametrize("fee", ["25.00", "30.00"])
def test_a_fee_leaves_something_to_refund(support, fee):
    row = inspected()

    with pytest.raises(FeeTooLarge):
        refund(row, support, fee=Decimal(fee))

    assert fresh_return(row.pk).fee == 0


@pytest.mark.parametrize("sum_", ["-1", "0.001", "NaN", "Infinity"])
@pytest.mark.parametrize("name", ["fee", "shipping"])
def test_refund_return_refuses_what_is_no_money(support, name, sum_):
    with pytest.raises(BadValue):
        refund(inspected(), support, **{name: Decimal(sum_)})


def test_refund_return_refuses_a_stale_version_a_stranger_and_an_unknown_return(
    support, fulfilment
):
    row = inspected()

    with pytest.raises(StaleVersion):
        refund(row, support, version=row.version + 1)
    with pytest.raises(NotAllowed):
        refund(row, fulfilment)
    with pytest.raises(UnknownRow):
        refund(Return(pk=987_654), support)


def test_a_refund_above_the_limit_waits_for_a_second_person_and_shows_it(support, manager, admin):
    with click(admin):
        approvals.make_rule(
            action="orders.refund", above=Decimal(20), currency="EUR", by=admin, reason="agreed"
        )
    row = inspected()

    with pytest.raises(approvals.ApprovalAsked) as asked:
        refund(row, support)

    waiting = fresh_return(row.pk)
    assert waiting.facts.asked == asked.value.approval
    assert waiting.facts.due == Decimal("25.00")
    with pytest.raises(RefundAsked):
        refund(row, support)
    with pytest.raises(RefundAsked), click(support):
        services.close_return(return_id=row.pk, by=support, reason="kept")

    with click(manager):
        approvals.approve_approval(
            approval_id=asked.value.approval.pk, by=manager, reason="seen the photos"
        )

    after = fresh_return(row.pk)
    assert (after.status, after.facts.due, after.facts.asked) == ("closed", 0, None)
    assert Refund.objects.get().of_return == row


def test_the_refund_itself_asks_what_is_due_of_the_return(support):
    order, other = shipped_order(), shipped_order()
    row = inspected(order, 1)

    with pytest.raises(MoreThanDueForReturn), click(support):
        services.refund_order(
            order_id=order.pk,
            by=support,
            reason_code="returned",
            reason="too much",
            amount=Decimal("12.51"),
            return_id=row.pk,
        )
    with pytest.raises(UnknownRow):
        require_due(other, row.pk, Decimal(1))
    with pytest.raises(StepNotOpen):
        require_due(order, announced(order, 1).pk, Decimal(1))


def test_while_the_bank_is_silent_the_return_waits_and_then_closes_by_itself(support, settings):
    row = inspected()
    settings.PAYMENT_GATEWAY = "tests.orders.banks.SilentBank"
    with pytest.raises(PaymentInDoubt):
        refund(row, support)

    for verb, more in (
        (services.close_return, {"reason": "kept"}),
        (services.exchange_return, {"lines": [], "reason": ""}),
        (services.refund_return, {"reason": ""}),
    ):
        with pytest.raises(ClaimOpen), click(boss()):
            verb(return_id=row.pk, by=boss(), **more)

    settings.PAYMENT_GATEWAY = "orders.integrations.sandbox.SandboxGateway"
    with click(None):
        services.settle_in_doubt(intent_id=PaymentIntent.objects.latest("pk").pk, by=None)

    after = fresh_return(row.pk)
    assert (after.status, after.facts.due) == ("closed", 0)
    assert Refund.objects.get().of_return == row


def test_close_return_asks_why_something_due_is_not_given_back(support):
    row = inspected()

    with pytest.raises(StillDue, match=r"25\.00 EUR are still due"), click(support):
        services.close_return(return_id=row.pk, by=support, reason=" ")
    with click(support):
        after = services.close_return(return_id=row.pk, by=support, reason="Customer's own cup.")

    assert after.status == "closed"
    assert after.closed_at is not None


def test_close_return_needs_no_reason_when_nothing_is_due(support):
    row = inspected(missing=2)

    with click(support):
        services.close_return(return_id=row.pk, by=support, reason="")

    assert fresh_return(row.pk).status == "closed"
