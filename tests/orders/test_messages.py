"""Letters: written with the click, sent after its commit, by a job that stands in nobody's way."""

from __future__ import annotations

import smtplib

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from backoffice.models import Job
from catalog.services.allocation import NotEnoughStock
from orders import services
from orders.models import Message
from orders.services import messages
from tests.forging import past_the_guard
from tests.orders.factories import (
    CustomerFactory,
    OrderFactory,
    ProductFactory,
    boss,
    click,
    fresh,
)
from tests.orders.letterbox import SendingRun, queue, with_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def commit(django_capture_on_commit_callbacks):
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def no_server(monkeypatch):
    """A mail server that is down, until `no_server.clear()`."""
    broken = [True]
    real = mail.EmailMultiAlternatives.send

    def send(self, *args, **kwargs):
        if broken:
            raise smtplib.SMTPServerDisconnected("gone")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", send)
    return broken


def letters_of(order, template=""):
    found = Message.objects.with_state().filter(order=order).order_by("pk")
    return list(found.filter(template=template) if template else found)


def test_a_letter_is_sent_after_the_commit_and_recorded(commit):
    order = OrderFactory()

    with commit() as callbacks:
        queue(order)
        assert mail.outbox == []

    assert callbacks
    (sent,) = mail.outbox
    assert sent.to == [order.contact.email]
    letter = letters_of(order, "confirmation")[-1]
    assert (letter.state, letter.to, letter.subject) == ("sent", sent.to[0], sent.subject)
    assert (letter.text, letter.html) == (sent.body, sent.alternatives[0][0])


def test_nothing_is_sent_when_the_click_is_rolled_back(commit):
    order = OrderFactory()
    before = Message.objects.count()

    with commit(), pytest.raises(ZeroDivisionError), transaction.atomic(), click(boss()):
        services.queue_message(order=order, template="confirmation", by=None)
        raise ZeroDivisionError

    assert mail.outbox == []
    assert Message.objects.count() == before


def test_a_mail_server_that_is_down_stands_in_nobody_s_way(commit, no_server, support):
    order = OrderFactory()

    with commit(), click(support):
        services.cancel_order(order_id=order.pk, by=support, reason_code="other", reason="as asked")

    assert fresh(order).status == "cancelled"
    letter = letters_of(order, "cancelled")[-1]
    assert (letter.state, letter.error) == ("failed", "SMTPServerDisconnected")
    assert "SMTPServerDisconnected" in letter.why_not
    job = Job.objects.filter(kind=messages.SEND_KIND).latest("pk")
    assert job.state == "queued" or job.attempts > 1


def test_the_job_sends_later_what_the_mail_server_did_not_take(commit, no_server):
    order = OrderFactory()
    with commit():
        queue(order)
    letter = letters_of(order)[-1]
    assert mail.outbox == []

    no_server.clear()
    done = messages.send_messages(SendingRun(), [letter.pk])

    assert len(mail.outbox) == 1
    assert done["sent"] == 1
    assert [d.state for d in letter.deliveries.all()][-1] == "sent"
    again = messages.send_messages(SendingRun(), [letter.pk])
    assert (len(mail.outbox), again["sent"]) == (1, 0)


def test_a_run_with_failures_asks_to_be_tried_again(no_server):
    order = OrderFactory()
    letter = queue(order)

    with pytest.raises(messages.SomeNotSent, match="1 of 1"):
        messages.send_messages(SendingRun(), [letter.pk])


def test_an_address_that_the_server_refuses_is_not_tried_again(monkeypatch, commit):
    order = OrderFactory()

    def refuse(self, *args, **kwargs):
        raise smtplib.SMTPRecipientsRefused({self.to[0]: (550, b"no such mailbox")})

    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", refuse)
    with commit():
        queue(order)

    letter = letters_of(order)[-1]
    assert (letter.state, letter.error) == ("refused", "rejected")
    assert Job.objects.filter(kind=messages.SEND_KIND).latest("pk").state == "done"


def test_one_dead_address_does_not_keep_the_others_from_their_letters(monkeypatch):
    first, second = OrderFactory(), OrderFactory()
    ids = [queue(first).pk, queue(second).pk]
    real = mail.EmailMultiAlternatives.send

    def send(self, *args, **kwargs):
        if self.to == [first.contact.email]:
            raise smtplib.SMTPServerDisconnected("gone")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", send)
    with pytest.raises(messages.SomeNotSent):
        messages.send_messages(SendingRun(), ids)

    assert [letter.to for letter in mail.outbox] == [[second.contact.email]]


# --- Nobody to write to ---------------------------------------------------------------------------


def test_without_an_address_no_letter_is_written_and_the_reason_is_said(commit):
    order = OrderFactory()
    order = with_contact(order, email="")

    with commit():
        letter = queue(order)

    assert mail.outbox == []
    assert (letter.to, letter.text, letter.html) == ("", "", "")
    shown = letters_of(order)[-1]
    assert (shown.state, shown.error) == ("refused", "no_address")
    assert shown.why_not == "There is no e-mail address on the order's contact."


def test_an_erased_contact_gets_no_letter(commit):
    order = OrderFactory()
    order.contact.erase()

    with commit():
        queue(fresh(order))

    assert mail.outbox == []
    assert letters_of(order)[-1].error == "erased"


def test_a_contact_that_is_erased_before_the_job_runs_gets_no_letter():
    order = OrderFactory()
    letter = queue(order)
    order.contact.erase()

    messages.send_messages(SendingRun(), [letter.pk])

    assert mail.outbox == []
    assert letters_of(order)[-1].error == "erased"


@pytest.mark.parametrize(
    "address", ["ada@example.com\nBcc: all@example.com", "ada", "ada@example.com, b@example.com"]
)
def test_an_address_with_a_header_in_it_is_no_address(address, commit):
    order = with_contact(OrderFactory(), email=address)

    with commit():
        queue(order)

    assert mail.outbox == []
    assert letters_of(order)[-1].error == "bad_address"


def test_a_line_break_never_reaches_a_header(commit, settings):
    settings.SHOP_NAME = "Shop\nBcc: all@example.com"
    order = OrderFactory()

    with commit():
        queue(order)

    (sent,) = mail.outbox
    assert "\n" not in sent.subject
    assert sent.message()["Bcc"] is None


# --- The verbs that write -------------------------------------------------------------------------


def test_placing_confirms_unless_it_is_switched_off(commit, support):
    told, quiet = OrderFactory(status="draft"), OrderFactory(status="draft")

    with commit(), click(support):
        services.place_order(order_id=told.pk, by=support, reason="")
    with commit(), click(support):
        services.place_order(order_id=quiet.pk, by=support, reason="", notify=False)

    (sent,) = mail.outbox
    assert fresh(told).number in sent.subject
    assert letters_of(quiet) == []


def test_placing_that_is_refused_confirms_nothing(commit, support):
    mug = ProductFactory()
    order = OrderFactory(status="draft", lines=[(mug, 21)])

    with commit(), pytest.raises(NotEnoughStock), click(support):
        services.place_order(order_id=order.pk, by=support, reason="")

    assert mail.outbox == []
    assert letters_of(order) == []


def test_a_bulk_cancellation_writes_to_each_customer_once(commit, support):
    first, second, draft = OrderFactory(), OrderFactory(), OrderFactory(status="draft")

    with commit(), click(support):
        services.cancel_orders(
            order_ids=[first.pk, second.pk, draft.pk],
            by=support,
            reason_code="other",
            reason="flood",
        )

    assert sorted(letter.to[0] for letter in mail.outbox) == sorted(
        [first.contact.email, second.contact.email]
    )
    job = Job.objects.get(kind=messages.WRITE_KIND)
    assert job.state == "done"
    assert {letters_of(o, "cancelled")[0].state for o in (first, second)} == {"sent"}


def test_a_second_attempt_of_a_bulk_letter_writes_none_twice(commit, support):
    orders = [OrderFactory(), OrderFactory()]
    with click(support) as change, commit():
        services.queue_messages(
            order_ids=[order.pk for order in orders], template="confirmation", by=support
        )
    written = Message.objects.filter(change_set=change.row())
    assert written.count() == 2

    run = SendingRun(order_ids=[order.pk for order in orders], template="confirmation")
    with click(support):
        from backoffice import changes

        with changes.resume(change.row().pk):
            messages.write_messages(run)

    assert written.count() == 2
    assert len(mail.outbox) == 2


# --- The record -----------------------------------------------------------------------------------


def test_a_letter_s_words_can_be_erased_and_nothing_else_changed():
    letter = queue(OrderFactory())
    with pytest.raises(IntegrityError), transaction.atomic(), past_the_guard():
        Message.objects.filter(pk=letter.pk).update(template="shipped")
    with pytest.raises(IntegrityError), transaction.atomic(), past_the_guard():
        Message.objects.filter(pk=letter.pk).update(text="something else")

    letter.erase()

    erased = Message.objects.get(pk=letter.pk)
    assert (erased.to, erased.subject, erased.text, erased.html) == ("", "", "", "")
    assert erased.commitment == letter.commitment


def test_neither_history_nor_delivery_nor_job_holds_whom_it_was_for(commit):
    customer = CustomerFactory(email="very.private@example.com")
    order = OrderFactory(customer=customer)
    with commit():
        queue(order)

    job = Job.objects.filter(kind=messages.SEND_KIND).latest("pk")
    held = [job.label, str(job.arguments), str(job.result), job.error, job.message]
    held += [str(vars(d)) for d in letters_of(order)[-1].deliveries.all()]
    assert not [text for text in held if "very.private" in text]
