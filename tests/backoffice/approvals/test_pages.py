"""Inbox, page and rules in the console: who sees what, and which buttons."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from backoffice import approvals
from backoffice.approvals import inbox
from backoffice.models import Approval, ApprovalRule, User
from tests.backoffice.approvals.conftest import PAY_OUT
from tests.conftest import ROLES as PERSONAS

pytestmark = pytest.mark.django_db

LIST = reverse("admin:backoffice_approval_changelist")


def page(approval: Approval) -> str:
    return reverse("admin:backoffice_approval_change", args=[approval.pk])


def act(approval: Approval, name: str) -> str:
    return reverse("admin:backoffice_approval_act", args=[approval.pk, name])


def answer(client, approval, name, **answers):
    dialog = client.get(act(approval, name))
    form = dialog.context["form"]
    return client.post(
        act(approval, name),
        {
            "idempotency_key": form["idempotency_key"].value(),
            "row_version": form["row_version"].value(),
            **answers,
        },
    )


def said(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_the_inbox_shows_a_manager_what_waits_and_the_badge_counts_it(ask, manager, sign_in):
    approval = ask(reason="two broken chairs")

    home = sign_in(manager).get("/admin/").content.decode()

    assert "Waiting for your approval" in home
    assert "Pay out 480.00 EUR" in home
    assert "two broken chairs" in home
    assert act(approval, "approve") in home
    assert inbox.waiting_for(manager).count() == 1


def test_whoever_asked_sees_it_under_my_requests_and_not_in_an_inbox(ask, support, sign_in):
    ask()

    home = sign_in(support).get("/admin/").content.decode()

    assert "My requests" in home
    assert "Pay out 480.00 EUR" in home
    assert "Waiting for your approval" not in home
    assert not inbox.waiting_for(support).exists()


def test_one_s_own_request_is_not_in_one_s_inbox(ask, manager):
    own, other = ask("480.00", by=manager), ask("481.00")

    assert list(inbox.waiting_for(manager)) == [other]
    assert own.is_waiting


def test_the_page_tells_context_and_offers_deciding_to_others_only(ask, manager, support, sign_in):
    approval = ask(reason="two broken chairs")

    theirs = sign_in(manager).get(page(approval))
    own = sign_in(support).get(page(approval))

    assert [offer.act.name for offer in theirs.context["offers"]] == ["approve", "decline"]
    assert [offer.act.name for offer in own.context["offers"]] == ["withdraw"]
    for response in (theirs, own):
        text = response.content.decode()
        assert "two broken chairs" in text
        assert "Amount" in text
        assert "Pay out above 200.00 EUR" in text
    assert "Nobody decides about their own request" in own.content.decode()


def test_approving_takes_one_dialog(
    ask, manager, sign_in, till, django_capture_on_commit_callbacks
):
    approval = ask()
    client = sign_in(manager)

    dialog = client.get(act(approval, "approve"))
    assert "Amount" in dialog.content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        response = answer(client, approval, "approve", reason="")

    assert response.status_code == 302
    assert len(till.paid) == 1
    assert Approval.objects.get(pk=approval.pk).decided_by == manager


def test_declining_without_a_reason_asks_for_it(ask, manager, sign_in):
    approval = ask()
    client = sign_in(manager)

    assert answer(client, approval, "decline", reason="").status_code == 422
    assert answer(client, approval, "decline", reason="no photos").status_code == 302
    assert Approval.objects.get(pk=approval.pk).state == "declined"


def test_a_superuser_s_own_request_is_refused_by_the_door_too(ask, sign_in, till):
    root = User.objects.create_superuser("root@example.com", "a-good-password")
    approval = ask(by=root)
    client = sign_in(root)

    response = answer(client, approval, "approve", reason="")

    assert response.status_code == 403
    assert "Nobody decides about their own request" in response.content.decode()
    assert till.paid == []


@pytest.mark.parametrize("role", PERSONAS)
def test_who_may_open_a_colleague_s_request(role, ask, make_user, sign_in):
    approval = ask()
    client = sign_in(make_user(role, email="another@example.com"))
    sees = {"manager": 200, "auditor": 200, "admin": 200}

    assert client.get(page(approval)).status_code == sees.get(role, 404)
    assert client.get(act(approval, "approve")).status_code in (
        {200} if role == "manager" else {403, 404}
    )
    assert client.post(act(approval, "approve"), {}).status_code in (
        {422} if role == "manager" else {403, 404}
    )
    assert Approval.objects.get(pk=approval.pk).state == "waiting"


def test_the_list_shows_one_s_own_and_approvers_everybody_s(ask, support, manager, sign_in):
    ask("480.00")
    ask("490.00", by=manager)

    mine = sign_in(support).get(LIST).content.decode()
    everybody = sign_in(manager).get(LIST, {"queue": "waiting"}).content.decode()

    assert "480" in mine
    assert "490" not in mine
    assert "480" in everybody
    assert "490" in everybody


def test_the_page_takes_no_post_and_rubbish_is_not_found(ask, manager, sign_in):
    approval = ask()
    client = sign_in(manager)

    assert client.post(page(approval), {}).status_code == 405
    for rubbish in ("abc", "9" * 30, "0"):
        assert client.get(f"{LIST}{rubbish}/change/").status_code == 404


# --- Rules --------------------------------------------------------------------------------------


def test_an_administrator_makes_and_switches_a_rule(till, admin, sign_in):
    client = sign_in(admin)
    add = reverse("admin:backoffice_approvalrule_add")

    response = client.post(
        add,
        {
            "action": PAY_OUT,
            "above": "200.00",
            "currency": "EUR",
            "expires_hours": "24",
            "is_active": "on",
            "reason": "agreed with finance",
        },
    )
    rule = ApprovalRule.objects.get()
    assert response.status_code == 302
    assert rule.history.get().change_set.note == "agreed with finance"
    client.post(
        reverse("admin:backoffice_approvalrule_change", args=[rule.pk]),
        {"above": "300.00", "expires_hours": "24", "version": "1", "reason": "too many"},
    )

    rule = ApprovalRule.objects.get()
    assert (rule.above, rule.is_active) == (300, False)


def test_a_second_rule_for_the_same_is_a_sentence_on_the_form(rule, admin, sign_in):
    response = sign_in(admin).post(
        reverse("admin:backoffice_approvalrule_add"),
        {
            "action": PAY_OUT,
            "above": "1",
            "currency": "EUR",
            "expires_hours": "24",
            "is_active": "on",
        },
    )

    assert response.status_code == 409
    assert "There is a rule in force" in response.content.decode()


@pytest.mark.parametrize("role", [role for role in PERSONAS if role != "admin"])
def test_nobody_else_edits_rules(role, rule, make_user, sign_in):
    client = sign_in(make_user(role, email="another@example.com"))
    change = reverse("admin:backoffice_approvalrule_change", args=[rule.pk])

    assert client.get(reverse("admin:backoffice_approvalrule_add")).status_code == 403
    assert client.post(change, {"above": "1"}).status_code == 403
    assert ApprovalRule.objects.get().above == 200


def test_a_gated_act_says_that_it_was_asked_for(rule, support, sign_in, monkeypatch, till):
    """Any act whose verb meets a rule: here the withdrawal of a request, made to need four eyes."""
    with pytest.raises(approvals.ApprovalAsked) as first:
        till.pay_out(amount="480.00", by=support, reason="")
    approval = first.value.approval

    def gated(**given):
        raise first.value

    monkeypatch.setitem(Approval.flow.verbs, "withdraw", gated)
    response = answer(sign_in(support), approval, "withdraw", reason="")

    assert response.status_code == 302
    (message,) = get_messages(response.wsgi_request)
    assert message.level_tag == "info"
    assert str(message).startswith("Asked for approval: a manager decides until ")
