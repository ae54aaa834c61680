"""Customers and their records, notes on orders, and who takes care of one."""

from __future__ import annotations

import uuid

import pytest

from backoffice.changes import UnauditedWrite
from backoffice.models import AuditEvent, Profile, User
from backoffice.refused import BadValue, StaleVersion, UnknownRow
from orders import services
from orders.models import Customer
from orders.services import EmailTaken
from tests.orders.factories import CustomerFactory, OrderFactory, click, fresh

pytestmark = pytest.mark.django_db


def create(by, email="Ada@Example.com "):
    with click(by):
        return services.create_customer(
            email=email, first_name=" Ada ", last_name="Lindqvist", by=by, reason="on the phone"
        )


def test_create_customer_makes_a_user_who_is_no_staff_and_cannot_sign_in_yet(support):
    customer = create(support)

    user = User.objects.get(pk=customer.pk)
    assert (user.email, user.get_full_name()) == ("ada@example.com", "Ada Lindqvist")
    assert not user.is_staff
    assert not user.has_usable_password()
    assert Profile.objects.filter(user=user).exists()
    row = user.history.get()
    assert row.history_user_id == support.pk
    assert not hasattr(row, "email")


def test_create_customer_refuses_an_address_that_is_taken(support):
    create(support)

    with pytest.raises(EmailTaken) as refusal:
        create(support, "ADA@example.com")

    assert refusal.value.message == "Somebody with this e-mail address is already here."


@pytest.mark.parametrize("email", ["", "ada", "ada@", "ada@example.com\x00"])
def test_create_customer_refuses_what_is_no_address(support, email):
    with pytest.raises(BadValue, match="E-mail"):
        create(support, email)


def test_create_customer_refuses_a_name_that_is_too_long(support):
    with pytest.raises(BadValue, match="first name"), click(support):
        services.create_customer(
            email="a@example.com", first_name="x" * 151, last_name="", by=support, reason=""
        )


def test_saving_through_the_proxy_is_refused_since_it_would_leave_no_history():
    with pytest.raises(UnauditedWrite):
        Customer(email="x@example.com").save()


def contact(by, customer, **fields):
    with click(by):
        return services.record_contact(
            customer_id=customer.pk,
            by=by,
            reason="",
            **{"name": "Ada", "email": "ada@example.com", "phone": "+49 431 1", **fields},
        )


def test_record_contact_makes_a_new_row_and_leaves_the_old_one(support):
    customer = CustomerFactory()
    old = customer.contact_records.get()

    new = contact(support, customer)

    assert new.pk != old.pk
    assert customer.contact_records.count() == 2
    event = AuditEvent.objects.get(kind="contact_recorded")
    assert (event.subject_key, event.change_set.actor) == (str(new.pk), support)
    assert "ada" not in str(event.detail).lower()


def test_record_contact_again_with_the_same_words_makes_no_new_row(support):
    customer = CustomerFactory()

    assert contact(support, customer) == contact(support, customer)


def test_record_contact_refuses_what_is_empty_or_no_address(support):
    customer = CustomerFactory()

    with pytest.raises(BadValue, match="it is empty"):
        contact(support, customer, name="", email="", phone="")
    with pytest.raises(BadValue, match="E-mail"):
        contact(support, customer, email="ada")


def test_record_address_wants_street_and_city(support):
    customer = CustomerFactory()

    with pytest.raises(BadValue, match="street and city are needed"), click(support):
        services.record_address(customer_id=customer.pk, name="Ada", by=support, reason="")
    with click(support):
        address = services.record_address(
            customer_id=customer.pk,
            line1="Pier 1",
            city="Kiel",
            country="de",
            by=support,
            reason="",
        )
    assert address.printed_lines == ["Pier 1", "Kiel", "DE"]


def test_records_are_only_made_for_customers(support, manager):
    with pytest.raises(UnknownRow):
        contact(support, manager)


def test_add_note_writes_what_staff_tell_each_other(fulfilment):
    order = OrderFactory()

    with click(fulfilment):
        note = services.add_note(order_id=order.pk, body=" Fragile!\x00 ", by=fulfilment)

    assert (note.author, note.body) == (fulfilment, "Fragile!")
    assert note.change_set.action == "orders.note"
    assert fresh(order).version == order.version


@pytest.mark.parametrize(("body", "words"), [(" ", "empty"), ("x" * 4001, "at most 4000")])
def test_add_note_refuses_what_is_empty_or_endless(support, body, words):
    order = OrderFactory()

    with pytest.raises(BadValue, match=words), click(support):
        services.add_note(order_id=order.pk, body=body, by=support)


def test_add_note_refuses_an_order_that_is_not_there(support):
    with pytest.raises(UnknownRow, match="There is no order 987654"), click(support):
        services.add_note(order_id=987654, body="Hello", by=support)


def assign(order, by, assignee_id, **more):
    with click(by):
        return services.assign_order(
            order_id=order.pk, assignee_id=assignee_id, by=by, reason="", **more
        )


def test_assign_order_gives_takes_and_lays_down(support, fulfilment):
    order = OrderFactory()

    assert assign(order, support, fulfilment.pk).assignee == fulfilment
    with click(support):
        assert services.take_order(order_id=order.pk, by=support, reason="").assignee == support
    assert assign(order, support, None).assignee is None

    assert fresh(order).version == order.version + 3
    assert order.history.filter(history_user_id=support.pk).count() == 3


def test_assign_order_refuses_whoever_is_no_active_colleague(support, manager):
    order = OrderFactory()
    manager.is_active = False
    manager.save()

    for nobody in (manager.pk, CustomerFactory().pk, uuid.uuid4()):
        with pytest.raises(BadValue, match="choose an active colleague"):
            assign(order, support, nobody)


def test_assign_order_refuses_a_stale_version(support):
    order = OrderFactory()
    assign(order, support, support.pk, version=order.version)

    with pytest.raises(StaleVersion):
        assign(order, support, None, version=order.version)
