"""People sign in with their e-mail address."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from backoffice import roles
from backoffice.models import AuditEvent, User


@pytest.mark.row("G3")
@pytest.mark.django_db
def test_an_address_is_kept_and_found_in_lower_case():
    user = User.objects.create_user("Jane@Example.COM", "a-good-password")

    assert user.email == "jane@example.com"
    assert User.objects.get_by_natural_key("JANE@example.com") == user


@pytest.mark.row("G3")
@pytest.mark.django_db
def test_a_second_account_of_one_address_gets_a_kind_sentence():
    User.objects.create_user("jane@example.com")

    with pytest.raises(ValidationError, match="already here"):
        User(email="Jane@example.com", password="x").full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("jane@example.com")


@pytest.mark.row("G3")
@pytest.mark.django_db
def test_names_fall_back_to_the_address():
    user = User(email="jane@example.com")

    assert (user.get_full_name(), user.get_short_name()) == ("jane@example.com", "jane")


@pytest.mark.django_db
def test_a_new_user_has_a_profile_and_a_place_for_traffic():
    user = User.objects.create_user("jane@example.com")

    assert user.profile.time_zone == "UTC"
    assert user.activity.seen_at is None


@pytest.mark.django_db
def test_signing_in_writes_no_history_of_the_user(client, support):
    before = User.history.count()

    client.post("/accounts/login/", {"login": support.email, "password": "a-good-password"})

    support.activity.refresh_from_db()
    assert support.activity.signed_in_at is not None
    assert User.history.count() == before


@pytest.mark.django_db
def test_a_change_of_roles_is_an_event(support):
    support.groups.add(Group.objects.get(name="finance"))

    event = AuditEvent.objects.filter(kind="roles_add", subject_key=str(support.pk)).first()
    assert event.detail == {"roles": ["finance"]}


@pytest.mark.django_db
def test_roles_are_what_the_table_says_after_every_migrate():
    for role, names in roles.table().items():
        group = Group.objects.get(name=role)
        assert {
            f"{p.content_type.app_label}.{p.codename}"
            for p in group.permissions.select_related("content_type")
        } == set(names)


@pytest.mark.django_db
def test_a_drifted_role_is_put_right():
    group = Group.objects.get(name="auditor")
    group.permissions.add(Permission.objects.get(codename="cancel_order"))

    roles.sync_roles()

    assert not group.permissions.filter(codename="cancel_order").exists()


def test_nobody_may_delete_orders_money_or_the_record():
    granted = {name for names in roles.table().values() for name in names}

    assert not {n for n in granted if ".delete_" in n and not n.startswith("catalog.")}
    assert not {n for n in granted if n.startswith("catalog.delete_product") and "image" not in n}


def test_an_auditor_only_looks():
    looking = ("view_", "export_", "oversee_", "verify_", "audit_")
    # A sample is filters under a name: nothing of the trade, nothing of the record.
    own = {"backoffice.share_auditsample"}

    assert all(
        name.partition(".")[2].startswith(looking) for name in set(roles.table()["auditor"]) - own
    )
