from __future__ import annotations

import logging
import smtplib

import pytest
from django.core import mail

from orders import services
from orders.services import mails
from tests.orders.factories import CustomerFactory, OrderFactory, ProductFactory, click, fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def cancel(support, django_capture_on_commit_callbacks):
    def cancel(order, **more):
        with django_capture_on_commit_callbacks(execute=True), click(support):
            services.cancel_order(
                order_id=order.pk,
                by=support,
                reason_code="suspected_fraud",
                reason="stolen card",
                **more,
            )

    return cancel


def test_the_customer_is_told_after_the_commit(cancel):
    mug = ProductFactory(name="Mug <large>")
    order = OrderFactory(customer=CustomerFactory(first_name="Zoë", last_name=""), lines=[(mug, 2)])

    cancel(order)

    (letter,) = mail.outbox
    assert letter.to == [order.contact.email]
    assert letter.subject == f"Your order {order.number} was cancelled"
    assert "Hello Zoë," in letter.body
    assert "2 × Mug <large>" in letter.body
    assert "Nothing was charged." in letter.body
    html, kind = letter.alternatives[0]
    assert kind == "text/html"
    assert "2 × Mug &lt;large&gt;" in html


def test_the_letter_never_tells_our_own_reason(cancel):
    order = OrderFactory()

    cancel(order)

    html, _kind = mail.outbox[0].alternatives[0]
    for text in (mail.outbox[0].body, html):
        assert "fraud" not in text.lower()
        assert "stolen" not in text


def test_the_letter_says_what_goes_back(cancel):
    order = OrderFactory(status="processing")

    cancel(order)

    assert "We are returning 29.90 EUR" in mail.outbox[0].body
    assert "Nothing was charged" not in mail.outbox[0].body


def test_nobody_is_told_when_that_was_unticked(cancel):
    cancel(OrderFactory(), notify=False)

    assert mail.outbox == []


def test_nobody_is_told_about_a_draft(cancel):
    cancel(OrderFactory(status="draft"))

    assert mail.outbox == []


def test_an_erased_contact_gets_no_letter(cancel):
    order = OrderFactory()
    order.contact.erase()

    cancel(order)

    assert mail.outbox == []
    assert fresh(order).status == "cancelled"


def test_a_mail_server_that_fails_does_not_break_the_cancellation(cancel, monkeypatch, caplog):
    order = OrderFactory()

    def fail(self):
        raise smtplib.SMTPServerDisconnected("gone")

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", fail)
    with caplog.at_level(logging.ERROR, logger=mails.__name__):
        cancel(order)

    assert fresh(order).status == "cancelled"
    assert f"The letter about the cancellation of {order.number} was not sent." in caplog.text
