"""A customer's personal data go on request; what was bought and paid stays, and so do the seals."""

from __future__ import annotations

import pytest
from django.db import IntegrityError
from django.urls import reverse

from backoffice import seals
from backoffice.models import AuditEvent, Origin, User
from backoffice.refused import NotAllowed, ReasonMissing, UnknownRow
from orders import services
from orders.models import Address, Contact, Customer, Message, Order, Payment
from tests.backoffice.seals.conftest import unprotected
from tests.conftest import ROLES
from tests.forging import past_the_guard
from tests.orders.factories import CustomerFactory, OrderFactory, ProductFactory, boss, click

pytestmark = pytest.mark.django_db
WHY = "asked for by letter 17"


@pytest.fixture
def order(db) -> Order:
    """A cancelled order of a customer who has an account, with a letter and clicks of their own."""
    with click(boss()):
        order = OrderFactory(lines=[(ProductFactory(), 1)])
        services.take_payment(order_id=order.pk, token="tok_visa", by=boss(), reason="")
        services.cancel_order(
            order_id=order.pk, reason_code="changed_mind", by=boss(), reason="", notify=True
        )
    with click(User.objects.get(pk=order.customer_id)):
        AuditEvent.record("looked")
    seals.seal_record()
    return order


def erase(order: Order, by: User | None = None, reason: str = WHY) -> Customer:
    by = by or boss()
    with click(by):
        return services.erase_customer(customer_id=order.customer_id, by=by, reason=reason)


def words_of(row) -> list[str]:
    return [getattr(row, name) for name in row.personal_fields]


def test_personal_data_go_and_what_was_bought_stays(order, manager):
    payments = Payment.objects.filter(order=order).count()

    customer = erase(order, manager)

    assert customer.email == f"erased-{customer.pk.hex}@erased.invalid"
    assert (customer.first_name, customer.last_name, customer.is_active) == ("", "", False)
    assert not customer.has_usable_password()
    for model in (Contact, Address):
        rows = model.objects.filter(customer=customer)
        assert rows
        assert not any(word for row in rows for word in words_of(row))
    letters = Message.objects.filter(order=order)
    assert letters
    assert not any(word for row in letters for word in words_of(row))
    assert not Origin.objects.filter(change_set__actor=customer.pk, erased_at=None)
    assert Payment.objects.filter(order=order).count() == payments > 0
    order.refresh_from_db()
    assert (order.status, order.total) == ("cancelled", order.total)


def test_the_record_is_whole_afterwards_and_knows_each_erased_row(order, manager):
    erase(order, manager)

    report = seals.examine()
    assert report.is_whole, report.kept()
    events = AuditEvent.objects.filter(kind=AuditEvent.ERASURE)
    assert report.erased == events.count() >= 4
    whole = AuditEvent.objects.get(kind="customer_erased")
    assert (whole.subject_key, whole.change_set.note) == (str(order.customer_id), WHY)
    assert whole.detail["contacts"] == 1
    seals.seal_record()
    assert seals.examine().is_whole
    assert seals.reconcile_record().is_whole


def test_the_same_without_the_record_is_found(order):
    contact = Contact.objects.get(customer=order.customer_id)

    with unprotected() as sql:
        sql(
            "UPDATE orders_contact SET name = '', email = '', phone = '', salt = '',"
            " erased_at = created_at WHERE id = %s",
            contact.pk,
        )

    first = seals.examine().first
    assert (first.kind, first.table, first.row) == ("erased", "orders_contact", contact.pk)


def test_no_name_is_left_in_history_events_or_change_sets(order, manager):
    erase(order, manager)

    for event in AuditEvent.objects.all():
        assert "Lindqvist" not in str(event.detail)
    assert not Origin.objects.filter(name__contains="Lindqvist").exists()


def test_an_order_under_way_stands_in_the_way(manager):
    order = OrderFactory(lines=[(ProductFactory(), 1)])

    with pytest.raises(services.CustomerHasOpenOrders, match=order.number):
        erase(order, manager)

    assert Contact.objects.get(customer=order.customer_id).name


def test_it_is_done_once_needs_a_reason_and_is_for_customers(order, manager, support):
    with pytest.raises(ReasonMissing):
        erase(order, manager, " ")
    with pytest.raises(UnknownRow):
        services.erase_customer(customer_id=support.pk, by=manager, reason=WHY)
    erase(order, manager)
    with pytest.raises(services.ErasedAlready):
        erase(order, manager)


def test_another_customer_keeps_everything(order, manager):
    other = CustomerFactory()

    erase(order, manager)

    assert Contact.objects.get(customer=other.pk).name == "Ada Lindqvist"
    assert Customer.objects.get(pk=other.pk).first_name == "Ada"


def test_what_is_erased_stays_erased(order, manager):
    erase(order, manager)
    contact = Contact.objects.get(customer=order.customer_id)
    contact.name = "Ada again"

    with past_the_guard(), pytest.raises(IntegrityError, match="append-only"):
        contact.save()


@pytest.mark.parametrize("role", ROLES)
def test_only_managers_may(role, request, order, sign_in):
    user = request.getfixturevalue(role)
    url = reverse("admin:orders_customer_act", args=[order.customer_id, "erase"])
    page = sign_in(user).get(url)

    if role == "manager":
        assert page.status_code == 200
        said = page.content.decode()
        assert "Goes: Contacts" in said
        assert "Stays: Orders and invoices" in said
    else:
        assert page.status_code == 403
        with pytest.raises(NotAllowed):
            erase(order, user)


def test_by_the_page(order, manager, sign_in):
    client = sign_in(manager)
    url = reverse("admin:orders_customer_act", args=[order.customer_id, "erase"])
    form = client.get(url).context["form"]
    key = form["idempotency_key"].value()

    refused = client.post(url, {"reason": "", "idempotency_key": key})
    assert Contact.objects.get(customer=order.customer_id).name
    done = client.post(url, {"reason": WHY, "idempotency_key": key})

    assert refused.status_code in {200, 422}
    assert done.status_code == 302
    assert Contact.objects.get(customer=order.customer_id).name == ""
    page = client.get(reverse("admin:orders_customer_change", args=[order.customer_id]))
    assert page.status_code == 200
    assert page.context["erase_url"] == ""
    invoice = client.get(reverse("admin:orders_order_change", args=[order.pk]))
    assert invoice.status_code == 200
