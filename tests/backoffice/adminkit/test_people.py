"""Staff accounts: only administrators change them, nobody their own rights."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from backoffice import changes, people
from backoffice.ids import uuid7
from backoffice.models import AuditEvent, User
from backoffice.refused import BadValue, NotAllowed, ReasonMissing, UnknownRow
from tests.backoffice.signin.codes import give_app

LIST = "/admin/backoffice/user/"


@pytest.fixture
def chief(sign_in, admin):
    return sign_in(admin)


def new_person(**more):
    return {
        "email": "New@Example.com",
        "first_name": "Nell",
        "last_name": "Ward",
        "password": "harbour-lights-9",
        "roles": ["support"],
        "time_zone": "Europe/Berlin",
        "language": "en",
        "reason": "Starts on Monday",
        **more,
    }


def details(user, **more):
    return {
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "roles": list(user.groups.values_list("name", flat=True)),
        "time_zone": "UTC",
        "language": "en",
        "reason": "",
        **more,
    }


def test_adding_a_person_makes_a_staff_account_with_role_zone_and_password(chief):
    answer = chief.post(f"{LIST}add/", new_person())

    person = User.objects.get(email="new@example.com")
    assert answer.status_code == 302
    assert person.is_staff
    assert not person.is_superuser
    assert person.check_password("harbour-lights-9")
    assert [group.name for group in person.groups.all()] == ["support"]
    assert person.profile.time_zone == "Europe/Berlin"
    assert AuditEvent.objects.filter(kind="roles_add", subject_key=str(person.pk)).exists()
    assert person.history.get().change_set.note == "Starts on Monday"


def test_a_taken_address_is_refused_with_a_sentence(chief, support):
    page = chief.post(f"{LIST}add/", new_person(email="SUPPORT@example.com"))

    assert page.status_code in {409, 422}
    assert "already here" in page.content.decode()


def test_a_weak_password_is_refused_with_a_sentence(chief):
    page = chief.post(f"{LIST}add/", new_person(password="1234"))

    assert page.status_code == 422
    assert "too short" in page.content.decode()
    assert not User.objects.filter(email="new@example.com").exists()


def test_a_change_of_roles_is_recorded(chief, support):
    with changes.change(separate=True):
        answer = chief.post(f"{LIST}{support.pk}/change/", details(support, roles=["finance"]))

    assert answer.status_code == 302
    assert [group.name for group in support.groups.all()] == ["finance"]
    kinds = AuditEvent.objects.filter(subject_key=str(support.pk)).values_list("kind", "detail")
    assert ("roles_add", {"roles": ["finance"]}) in list(kinds)
    assert ("roles_remove", {"roles": ["support"]}) in list(kinds)


def test_personal_details_change_without_standing_in_the_record(chief, support):
    chief.post(f"{LIST}{support.pk}/change/", details(support, last_name="Quillfeather"))

    support.refresh_from_db()
    event = AuditEvent.objects.get(kind="user_details_changed")
    assert support.last_name == "Quillfeather"
    assert event.detail == {"fields": ["last_name"]}


def test_nobody_changes_their_own_roles_by_the_form(chief, admin):
    page = chief.get(f"{LIST}{admin.pk}/change/")
    chief.post(f"{LIST}{admin.pk}/change/", details(admin, roles=["manager", "admin"]))

    assert "Nobody changes their own roles." in page.content.decode()
    assert [group.name for group in admin.groups.all()] == ["admin"]


def test_nobody_changes_their_own_roles_by_the_service(admin):
    with pytest.raises(people.OwnAccount) as refusal:
        people.set_roles(user_id=admin.pk, roles=["manager"], by=admin, reason="Why not")

    assert refusal.value.code == "own_account"
    assert str(refusal.value).startswith("Nobody changes their own roles.")


def test_the_superuser_flag_cannot_be_posted(chief, support):
    chief.post(f"{LIST}{support.pk}/change/", details(support, is_superuser="on"))

    support.refresh_from_db()
    assert not support.is_superuser


def test_a_superusers_account_is_closed_to_administrators(chief, admin):
    root = User.objects.create_superuser("root@example.com", "a-good-password")

    page = chief.post(f"{LIST}{root.pk}/change/", details(root, first_name="Mine"))

    assert page.status_code == 403
    assert "is a superuser" in page.content.decode()
    for verb, more in (
        (people.deactivate_user, {}),
        (people.set_temporary_password, {"password": "harbour-lights-9"}),
        (people.set_roles, {"roles": ["admin"]}),
    ):
        with pytest.raises(people.SuperuserOnly):
            verb(user_id=root.pk, by=admin, reason="Mine now", **more)


def test_deactivating_signs_the_person_out_and_is_recorded(chief, support, sign_in):
    session = sign_in(support)

    answer = chief.post(
        f"{LIST}{support.pk}/acts/deactivate/", {"idempotency_key": "k", "reason": "Left us"}
    )

    support.refresh_from_db()
    assert answer.status_code == 302
    assert not support.is_active
    assert support.history.first().change_set.note == "Left us"
    assert session.get("/admin/").status_code == 302


def test_deactivating_needs_a_reason(admin, support):
    with pytest.raises(ReasonMissing):
        people.deactivate_user(user_id=support.pk, by=admin, reason="")


def test_nobody_deactivates_themselves(admin):
    with pytest.raises(people.OwnAccount):
        people.deactivate_user(user_id=admin.pk, by=admin, reason="Bye")


def test_a_closed_account_opens_again_with_its_roles(admin, support):
    people.deactivate_user(user_id=support.pk, by=admin, reason="Left us")

    with pytest.raises(people.AlreadySo):
        people.deactivate_user(user_id=support.pk, by=admin, reason="Again")
    people.reactivate_user(user_id=support.pk, by=admin, reason="Came back")

    support.refresh_from_db()
    assert support.is_active
    assert [group.name for group in support.groups.all()] == ["support"]


def test_a_temporary_password_replaces_the_old_one_and_is_never_recorded(chief, support):
    chief.post(
        f"{LIST}{support.pk}/acts/password/",
        {"idempotency_key": "k", "password": "harbour-lights-9", "reason": "Forgot it"},
    )

    support.refresh_from_db()
    assert support.check_password("harbour-lights-9")
    assert AuditEvent.objects.get(kind="password_replaced").detail == {}


def test_a_weak_temporary_password_is_refused(admin, support):
    with pytest.raises(BadValue, match="too short"):
        people.set_temporary_password(user_id=support.pk, password="1234", by=admin, reason="")


@pytest.mark.parametrize(
    "role", ["support", "fulfilment", "merchandiser", "finance", "auditor", "manager"]
)
def test_no_other_role_may_change_people(role, request, make_user):
    by = request.getfixturevalue(role)
    person = make_user(email="person@example.com")

    for verb, more in (
        (people.deactivate_user, {"user_id": person.pk}),
        (people.set_roles, {"user_id": person.pk, "roles": ["admin"]}),
        (people.edit_staff, {"user_id": person.pk, "changes": {"first_name": "X"}}),
        (people.set_temporary_password, {"user_id": person.pk, "password": "harbour-lights-9"}),
    ):
        with pytest.raises(NotAllowed):
            verb(by=by, reason="Please", **more)
    with pytest.raises(NotAllowed):
        people.create_staff(
            email="x@example.com",
            first_name="",
            last_name="",
            roles=[],
            password="harbour-lights-9",
            by=by,
            reason="Please",
        )


def test_unknown_people_and_roles_are_refused(admin, support):
    with pytest.raises(people.UnknownRole):
        people.set_roles(user_id=support.pk, roles=["pirate"], by=admin, reason="")
    with pytest.raises(UnknownRow):
        people.set_roles(user_id=uuid7(), roles=[], by=admin, reason="")


def test_an_auditor_sees_staff_and_roles_and_changes_nothing(onlooker, support):
    assert onlooker.get(LIST).status_code == 200
    assert onlooker.get(f"{LIST}{support.pk}/change/").status_code == 200
    assert onlooker.get("/admin/auth/group/").status_code == 200
    assert onlooker.get(f"{LIST}add/").status_code == 403
    assert onlooker.post(f"{LIST}{support.pk}/change/", details(support)).status_code == 403


def test_customers_are_not_listed_among_staff(chief, make_user):
    customer = make_user(email="customer@example.com")
    customer.is_staff = False
    customer.save()

    assert "customer@example.com" not in chief.get(LIST).content.decode()
    assert chief.get(f"{LIST}{customer.pk}/change/").status_code == 302


def test_roles_can_only_be_read_even_by_a_superuser(root):
    group = Group.objects.get(name="support")
    address = f"/admin/auth/group/{group.pk}/change/"

    assert root.get(address).status_code == 200
    assert root.post(address, {"name": "pirates"}).status_code == 403
    assert root.get("/admin/auth/group/add/").status_code == 403


def test_ones_own_password_has_its_own_page(clerk, merchandiser):
    page = clerk.get("/admin/password_change/")
    answer = clerk.post(
        "/admin/password_change/",
        {
            "old_password": "a-good-password",
            "new_password1": "harbour-lights-9",
            "new_password2": "harbour-lights-9",
        },
    )

    merchandiser.refresh_from_db()
    assert page.status_code == 200
    assert answer.status_code == 302
    assert merchandiser.check_password("harbour-lights-9")
    assert merchandiser.history.first().change_set.action == "backoffice.change_own_password"


def test_an_accounts_history_names_no_personal_value(onlooker, admin, support):
    people.deactivate_user(user_id=support.pk, by=admin, reason="Left us")

    page = onlooker.get(f"{LIST}{support.pk}/history/")

    assert page.status_code == 200
    labels = {c.label for entry in page.context["entries"] for c in entry.changes}
    assert labels == {"Active"}


def test_everybody_chooses_their_own_time_zone(clerk, merchandiser):
    page = clerk.get("/admin/me/")
    answer = clerk.post("/admin/me/", {"time_zone": "Asia/Tokyo", "language": "en"})
    refused = clerk.post("/admin/me/", {"time_zone": "Moon/Tycho", "language": "en"})

    merchandiser.profile.refresh_from_db()
    assert page.status_code == 200
    assert answer.status_code == 302
    assert refused.status_code == 422
    assert clerk.put("/admin/me/").status_code == 405
    assert merchandiser.profile.time_zone == "Asia/Tokyo"


def test_a_lost_phone_is_taken_off_an_account_and_its_sessions_end(chief, admin, support):
    give_app(support)
    address = f"{LIST}{support.pk}/acts/second_factor/"

    without = chief.post(address, {"idempotency_key": "a", "reason": ""})
    answer = chief.post(address, {"idempotency_key": "b", "reason": "Rang back, it was them"})

    event = AuditEvent.objects.get(kind="second_factor_reset")
    assert without.status_code == 422
    assert answer.status_code == 302
    assert event.detail == {"count": 2, "sessions": 0}
    assert event.change_set.note == "Rang back, it was them"
    with pytest.raises(people.NoSecondFactor):
        people.reset_second_factor(user_id=support.pk, by=admin, reason="Again")
    with pytest.raises(people.OwnAccount):
        people.reset_second_factor(user_id=admin.pk, by=admin, reason="Mine")


def test_somebody_is_signed_out_everywhere(chief, support, client):
    client.post("/accounts/login/", {"login": support.email, "password": "a-good-password"})

    chief.post(
        f"{LIST}{support.pk}/acts/sign_out/", {"idempotency_key": "k", "reason": "A lost laptop"}
    )

    assert client.get("/admin/").status_code == 302
    assert AuditEvent.objects.get(kind="session_ended").detail == {"count": 1}


def test_nobody_else_resets_a_second_factor_or_ends_sessions(support, finance):
    for verb in (people.reset_second_factor, people.sign_out_everywhere):
        with pytest.raises(NotAllowed):
            verb(user_id=support.pk, by=finance, reason="Please")
