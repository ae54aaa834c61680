"""Every role × every verb; the table of roles is the truth."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from backoffice.refused import NotAllowed, Refused
from config.roles import ROLES
from orders import services
from orders.models import PaymentIntent, QueueTarget
from orders.services import LineDraft
from tests.conftest import ROLES as PERSONAS
from tests.orders.doing import STEPS, do, order_ready_for
from tests.orders.factories import CustomerFactory, OrderFactory, ProductFactory, boss, click

pytestmark = pytest.mark.django_db


def test_every_role_of_the_table_has_a_persona():
    assert set(PERSONAS) == set(ROLES)


@pytest.mark.row("O6")
@pytest.mark.parametrize("role", PERSONAS)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_role_takes_a_step_only_if_the_table_says_so(role, step, make_user):
    by = make_user(role)
    order = order_ready_for(step, step.sources[0])

    with click(by):
        if step.permission_name in ROLES[role]:
            do(step, order, by=by)
        else:
            with pytest.raises(NotAllowed):
                do(step, order, by=by)

    expected = step.name if step.permission_name in ROLES[role] else ""
    assert order.history.filter(history_user_id=by.pk).exists() is bool(expected)


# Verbs beside the flow: the permission each asks for, and a call that is right but for the role.
def _write(by):
    services.write_order(
        customer_id=CustomerFactory().pk,
        lines=[LineDraft(ProductFactory().pk, 1)],
        shipping_fee=Decimal(0),
        channel="phone",
        by=by,
        reason="",
    )


def _edit(by):
    services.edit_draft(order_id=OrderFactory(status="draft").pk, channel="web", by=by, reason="")


def _address(by):
    services.address_order(order_id=OrderFactory(status="draft").pk, by=by, reason="")


def _take_payment(by):
    services.take_payment(order_id=OrderFactory().pk, token="tok_visa", by=by, reason="")


def _record_payment(by):
    services.record_payment(order_id=OrderFactory().pk, amount=None, by=by, reason="")


def _note(by):
    services.add_note(order_id=OrderFactory().pk, body="Call back.", by=by)


def _assign(by):
    services.assign_order(order_id=OrderFactory().pk, assignee_id=None, by=by, reason="")


def _tag(by):
    services.tag_order(order_id=OrderFactory().pk, names="gift", by=by, reason="")


def _untag(by):
    services.untag_order(order_id=OrderFactory().pk, names="gift", by=by, reason="")


def _follow_up(by):
    services.set_follow_up(order_id=OrderFactory().pk, on=None, by=by, reason="")


def _be_present(by):
    services.be_present(order_id=OrderFactory().pk, by=by, now=timezone.now())


def _note_customer(by):
    services.add_customer_note(customer_id=CustomerFactory().pk, body="Call back.", by=by)


def _target(by):
    target = QueueTarget.objects.get(queue="to_ship")
    services.set_queue_target(
        target_id=target.pk, warn_hours=1, breach_hours=2, by=by, reason="peak"
    )


def _customer(by):
    services.create_customer(email="new@example.com", first_name="", last_name="", by=by, reason="")


def _contact(by):
    services.record_contact(
        customer_id=CustomerFactory().pk, name="Ada", email="", phone="", by=by, reason=""
    )


def _new_address(by):
    services.record_address(
        customer_id=CustomerFactory().pk, line1="Pier 1", city="Kiel", by=by, reason=""
    )


def _by_hand(by):
    order = OrderFactory(card="tok_visa")
    with pytest.raises(Refused) as refusal:
        services.return_by_hand(intent_id=0, by=by, reason="bank transfer")
    assert not PaymentIntent.objects.filter(order=order).exists()
    raise refusal.value


def _pack(by):
    services.pack_order(order_id=OrderFactory(status="processing").pk, by=by, reason="")


def _packed():
    order = OrderFactory(status="processing")
    (parcel,) = services.pack_order(order_id=order.pk, by=boss(), reason="")
    return parcel.pk


def _send(by):
    services.send_shipment(shipment_id=_packed(), by=by, reason="")


def _unpack(by):
    services.unpack_shipment(shipment_id=_packed(), by=by, reason="torn")


def _correct(by):
    services.correct_shipment(shipment_id=_packed(), tracking="1", by=by, reason="")


def _edit_pending(by):
    services.edit_order(order_id=OrderFactory().pk, shipping_fee=Decimal(1), by=by, reason="")


def _duplicate(by):
    services.duplicate_order(order_id=OrderFactory().pk, by=by, reason="")


def _merge(by):
    kept = OrderFactory()
    absorbed = OrderFactory(customer=kept.customer)
    services.merge_orders(keep_id=kept.pk, absorb_id=absorbed.pk, by=by, reason="")


def _discount_line(by):
    order = OrderFactory()
    services.discount_line(
        order_id=order.pk, line_id=order.lines.get().pk, percent=Decimal(5), by=by, reason="torn"
    )


VERBS = [
    ("orders.change_order", _edit_pending),
    ("orders.add_order", _duplicate),
    ("orders.merge_order", _merge),
    ("orders.discount_order", _discount_line),
    ("orders.ship_order", _pack),
    ("orders.ship_order", _send),
    ("orders.ship_order", _unpack),
    ("orders.ship_order", _correct),
    ("orders.add_order", _write),
    ("orders.change_order", _edit),
    ("orders.change_order", _address),
    ("orders.take_payment_order", _take_payment),
    ("orders.record_payment_order", _record_payment),
    ("orders.note_order", _note),
    ("orders.note_order", _assign),
    ("orders.note_order", _tag),
    ("orders.note_order", _untag),
    ("orders.note_order", _follow_up),
    ("orders.note_order", _be_present),
    ("orders.note_customer", _note_customer),
    ("orders.change_queuetarget", _target),
    ("orders.add_customer", _customer),
    ("orders.add_customer", _contact),
    ("orders.add_customer", _new_address),
    ("orders.record_payment_order", _by_hand),
]


@pytest.mark.row("O6")
@pytest.mark.parametrize("role", PERSONAS)
@pytest.mark.parametrize(("permission", "verb"), VERBS, ids=lambda v: getattr(v, "__name__", ""))
def test_a_role_uses_a_verb_only_if_the_table_says_so(role, permission, verb, make_user):
    by = make_user(role)

    try:
        verb(by)
        refusal = None
    except Refused as error:
        refusal = error

    assert isinstance(refusal, NotAllowed) is (permission not in ROLES[role])


def test_somebody_who_was_deactivated_takes_no_step(support):
    order = OrderFactory()
    support.is_active = False
    support.save()

    with pytest.raises(NotAllowed) as refusal:
        services.hold_order(order_id=order.pk, by=support, reason="wait")

    assert refusal.value.message == "Your role does not allow you to hold."
