"""Letters that somebody sends by hand: the same again, or one that never went out."""

from __future__ import annotations

import pytest
from django.core import mail

from backoffice.refused import NotAllowed, UnknownRow
from orders import services
from tests.conftest import ROLES as PERSONAS
from tests.orders.factories import OrderFactory, click, fresh
from tests.orders.letterbox import queue, with_contact

pytestmark = pytest.mark.django_db


def test_resend_message_sends_the_same_words_to_the_contact_of_now(
    support, django_capture_on_commit_callbacks
):
    order = OrderFactory()
    first = queue(order)
    order = with_contact(fresh(order), email="new@example.com")

    with django_capture_on_commit_callbacks(execute=True), click(support):
        again = services.resend_message(message_id=first.pk, by=support, reason="new address")

    assert again.resend_of == first
    assert (again.subject, again.text, again.html) == (first.subject, first.text, first.html)
    assert mail.outbox[-1].to == ["new@example.com"]
    assert again.change_set.note == "new address"


def test_resend_message_refuses_an_erased_letter(support):
    order = OrderFactory()
    first = queue(order)
    first.erase()

    with pytest.raises(services.LetterErased), click(support):
        services.resend_message(message_id=first.pk, by=support, reason="")


def test_resend_message_refuses_when_nobody_can_be_written_to(support):
    order = OrderFactory()
    first = queue(order)
    with_contact(fresh(order), email="")

    with pytest.raises(services.NobodyToWriteTo, match="no e-mail address"), click(support):
        services.resend_message(message_id=first.pk, by=support, reason="")
    with pytest.raises(UnknownRow), click(support):
        services.resend_message(message_id=10**9, by=support, reason="")


@pytest.mark.parametrize("role", PERSONAS)
def test_only_support_and_managers_write_by_hand(role, make_user):
    order = OrderFactory()
    first = queue(order)
    by = make_user(role)
    doors = (
        lambda: services.resend_message(message_id=first.pk, by=by, reason=""),
        lambda: services.send_message(order_id=order.pk, template="confirmation", by=by, reason=""),
    )

    for door in doors:
        with click(by):
            if role in {"support", "manager"}:
                assert door().order == order
            else:
                with pytest.raises(NotAllowed):
                    door()


def test_send_message_refuses_what_would_not_be_true(support):
    order = OrderFactory()

    for template in ("shipped", "cancelled", "refunded"):
        with pytest.raises(services.LetterDoesNotFit), click(support):
            services.send_message(order_id=order.pk, template=template, by=support, reason="")
    with pytest.raises(services.UnknownLetter), click(support):
        services.send_message(order_id=order.pk, template="love", by=support, reason="")
    with pytest.raises(UnknownRow), click(support):
        services.send_message(order_id=10**9, template="shipped", by=support, reason="")
