from __future__ import annotations

import re
from html import unescape

import pytest
from django.urls import reverse

from backoffice.models import ChangeSet, User
from orders import services
from orders.models import Order, PaymentIntent
from orders.states import ORDER_FLOW
from orders.workspace import OTHER_DOORS
from tests.conftest import ROLES
from tests.orders.admin.desk import buttons, page_of, press, read
from tests.orders.factories import CustomerFactory, OrderFactory, click, fresh, pay

pytestmark = pytest.mark.django_db

MAY_SEE_ORDERS = set(ROLES) - {"admin"}
STATES = ["draft", "pending", "processing", "completed", "cancelled"]


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("role", sorted(MAY_SEE_ORDERS))
def test_the_workspace_shows_each_role_exactly_the_steps_it_is_offered(
    role, status, make_user, sign_in
):
    person = make_user(role)
    order = OrderFactory(status=status)
    offers = ORDER_FLOW.offers(fresh(order), User.objects.get(pk=person.pk))

    html = read(sign_in(person), page_of(order))

    steps = set(ORDER_FLOW.steps) - OTHER_DOORS
    offers = [offer for offer in offers if offer.step.name in steps]
    assert buttons(html, is_open=True) & steps == {o.step.name for o in offers if o.is_open}
    assert buttons(html, is_open=False) & steps == {o.step.name for o in offers if not o.is_open}


@pytest.mark.parametrize("status", STATES)
def test_a_grey_button_carries_the_sentence_of_its_guard(status, manager, sign_in):
    order = OrderFactory(status=status)
    closed = [o for o in ORDER_FLOW.offers(fresh(order), manager) if not o.is_open]

    html = unescape(read(sign_in(manager), page_of(order)))

    for offer in closed:
        assert str(offer.refusal) in html


def test_the_workspace_of_an_unpaid_order_says_what_is_missing_to_process_it(support, sign_in):
    order = OrderFactory()

    html = read(sign_in(support), page_of(order))

    assert f"Only 0 of {order.total} EUR are authorised or paid." in html
    assert "take_payment" in buttons(html, is_open=True)


def test_the_workspace_shows_number_status_axes_total_and_lines(support, sign_in):
    order = OrderFactory(status="processing")
    line = order.lines.get()

    html = read(sign_in(support), page_of(order))

    for words in ("Processing", "Paid", "Unfulfilled", "29.90 EUR", str(order.number)):
        assert words in html
    assert line.sku in html
    assert line.name in html
    assert "waiting for" in html


def test_a_held_order_shows_its_reason_in_a_banner(support, sign_in):
    order = OrderFactory()
    services.hold_order(order_id=order.pk, by=support, reason="address looks odd")

    html = read(sign_in(support), page_of(order))

    assert "On hold" in html
    assert "address looks odd" in html
    assert "release" in buttons(html, is_open=True)


def test_an_open_claim_in_doubt_offers_to_ask_the_bank_again(support, sign_in):
    order = OrderFactory()
    with pytest.raises(services.PaymentInDoubt):
        pay(order, "tok_charged_timeout")
    client = sign_in(support)

    html = read(client, page_of(order))
    answer = press(client, order, "ask_bank")

    assert "in doubt" in html
    assert "ask_bank" in buttons(html, is_open=True)
    assert answer.status_code == 302
    assert fresh(order).facts.authorised == order.total


def test_an_answer_that_stays_lost_is_told_in_a_sentence(support, sign_in):
    order = OrderFactory()

    answer = press(sign_in(support), order, "take_payment", token="tok_timeout")

    assert answer.status_code == 409
    assert "The bank did not answer" in answer.content.decode()
    assert PaymentIntent.objects.get(order=order).state == "in_doubt"


@pytest.mark.parametrize(
    ("role", "email", "street"),
    [
        ("support", "ada@example.com", True),
        ("finance", "ada@example.com", True),
        ("manager", "ada@example.com", True),
        ("fulfilment", "a•••@example.com", True),
        ("auditor", "a•••@example.com", False),
        ("merchandiser", "a•••@example.com", False),
    ],
)
def test_customer_data_are_masked_by_role(role, email, street, make_user, sign_in):
    order = OrderFactory(customer=CustomerFactory(email="ada@example.com"))

    html = read(sign_in(make_user(role)), page_of(order))

    assert email in html
    assert ("ada@example.com" in html) is (email == "ada@example.com")
    assert ("Lindqvist" in html) is (street or email == "ada@example.com")
    assert ("Kai 4" in html) is street


def test_looking_at_an_order_never_changes_anything(manager, sign_in):
    order = OrderFactory()
    client = sign_in(manager)
    sets = ChangeSet.objects.count()

    client.get(page_of(order))
    for act in ORDER_FLOW.steps:
        client.get(reverse("admin:orders_order_act", args=[order.pk, act]))

    assert ChangeSet.objects.count() == sets
    assert Order.objects.get(pk=order.pk).version == order.version


def test_the_workspace_refuses_a_post(manager, sign_in):
    order = OrderFactory()

    answer = sign_in(manager).post(page_of(order), {"status": "completed"})

    assert answer.status_code == 405
    assert Order.objects.get(pk=order.pk).status == "pending"


def test_an_order_that_is_not_there_is_not_found(manager, sign_in):
    client = sign_in(manager)

    for key in ("999999", "abc"):
        assert client.get(f"/admin/orders/order/{key}/change/").status_code == 404


def test_after_processing_the_next_waiting_order_is_one_press_away(support, sign_in):
    first, second = OrderFactory(), OrderFactory()
    pay(first)
    client = sign_in(support)

    press(client, first, "process")
    html = read(client, page_of(first))

    assert Order.objects.get(pk=first.pk).status == "processing"
    assert f'data-next="{page_of(second)}"' in html


def test_the_cancel_dialog_names_both_effects_and_the_sum(support, sign_in):
    order = OrderFactory(status="processing")
    url = reverse("admin:orders_order_act", args=[order.pk, "cancel"])

    html = read(sign_in(support), url)

    assert "Cancel order and return 29.90 EUR" in html
    assert "Keep order" in html
    assert "To return" in html
    for name in ("restock", "refund", "notify"):
        assert re.search(rf'<input[^>]*name="{name}"[^>]*\schecked', html)


def test_the_history_page_of_people_who_see_masks_leads_to_the_timeline(auditor, sign_in):
    order = OrderFactory()
    client = sign_in(auditor)
    version = order.history.first().history_id

    for name, args in (("history", [order.pk]), ("history_version", [order.pk, version])):
        answer = client.get(reverse(f"admin:orders_order_{name}", args=args))
        assert answer.status_code == 302
        assert answer["Location"] == f"{page_of(order)}#timeline"
        assert client.post(reverse(f"admin:orders_order_{name}", args=args)).status_code == 405


def test_a_draft_offers_to_be_edited_and_to_say_where_it_goes(support, sign_in):
    order = OrderFactory(status="draft")
    client = sign_in(support)

    html = read(client, page_of(order))
    with click(support):
        press(
            client,
            order,
            "give_address",
            name="Ada",
            line1="Fjordweg 7",
            city="Flensburg",
            country="DE",
            reason="",
        )

    assert reverse("admin:orders_order_edit", args=[order.pk]) in html
    assert "Fjordweg 7" in read(client, page_of(order))


@pytest.mark.parametrize("key", ["0", "-1", "abc", str(10**30), "9" * 5000])
def test_an_address_that_names_no_order_is_404(key, support, sign_in):
    assert sign_in(support).get(f"/admin/orders/order/{key}/change/").status_code == 404


def test_a_nul_is_left_out_of_what_the_draft_form_looks_for(support, sign_in):
    order = OrderFactory()

    found = sign_in(support).get("/admin/orders/order/find/customers/", {"term": "A\x00da"})

    assert [hit["id"] for hit in found.json()["results"]] == [str(order.customer_id)]
