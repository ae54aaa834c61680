"""A refund above the rule: asked for by support from the workspace, shown there, then approved."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from backoffice import approvals, changes
from backoffice.models import Approval
from orders import services
from tests.orders.factories import OrderFactory, ProductFactory, fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def dear_order(admin):
    approvals.make_rule(
        action="orders.refund", above=Decimal(200), currency="EUR", by=admin, reason=""
    )
    return OrderFactory(status="processing", lines=[(ProductFactory(price=Decimal(240)), 2)])


@pytest.fixture
def asked(dear_order, support):
    with (
        changes.change(separate=True, by=support, channel="admin"),
        pytest.raises(approvals.ApprovalAsked),
    ):
        services.refund_order(
            order_id=dear_order.pk,
            by=support,
            reason_code="goodwill",
            reason="two broken chairs",
            amount=Decimal("480.00"),
        )
    return Approval.objects.get()


def workspace(order):
    return reverse("admin:orders_order_change", args=[order.pk])


def test_the_refund_s_dialog_says_that_it_was_asked_for(dear_order, support, sign_in):
    client = sign_in(support)
    address = reverse("admin:orders_order_act", args=[dear_order.pk, "refund"])
    form = client.get(address).context["form"]
    answers = {
        name: form[name].value() if form[name].value() is not None else "" for name in form.fields
    }
    answers = {name: value for name, value in answers.items() if value not in (False, {})}
    answers |= {"amount": "480.00", "reason_code": "goodwill", "reason": "two broken chairs"}

    response = client.post(address, answers)

    assert response.status_code == 302
    (message,) = get_messages(response.wsgi_request)
    assert message.level_tag == "info"
    assert "a manager decides until" in str(message)
    assert Approval.objects.get().subject_key == str(dear_order.pk)
    assert not dear_order.refunds.exists()


def test_the_workspace_shows_what_waits(dear_order, asked, support, manager, fulfilment, sign_in):
    banners = {
        who.first_name: sign_in(who).get(workspace(dear_order)).content.decode()
        for who in (support, manager, fulfilment)
    }

    for html in banners.values():
        assert "Refund: 480.00 EUR waits for approval" in html
        assert "two broken chairs" in html
    approve = reverse("admin:backoffice_approval_act", args=[asked.pk, "approve"])
    withdraw = reverse("admin:backoffice_approval_act", args=[asked.pk, "withdraw"])
    page = reverse("admin:backoffice_approval_change", args=[asked.pk])
    assert (approve in banners["Manager"], withdraw in banners["Manager"]) == (True, False)
    assert (approve in banners["Support"], withdraw in banners["Support"]) == (False, True)
    assert (approve in banners["Fulfilment"], page in banners["Fulfilment"]) == (False, False)


def test_without_anything_waiting_there_is_no_banner(dear_order, manager, sign_in):
    assert "waits for approval" not in sign_in(manager).get(workspace(dear_order)).content.decode()


def test_approved_it_is_done_for_support_and_the_banner_is_gone(
    dear_order, asked, support, manager, sign_in, django_capture_on_commit_callbacks
):
    with (
        django_capture_on_commit_callbacks(execute=True),
        changes.change(separate=True, by=manager, channel="admin"),
    ):
        approvals.approve_approval(approval_id=asked.pk, by=manager, reason="")

    approval = Approval.objects.get()
    assert (approval.result, approval.result_message) == ("done", "")
    refund = dear_order.refunds.get()
    assert (refund.amount, refund.change_set.actor) == (480, support)
    assert fresh(dear_order).facts.refunded == 480
    html = sign_in(manager).get(workspace(dear_order)).content.decode()
    assert "waits for approval" not in html


def test_what_was_refunded_meanwhile_is_refused_and_told(
    dear_order, asked, manager, admin, django_capture_on_commit_callbacks
):
    """Two small refunds went out while the large one waited: there is not enough left for it."""
    for _ in range(2):
        with changes.change(separate=True, by=manager, channel="admin"):
            services.refund_order(
                order_id=dear_order.pk,
                by=manager,
                reason_code="goodwill",
                reason="on the phone",
                amount=Decimal("150.00"),
                notify=False,
            )

    with (
        django_capture_on_commit_callbacks(execute=True),
        changes.change(separate=True, by=manager, channel="admin"),
    ):
        approvals.approve_approval(approval_id=asked.pk, by=manager, reason="")

    approval = Approval.objects.get()
    assert approval.result == "refused"
    assert approval.result_message
    assert fresh(dear_order).facts.refunded == 300
