"""Letters in the console: panel, page, preview, list; masked for who may not read customers."""

from __future__ import annotations

import pytest
from django.core import mail
from django.db import transaction
from django.urls import reverse

from orders import services
from orders.models import Message
from tests.conftest import ROLES as PERSONAS
from tests.orders.factories import CustomerFactory, OrderFactory, boss, click

pytestmark = pytest.mark.django_db

EMAIL, NAME = "grace.hopper@example.com", "Hopper"


@pytest.fixture
def order():
    customer = CustomerFactory(email=EMAIL, first_name="Grace", last_name=NAME)
    return OrderFactory(customer=customer)


@pytest.fixture
def letter(order):
    with transaction.atomic(), click(boss()):
        return services.queue_message(order=order, template="confirmation", by=None)


def preview(order, template="confirmation"):
    return reverse("admin:orders_message_preview", args=[order.pk, template])


def page(letter):
    return reverse("admin:orders_message_change", args=[letter.pk])


@pytest.mark.parametrize(("role", "is_told"), [("auditor", False), ("admin", False),
                                               ("manager", True)])  # fmt: skip
def test_the_record_tells_a_letter_s_words_to_who_may_read_them(
    role, is_told, letter, make_user, sign_in
):
    path = reverse("admin:backoffice_changeset_change", args=[letter.change_set_id])

    html = sign_in(make_user(role)).get(path).content.decode()

    assert "Confirmation" in html
    assert (EMAIL in html, f"Grace {NAME}" in html) == (is_told, is_told)
    assert letter.salt not in html


def test_the_workspace_lists_letters_with_their_state_and_previews(order, letter, support, sign_in):
    html = (
        sign_in(support).get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    )

    assert page(letter) in html
    assert EMAIL in html
    assert "Waiting" in html
    for template in Message.Template.values:
        assert preview(order, template) in html
    assert reverse("admin:orders_message_act", args=[letter.pk, "resend"]) in html


def test_a_role_that_sees_masks_sees_masks(order, letter, auditor, sign_in):
    client = sign_in(auditor)

    for address in (
        page(letter),
        preview(order),
        reverse("admin:orders_message_changelist"),
        reverse("admin:orders_order_change", args=[order.pk]),
    ):
        html = client.get(address).content.decode()
        assert EMAIL not in html
        assert NAME not in html
        assert "g•••@example.com" in html


@pytest.mark.parametrize("role", PERSONAS)
def test_who_may_read_letters(role, order, letter, make_user, sign_in):
    client = sign_in(make_user(role))
    expected = 200 if role in {"support", "finance", "auditor", "manager"} else 403

    for address in (page(letter), preview(order), reverse("admin:orders_message_changelist")):
        assert client.get(address).status_code == expected


def test_a_letter_s_page_shows_its_words_and_each_try(order, letter, support, sign_in):
    from orders.services import messages
    from tests.orders.letterbox import SendingRun

    messages.send_messages(SendingRun(), [letter.pk])

    html = sign_in(support).get(page(letter)).content.decode()

    assert "Hello Grace Hopper" in html
    assert "Sent" in html
    assert letter.subject in html


@pytest.mark.parametrize("template", Message.Template.values)
def test_a_preview_keeps_and_sends_nothing(template, order, support, sign_in):
    before = Message.objects.count()

    response = sign_in(support).get(preview(order, template))

    assert response.status_code == 200
    assert "Nothing is sent" in response.content.decode()
    assert Message.objects.count() == before
    assert mail.outbox == []


def test_no_preview_of_what_is_not_there(order, support, sign_in):
    client = sign_in(support)
    other = reverse("admin:orders_message_preview", args=[10**9, "shipped"])
    far = reverse("admin:orders_message_preview", args=[10**30, "shipped"])

    assert client.get(preview(order, "love-letter")).status_code == 404
    assert client.get(other).status_code == 404
    assert client.get(far).status_code == 404
    assert client.post(preview(order)).status_code == 405
    assert client.post(page(Message(pk=1))).status_code == 405


def test_a_nasty_name_stays_text_on_every_page(support, sign_in):
    customer = CustomerFactory(first_name="<script>alert(1)</script>", last_name="")
    order = OrderFactory(customer=customer)
    with transaction.atomic(), click(boss()):
        letter = services.queue_message(order=order, template="confirmation", by=None)
    client = sign_in(support)

    for address in (page(letter), preview(order)):
        html = client.get(address).content.decode()
        assert "<script>alert(1)" not in html
        assert "&lt;script&gt;alert(1)" in html


def test_sending_again_is_a_dialog_with_one_press(
    letter, support, sign_in, django_capture_on_commit_callbacks
):
    client = sign_in(support)
    address = reverse("admin:orders_message_act", args=[letter.pk, "resend"])
    form = client.get(address).context["form"]
    sent = {"idempotency_key": form["idempotency_key"].value(), "reason": "lost"}

    with django_capture_on_commit_callbacks(execute=True):
        first = client.post(address, sent)
        second = client.post(address, sent)

    assert (first.status_code, second.status_code) == (302, 302)
    assert Message.objects.filter(resend_of=letter).count() == 1
    assert [sent.to for sent in mail.outbox] == [[EMAIL]]


def test_an_erased_letter_is_shown_as_such_and_not_sent_again(letter, support, sign_in):
    letter.erase()
    client = sign_in(support)

    html = client.get(page(letter)).content.decode()

    assert "Its words were erased" in html
    address = reverse("admin:orders_message_act", args=[letter.pk, "resend"])
    assert "erased" in client.get(address).content.decode()


def test_the_list_finds_what_was_not_sent(order, support, sign_in):
    order.contact.erase()
    order.refresh_from_db()
    with transaction.atomic(), click(boss()):
        services.queue_message(order=order, template="confirmation", by=None)

    html = (
        sign_in(support)
        .get(reverse("admin:orders_message_changelist"), {"queue": "failed"})
        .content.decode()
    )

    assert "Not sent" in html
    assert "data were erased" in html


def test_the_timeline_tells_of_letters(order, letter, support, sign_in):
    html = (
        sign_in(support).get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    )

    assert "Letter: Confirmation" in html
