"""The customer's order page: its state, its payment, and whose it is."""

import json
import re
import uuid
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from orders import services
from orders.models import Message, Order, Payment
from tests.orders.factories import CustomerFactory, OrderFactory, boss, fresh, pay

pytestmark = [pytest.mark.django_db, pytest.mark.row("O4")]

HTMX = {"HX-Request": "true"}
HTML = {"Accept": "text/html,application/xhtml+xml"}
VISA = "4242 4242 4242 4242"
DECLINED = "4000000000000002"


@pytest.fixture
def customer():
    return CustomerFactory()


@pytest.fixture
def order(customer):
    return OrderFactory(customer=customer)


@pytest.fixture
def buyer(client, customer):
    client.force_login(customer)
    return client


def page_of(order):
    return reverse("order_process", args=[order.uuid])


def card(number=VISA, **more):
    expiry = (timezone.now() + timedelta(days=400)).strftime("%m/%y")
    return {"card_number": number, "expiry": expiry, "cvv": "123", **more}


def status_word(html):
    return re.search(r'class="[^"]*\border-status\b[^"]*">([^<]*)<', html)[1]


def test_the_page_names_the_state_and_offers_the_payment(buyer, order):
    html = buyer.get(page_of(order)).content.decode()

    assert status_word(html) == "pending"
    assert 'class="payment-form"' in html
    for name in ("card_number", "expiry", "cvv"):
        assert f'name="{name}"' in html
    assert page_of(order) == reverse("shop:order", args=[order.uuid])


def test_a_payment_processes_the_order_and_writes_to_the_customer(buyer, order):
    answer = buyer.post(page_of(order), card(), headers=HTML, follow=True)

    html = answer.content.decode()
    assert status_word(html) == "processing"
    assert "Your payment has arrived" in html
    assert 'class="payment-form"' not in html
    assert fresh(order).status == "processing"
    assert Message.objects.filter(order=order, template="confirmation").count() == 1
    row = Order.history.filter(id=order.pk).order_by("-history_id").first()
    assert (row.step, row.change_set.channel) == ("process", "shop")
    assert row.change_set.actor_id == order.customer_id


def test_json_for_whoever_does_not_ask_for_html(buyer, order):
    refused = buyer.post(page_of(order), card(DECLINED))
    paid = buyer.post(page_of(order), json.dumps(card()), content_type="application/json")
    again = buyer.post(page_of(order), card())

    assert (refused.status_code, refused.json()["status"]) == (400, "error")
    assert "declined" in refused.json()["message"]
    assert (paid.status_code, paid.json()) == (
        200, {"status": "success", "order_id": str(order.uuid)},
    )  # fmt: skip
    assert set(again.json()) == {"status", "message"}
    assert again.status_code == 400


@pytest.mark.row("T4")
def test_htmx_gets_the_part_that_changed(buyer, order):
    refused = buyer.post(page_of(order), card(DECLINED), headers=HTMX)
    paid = buyer.post(page_of(order), card(), headers=HTMX)

    assert refused.status_code == 400
    assert 'role="alert"' in refused.content.decode()
    assert 'class="payment-form"' in refused.content.decode()
    assert paid.content.decode().startswith('<div id="order">')
    assert status_word(paid.content.decode()) == "processing"


@pytest.mark.row("O3")
def test_a_declined_order_stays_payable(buyer, order):
    buyer.post(page_of(order), card(DECLINED))

    assert fresh(order).status == "pending"
    assert buyer.post(page_of(order), card()).status_code == 200


BAD_CARDS = [
    {"card_number": ""}, {"card_number": "1234"}, {"card_number": "4111111111111111"},
    {"expiry": ""}, {"expiry": "13/30"}, {"expiry": "01/20"}, {"expiry": "x"}, {"expiry": "00/30"},
    {"cvv": ""}, {"cvv": "12"}, {"cvv": "abc"}, {"cvv": "12345"}, {"card_number": "\x00"},
    {"card_number": VISA * 50}, {"expiry": "٠١/٣٠"},
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD_CARDS)
def test_a_bad_card_is_a_sentence_that_repeats_nothing(buyer, order, bad):
    answer = buyer.post(page_of(order), card() | bad)

    assert answer.status_code == 400
    for value in (*bad.values(), VISA):
        if len(value) > 5:
            assert value not in answer.json()["message"]
    assert not Payment.objects.exists()


@pytest.mark.parametrize(
    "body", ["", "[]", "null", "{", '"x"', '{"card_number": {"a": 1}}', "\xff"]
)
def test_broken_json_is_a_sentence(buyer, order, body):
    answer = buyer.post(page_of(order), body, content_type="application/json")

    assert answer.status_code == 400
    assert set(answer.json()) == {"status", "message"}


def test_a_card_number_is_nowhere_afterwards(buyer, order, caplog):
    caplog.set_level("DEBUG")
    html = ""
    with CaptureQueriesContext(connection) as seen:
        for headers in ({}, HTMX, HTML):
            html += buyer.post(page_of(order), card(DECLINED), headers=headers).content.decode()
        html += buyer.post(page_of(order), card(VISA), headers=HTML, follow=True).content.decode()

    numbers = {VISA, VISA.replace(" ", ""), DECLINED, "4242424242424242"}
    told = "".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    html = html.replace('placeholder="4242 4242 4242 4242"', "").replace(
        "example 4242 4242 4242 4242", ""
    )
    asked = " ".join(query["sql"] for query in seen)
    stored = "".join(
        str(list(model._default_manager.values()))
        for model in apps.get_models()
        if isinstance(model._meta.pk, models.Field)
    )
    for number in numbers:
        assert number not in told
        assert number not in html
        assert number not in asked
        assert number not in stored


@pytest.mark.row("I3")
def test_an_order_is_its_customers_alone(order, client, support, sign_in):
    other = CustomerFactory()

    assert client.get(page_of(order)).status_code == 302
    assert client.post(page_of(order), card()).status_code == 302
    for stranger in (other, support):
        them = sign_in(stranger)
        assert them.get(page_of(order)).status_code == 404
        assert them.post(page_of(order), card()).status_code == 404
        assert order.number not in them.get("/orders/").content.decode()
    assert fresh(order).status == "pending"


def test_a_draft_of_staff_is_not_shown(buyer, customer):
    draft = OrderFactory(customer=customer, status="draft")

    assert buyer.get(page_of(draft)).status_code == 404
    assert buyer.get(f"/orders/{uuid.uuid4()}/").status_code == 404
    assert buyer.get("/orders/x/").status_code == 404


def test_an_order_that_is_held_is_paid_and_waits(buyer, order):
    services.hold_order(order_id=order.pk, by=boss(), reason="address?")

    html = buyer.post(page_of(order), card(), headers=HTML, follow=True).content.decode()

    assert status_word(html) == "pending"
    assert "we look at your order" in html
    assert 'class="payment-form"' not in html


@pytest.mark.parametrize(
    ("status", "steps"), [("processing", 1), ("completed", 3), ("cancelled", None)]
)
def test_how_far_it_is(buyer, customer, status, steps):
    order = OrderFactory(customer=customer, status=status)

    page = buyer.get(page_of(order))

    states = [state for _label, state in page.context["stops"]]
    assert (states.index("here") if states else None) == steps
    assert status_word(page.content.decode()) == fresh(order).status
    assert "payment-form" not in page.content.decode()


def test_my_orders(buyer, customer, order):
    pay(order)
    OrderFactory(customer=customer)
    OrderFactory()

    page = buyer.get("/orders/")

    assert len(page.context["object_list"]) == 2
    assert page.content.decode().count("to be paid") == 1
    for rubbish in ("x", "-1", "%00", "9" * 99):
        assert buyer.get(f"/orders/?page={rubbish}").status_code == 200


def test_html_in_names_is_inert(client):
    bad = '"><script>alert(1)</script>'
    customer = CustomerFactory(first_name=bad)
    client.force_login(customer)
    order = OrderFactory(customer=customer)

    for path in (page_of(order), "/orders/", "/"):
        assert "<script>alert" not in client.get(path).content.decode()


@pytest.mark.row("G15")
def test_the_tokeniser_is_let_in_on_this_page_alone(buyer, order, settings):
    assert "stripe" not in buyer.get(page_of(order))["Content-Security-Policy"]
    settings.PAYMENT_GATEWAY = "orders.integrations.stripe_gateway.StripeGateway"
    settings.STRIPE_SECRET_KEY = "sk_test_x"

    page = buyer.get(page_of(order))
    refused = buyer.post(page_of(order), card())

    assert "https://js.stripe.com" in page["Content-Security-Policy"]
    assert "stripe" not in buyer.get("/orders/")["Content-Security-Policy"]
    assert 'name="card_number"' not in page.content.decode()
    assert refused.status_code == 400  # a number is no token
    assert VISA not in refused.json()["message"]


def test_a_customer_cancels_while_nobody_works_on_it(buyer, order):
    pay(order)
    assert "Cancel this order" in buyer.get(page_of(order)).content.decode()

    answer = buyer.post(f"{page_of(order)}cancel/", follow=True)

    assert status_word(answer.content.decode()) == "cancelled"
    assert "Cancel this order" not in answer.content.decode()
    assert "is cancelled" in answer.content.decode()


def test_what_is_shipped_is_cancelled_by_nobody(buyer, customer, sign_in):
    order = OrderFactory(customer=customer, status="completed")

    answer = buyer.post(f"{page_of(order)}cancel/", follow=True)

    assert status_word(answer.content.decode()) == "completed"
    assert 'class="message error"' in answer.content.decode()
    assert sign_in(CustomerFactory()).post(f"{page_of(order)}cancel/").status_code == 404
    assert buyer.get(f"{page_of(order)}cancel/").status_code == 405


@pytest.mark.row("G15")
def test_pages_of_the_shop_run_no_script_but_their_own(buyer, order):
    for path in ("/", "/orders/", "/cart/", page_of(order)):
        policy = buyer.get(path)["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "script-src 'self'" in policy
