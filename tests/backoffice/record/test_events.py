"""What is no row change is an event: with its actor and its door, without secrets or tricks."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Group, Permission
from hypothesis import given
from hypothesis import strategies as st

from backoffice import changes, people, roles
from backoffice.models import AuditEvent
from backoffice.models.audit import inert
from backoffice.refused import StepNotOpen
from orders import services
from tests.orders.factories import OrderFactory

pytestmark = [pytest.mark.django_db, pytest.mark.row("A3")]

CARD = "4242424242424242"


def kinds() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("kind", flat=True))


def latest(kind: str) -> AuditEvent:
    return AuditEvent.objects.filter(kind=kind).latest("pk")


@pytest.mark.parametrize(
    "detail",
    [
        {"card": CARD},
        {"note": f"paid with {CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:]}, thanks"},
        {"number": int(CARD)},
        {"deep": [{"in": [f"x {CARD} y"]}]},
        {CARD: "as a name"},
        {"password": "hunter2-hunter2"},
        {"filter": {"password": ["hunter2-hunter2"]}},
        {"secret": "hunter2-hunter2", "api_key": "hunter2-hunter2", "cvv": "hunter2-hunter2"},
        {"header": "Authorization: Bearer hunter2-hunter2"},
        {"url": "https://x.test/?token=hunter2-hunter2"},
    ],
)
def test_no_secret_and_no_card_number_enters_an_event(detail):
    event = AuditEvent.record("noted", **detail)

    held = json.dumps(AuditEvent.objects.get(pk=event.pk).detail)
    assert CARD not in held.replace(" ", "")
    assert "hunter2" not in held


def test_the_reason_that_somebody_types_holds_no_card_number_either():
    with changes.change(separate=True, note=f"card {CARD}\x1b[2J\u202egnihton") as change:
        note = change.row().note

    assert CARD not in note
    assert "\x1b" not in note
    assert "\u202e" not in note


def test_honest_numbers_stay_as_they_are():
    event = AuditEvent.record("noted", rows=12_000_000, sku="4006381333931", id="0" * 16)

    assert event.detail == {"rows": 12_000_000, "sku": "4006381333931", "id": "0" * 16}


@given(st.text())
def test_an_inert_text_has_no_control_characters_and_stays_inert(text):
    found = inert(text)

    assert not [c for c in found if (ord(c) < 32 and c not in "\t\n") or 127 <= ord(c) < 160]
    assert inert(found) == found


def test_each_change_of_a_person_s_roles_is_an_event_from_both_sides(support):
    group = Group.objects.get(name="finance")

    support.groups.add(group)
    group.user_set.remove(support)
    support.groups.clear()

    told = [
        (e.kind, e.subject_key, e.detail["roles"])
        for e in AuditEvent.objects.filter(kind__startswith="roles_").order_by("pk")
    ][-3:]
    key = str(support.pk)
    assert told == [
        ("roles_add", key, ["finance"]),
        ("roles_remove", key, ["finance"]),
        ("roles_clear", key, ["support"]),
    ]


def test_each_change_of_a_role_s_permissions_is_an_event():
    group = Group.objects.create(name="interns")
    permission = Permission.objects.get(codename="cancel_order")

    group.permissions.add(permission)
    permission.group_set.remove(group)
    group.name = "guests"
    group.save()
    group.delete()

    told = [(e.kind, e.detail) for e in AuditEvent.objects.order_by("pk")]
    assert told == [
        ("role_created", {"name": "interns"}),
        ("permissions_add", {"permissions": ["orders.cancel_order"]}),
        ("permissions_remove", {"permissions": ["orders.cancel_order"]}),
        ("role_renamed", {"name": "guests"}),
        ("role_deleted", {"name": "guests"}),
    ]


def test_a_role_that_code_gives_other_permissions_is_one_event():
    group = Group.objects.get(name="support")
    lost = group.permissions.get(codename="cancel_order")
    group.permissions.remove(lost)

    roles.sync_roles()

    assert latest("role_rewritten").detail == {"given": ["orders.cancel_order"], "taken": []}
    assert kinds().count("role_rewritten") == 1


def test_an_account_that_is_closed_and_opened_says_so(admin, support):
    people.deactivate_user(user_id=support.pk, by=admin, reason="left us")
    people.reactivate_user(user_id=support.pk, by=admin, reason="came back")

    assert [k for k in kinds() if k.startswith("user_")] == ["user_deactivated", "user_reactivated"]
    assert latest("user_deactivated").subject_key == str(support.pk)


def test_somebody_who_becomes_a_superuser_is_noticed(support):
    support.is_superuser = True
    support.save()

    assert kinds()[-1] == "superuser_right_given"


def test_a_refused_step_is_recorded_after_its_transaction_is_undone(support):
    order = OrderFactory()

    with (
        changes.change(separate=True, channel="admin", by=support),
        pytest.raises(StepNotOpen),
    ):
        services.place_order(order_id=order.pk, by=support, reason="")

    event = latest("step_refused")
    assert event.detail["step"] == "orders.place"
    assert event.detail["keys"] == [str(order.pk)]
    assert sum(event.detail["codes"].values()) == 1
    assert event.change_set.actor == support
    assert event.change_set.channel == "admin"


def test_a_step_that_is_taken_says_nothing_of_refusals(manager):
    order = OrderFactory()

    with changes.change(separate=True, by=manager):
        services.hold_orders(order_ids=[order.pk], by=manager, reason="asked to")

    assert "step_refused" not in kinds()
