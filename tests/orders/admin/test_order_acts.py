from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib import admin
from django.urls import reverse

from backoffice.ids import uuid7
from backoffice.models import ChangeSet
from orders.models import Order, OrderNote, Payment
from tests.conftest import ROLES
from tests.orders.admin.desk import page_of, press, read
from tests.orders.doing import answers_to
from tests.orders.factories import OrderFactory, fresh, pay

pytestmark = pytest.mark.django_db

# What each dialog is answered with; steps are answered from their own table.
ANSWERS = {
    "take_payment": {"token": "tok_visa"},
    "return_by_hand": {"reason": "by bank transfer"},
    "add_note": {"body": "Hello"},
    "give_contact": {"name": "Ada", "email": "ada@example.com", "phone": "1"},
    "give_address": {"name": "Ada", "line1": "Kai 4", "city": "Kiel", "country": "DE"},
}


def acts():
    return admin.site.get_model_admin(Order).get_acts()


def answered(act) -> dict:
    if act.step is not None and act.name in act.step.flow.steps:
        given = answers_to(act.step)
    else:
        given = ANSWERS.get(act.name, {})
    return {name: value for name, value in given.items() if value is not False}


@pytest.mark.row("A2")
@pytest.mark.parametrize("role", ROLES)
def test_every_act_is_refused_to_roles_without_its_permission(role, make_user, sign_in):
    person = make_user(role)
    client = sign_in(person)
    order = OrderFactory()
    sets = ChangeSet.objects.count()

    for act in acts().values():
        if act.is_allowed(person):
            continue
        assert press(client, order, act.name, **answered(act)).status_code == 403, act.name
        bulk = reverse("admin:orders_order_bulk_act", args=[act.name])
        answer = client.post(bulk, {"ids": [order.pk], **answered(act)})
        assert answer.status_code == (403 if act.for_many else 404), act.name

    assert ChangeSet.objects.count() == sets
    assert Order.objects.get(pk=order.pk).version == order.version


def test_an_auditor_may_do_nothing_at_all(auditor):
    assert [act.name for act in acts().values() if act.is_allowed(auditor)] == []


def test_a_card_payment_is_authorised_from_the_workspace(support, sign_in):
    order = OrderFactory()

    answer = press(sign_in(support), order, "take_payment", token="tok_visa")

    assert answer.status_code == 302
    assert fresh(order).facts.authorised == order.total


def test_a_declined_card_is_told_in_the_banks_words_and_stands_on_the_page(support, sign_in):
    order = OrderFactory()
    client = sign_in(support)

    answer = press(client, order, "take_payment", token="tok_declined")

    assert answer.status_code == 409
    assert "Your card was declined." in answer.content.decode()
    assert "Your card was declined." in read(client, page_of(order))


def test_a_payment_that_arrived_is_recorded_with_its_reference(finance, sign_in):
    order = OrderFactory()

    press(sign_in(finance), order, "record_payment", amount="10.00", reference="RF18 5390")

    payment = Payment.objects.get(order=order)
    assert (payment.kind, payment.amount, payment.message) == (
        "received",
        Decimal("10.00"),
        "RF18 5390",
    )


def test_a_note_is_written_from_the_box_and_the_page_comes_back(support, sign_in):
    order = OrderFactory()
    client = sign_in(support)

    answer = press(client, order, "add_note", body="She will call back.")

    assert answer["Location"] == page_of(order)
    assert OrderNote.objects.get(order=order).author == support
    assert "She will call back." in read(client, page_of(order))


def test_take_it_makes_me_the_assignee(support, sign_in):
    order = OrderFactory()

    press(sign_in(support), order, "take")

    assert Order.objects.get(pk=order.pk).assignee == support


def test_an_order_is_given_to_a_colleague_and_laid_down_again(support, manager, sign_in):
    order = OrderFactory()
    client = sign_in(manager)

    press(client, order, "assign", assignee_id=str(support.pk))
    given = Order.objects.get(pk=order.pk).assignee
    press(client, order, "assign", assignee_id="")

    assert given == support
    assert Order.objects.get(pk=order.pk).assignee is None


def test_a_dialog_that_is_sent_twice_acts_once(support, sign_in):
    order = OrderFactory()
    client = sign_in(support)
    url = reverse("admin:orders_order_act", args=[order.pk, "add_note"])
    sent = {"idempotency_key": uuid7().hex, "body": "Once."}

    client.post(url, sent)
    client.post(url, sent)

    assert OrderNote.objects.filter(order=order).count() == 1


def test_a_dialog_opened_before_somebody_else_acted_is_refused(support, sign_in):
    order = OrderFactory()
    pay(order)
    client = sign_in(support)
    stale = Order.objects.get(pk=order.pk).version
    press(client, order, "hold", reason="wait")
    press(client, order, "release")

    answer = press(client, order, "process", row_version=stale)

    assert answer.status_code == 409
    assert "changed by somebody else" in answer.content.decode()
    assert Order.objects.get(pk=order.pk).status == "pending"


def test_cancelling_gives_the_money_back_and_says_so(support, sign_in):
    order = OrderFactory(status="processing")

    press(
        sign_in(support),
        order,
        "cancel",
        reason_code="changed_mind",
        reason="",
        restock="on",
        refund="on",
        notify="on",
    )

    cancelled = fresh(order)
    assert cancelled.status == "cancelled"
    assert cancelled.facts.refunded == order.total
