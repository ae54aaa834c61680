from __future__ import annotations

import pytest
from django.urls import reverse

from orders.models import Payment, PaymentIntent, Refund, Shipment
from tests.conftest import ROLES
from tests.orders.admin.desk import read
from tests.orders.factories import OrderFactory

pytestmark = pytest.mark.django_db

MODELS = (Payment, Refund, PaymentIntent, Shipment)


@pytest.fixture
def trade(db):
    from orders import services
    from tests.orders.factories import boss

    shipped = OrderFactory(status="completed")
    returned = OrderFactory(status="processing")
    services.cancel_order(order_id=returned.pk, by=boss(), reason="", reason_code="other")
    return shipped


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("role", ROLES)
def test_money_and_parcels_can_be_seen_by_permission_and_written_by_nobody(
    role, model, trade, make_user, sign_in
):
    person = make_user(role)
    client = sign_in(person)
    stem = f"admin:orders_{model._meta.model_name}"
    row = model.objects.first()
    seen = 200 if person.has_perm(f"orders.view_{model._meta.model_name}") else 403

    assert client.get(reverse(f"{stem}_changelist")).status_code == seen
    assert client.get(reverse(f"{stem}_change", args=[row.pk])).status_code == seen
    assert client.post(reverse(f"{stem}_change", args=[row.pk]), {"amount": "1"}).status_code == 403
    assert client.get(reverse(f"{stem}_add")).status_code == 403
    assert client.post(reverse(f"{stem}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


def test_finance_reads_payments_with_their_orders(trade, finance, sign_in):
    html = read(sign_in(finance), reverse("admin:orders_payment_changelist"), kind="captured")

    assert trade.number in html
    assert "Captured" in html


def test_no_list_shows_what_the_gateway_was_told_about_a_card(trade, finance, sign_in):
    client = sign_in(finance)
    intent = PaymentIntent.objects.first()

    for url in (
        reverse("admin:orders_paymentintent_changelist"),
        reverse("admin:orders_paymentintent_change", args=[intent.pk]),
    ):
        assert "tok_visa" not in read(client, url)
