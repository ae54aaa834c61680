"""The refund calculator: from the order, from a line; the sum, the button, four eyes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from backoffice import approvals
from backoffice.models import Approval
from orders import services
from orders.models import PaymentIntent, Refund, WebhookEvent
from orders.refusals import PaymentInDoubt
from tests.orders.admin.desk import buttons, page_of, press, read
from tests.orders.factories import OrderFactory, boss, click, fresh, pay

pytestmark = pytest.mark.django_db


def dialog_of(order):
    return reverse("admin:orders_order_act", args=[order.pk, "refund"])


@pytest.fixture
def order():
    return OrderFactory(status="processing")


@pytest.fixture
def rule(admin):
    return approvals.make_rule(
        action="orders.refund", above=Decimal("20.00"), currency="EUR", by=admin, reason="agreed"
    )


def test_a_line_s_own_button_opens_the_dialog_with_one_unit_and_its_sum(order, support, sign_in):
    line = order.lines.get()
    page = read(sign_in(support), page_of(order))
    link = f"{dialog_of(order)}?lines-{line.pk}=1"
    assert link in page

    html = read(sign_in(support), link)

    assert f'name="lines-{line.pk}"' in html
    assert "Refund 12.50 EUR" in html
    assert "29.90 EUR" in html  # what is left


def test_the_dialog_opens_with_nothing_chosen_and_refuses_to_refund_nothing(
    order, support, sign_in
):
    client = sign_in(support)

    assert ">Refund" in read(client, dialog_of(order)).replace(" ", "").replace("\n", "")
    answer = press(client, order, "refund", reason_code="other")

    assert answer.status_code == 422
    assert "Nothing is chosen" in answer.content.decode()
    assert not Refund.objects.exists()


def test_lines_and_shipping_are_refunded_from_the_dialog(order, support, sign_in):
    line = order.lines.get()

    answer = press(
        sign_in(support), order, "refund",
        **{f"lines-{line.pk}": "1", "shipping": "4.90", "reason_code": "damaged", "restock": "on"},
    )  # fmt: skip

    assert answer.status_code == 302
    refund = Refund.objects.get()
    assert (refund.amount, refund.shipping_amount) == (Decimal("17.40"), Decimal("4.90"))
    line.refresh_from_db()
    assert line.cancelled == 1


def test_without_javascript_the_server_works_the_sum_out_and_does_nothing(order, support, sign_in):
    line = order.lines.get()

    answer = press(sign_in(support), order, "refund", **{f"lines-{line.pk}": "2", "preview": "1"})

    assert answer.status_code == 200
    assert "Refund 25.00 EUR" in answer.content.decode()
    assert not Refund.objects.exists()


def test_a_second_press_is_answered_like_the_first_although_nothing_is_left(
    order, support, sign_in
):
    line, client = order.lines.get(), sign_in(support)
    answers = {f"lines-{line.pk}": "2", "reason_code": "other", "idempotency_key": "one-key"}
    url = reverse("admin:orders_order_act", args=[order.pk, "refund"])

    first, second = client.post(url, answers), client.post(url, answers)

    assert (first.status_code, second.status_code) == (302, 302)
    assert first.headers["Location"] == second.headers["Location"]
    assert Refund.objects.count() == 1


@pytest.mark.parametrize(
    "rubbish",
    [
        {"lines-{}": "3"},
        {"lines-{}": "-1"},
        {"lines-{}": "1e1"},
        {"lines-999999": "1"},
        {"lines-": "1"},
        {"shipping": "five"},
        {"amount": "NaN"},
        {"amount": "-1"},
        {"amount": "29.91"},
        {"shipping": "5.00"},
        {"amount": "1.005"},
    ],
)
def test_rubbish_is_answered_with_words(order, support, sign_in, rubbish):
    key = order.lines.get().pk
    answers = {name.format(key): value for name, value in rubbish.items()}

    answer = press(sign_in(support), order, "refund", reason_code="other", **answers)

    assert answer.status_code in {409, 422}
    assert not Refund.objects.exists()
    assert not PaymentIntent.objects.filter(operation="refund").exists()


def test_above_the_limit_the_button_asks_and_a_second_person_agrees(
    order, support, manager, rule, sign_in, django_capture_on_commit_callbacks
):
    client = sign_in(support)
    html = read(client, dialog_of(order), amount="25.00")
    assert "Request refund of 25.00 EUR" in html
    assert 'data-limit="2000"' in html

    answer = press(client, order, "refund", amount="25.00", reason_code="other", reason="Broken")
    assert answer.status_code == 302
    assert not Refund.objects.exists()
    approval = Approval.objects.get()
    assert (approval.measure, approval.asked_by) == (25, support)

    with click(manager), django_capture_on_commit_callbacks(execute=True):
        approvals.approve_approval(approval_id=approval.pk, by=manager)

    refund = Refund.objects.get()
    assert (refund.amount, refund.change_set.actor) == (25, support)


def test_up_to_the_limit_nobody_else_is_asked(order, support, rule, sign_in):
    html = read(sign_in(support), dialog_of(order), amount="20.00")
    assert "Refund 20.00 EUR" in html

    press(sign_in(support), order, "refund", amount="20.00", reason_code="other")

    assert Refund.objects.get().amount == 20


def test_an_approved_refund_of_lines_runs_the_very_same(
    order, support, manager, rule, django_capture_on_commit_callbacks
):
    line = order.lines.get()
    with click(support), pytest.raises(approvals.ApprovalAsked):
        services.refund_order(
            order_id=order.pk, by=support, reason_code="other", reason="", lines={line.pk: 2},
            shipping=Decimal("1.00"), restock=True,
        )  # fmt: skip

    with click(manager), django_capture_on_commit_callbacks(execute=True):
        approvals.approve_approval(approval_id=Approval.objects.get().pk, by=manager)

    assert Refund.objects.get().amount == 26
    line.refresh_from_db()
    assert line.cancelled == 2


@pytest.mark.parametrize("role", ["fulfilment", "merchandiser", "auditor"])
def test_who_may_not_refund_is_not_offered_it(role, order, make_user, sign_in):
    html = read(sign_in(make_user(role)), page_of(order))

    assert "refund" not in buttons(html, is_open=True)
    assert "?lines-" not in html


def test_finance_captures_and_voids_from_the_payments_panel(finance, sign_in):
    order = pay(OrderFactory())
    client = sign_in(finance)
    assert {"capture_payment", "void_payment"} <= buttons(
        read(client, page_of(order)), is_open=True
    )

    assert press(client, order, "capture_payment", amount="10.00").status_code == 302

    assert fresh(order).facts.captured == 10


def test_asking_the_bank_again_is_closed_for_whom_it_would_refuse(support, finance, sign_in):
    order = pay(OrderFactory(), "tok_capture_timeout")
    with click(support), pytest.raises(PaymentInDoubt):
        services.process_order(order_id=order.pk, by=support, reason="")

    theirs = read(sign_in(finance), page_of(order))

    assert "ask_bank" not in buttons(theirs, is_open=True)
    answer = sign_in(finance).get(reverse("admin:orders_order_act", args=[order.pk, "ask_bank"]))
    assert "Your role does not allow you to process" in answer.content.decode()
    assert "ask_bank" in buttons(read(sign_in(support), page_of(order)), is_open=True)


def test_take_a_payment_asks_for_what_the_gateway_takes(support, sign_in, settings):
    order = OrderFactory()
    url = reverse("admin:orders_order_act", args=[order.pk, "take_payment"])
    assert "4242 4242 4242 4242" in read(sign_in(support), url)

    settings.PAYMENT_GATEWAY = "orders.integrations.stripe_gateway.StripeGateway"
    html = read(sign_in(support), url)

    assert "Payment method" in html
    assert "4242" not in html
    assert 'name="token"' in html


def test_refunds_to_be_sent_by_hand_are_marked_once_they_were(finance, sign_in):
    order = OrderFactory()
    with click(boss()):
        services.record_payment(order_id=order.pk, amount=None, by=boss(), reason="")
        services.refund_order(order_id=order.pk, by=boss(), reason_code="other", reason="")
    refund, client = Refund.objects.get(), sign_in(finance)
    assert "To transfer by hand" in read(client, reverse("admin:index"))

    answer = client.post(
        reverse("admin:orders_refund_act", args=[refund.pk, "transferred"]),
        {"idempotency_key": "k", "reference": "SEPA 1"},
    )

    assert answer.status_code == 302
    assert refund.transfer.reference == "SEPA 1"
    assert "Transferred" in read(client, reverse("admin:orders_refund_changelist"))


def test_lists_and_the_record_say_in_words_why_money_went_back(db, sign_in):
    order = OrderFactory()
    with click(boss()):
        services.record_payment(order_id=order.pk, amount=None, by=boss(), reason="")
        services.refund_order(order_id=order.pk, by=boss(), reason_code="not_received", reason="")
    refund, client = Refund.objects.get(), sign_in(boss())
    pages = [
        reverse("admin:orders_refund_changelist"),
        reverse("admin:orders_refund_change", args=[refund.pk]),
        reverse("admin:backoffice_changeset_change", args=[refund.change_set_id]),
    ]

    for page in pages:
        html = read(client, page)
        assert "Never arrived" in html, page
        assert "not_received" not in html, page


@pytest.mark.parametrize("role", ["finance", "manager", "admin", "auditor"])
def test_webhook_events_are_listed_and_read(role, make_user, sign_in):
    row = WebhookEvent.objects.create(
        gateway="stripe", event_id="evt_1", kind="charge.refunded", payload={"a": "<script>"}
    )
    client = sign_in(make_user(role))

    assert "charge.refunded" in read(client, reverse("admin:orders_webhookevent_changelist"))
    page = read(client, reverse("admin:orders_webhookevent_change", args=[row.pk]))
    assert "&lt;script&gt;" in page


def test_a_webhook_event_is_handled_again_from_its_page(finance, support, sign_in):
    row = WebhookEvent.objects.create(
        gateway="stripe", event_id="evt_1", kind="customer.created", state="failed",
        payload={"data": {"object": {}}},
    )  # fmt: skip
    url = reverse("admin:orders_webhookevent_act", args=[row.pk, "again"])

    assert sign_in(support).post(url, {"idempotency_key": "k"}).status_code == 403
    assert sign_in(finance).post(url, {"idempotency_key": "k"}).status_code == 302

    row.refresh_from_db()
    assert row.state == "waiting"
