"""One row for one click: when it is written, and what happens when its transaction is not."""

import pytest
from django.db import transaction

from backoffice import changes
from backoffice.models import ChangeSet, User
from catalog.models import Tag


@pytest.mark.django_db
def test_a_write_outside_of_every_door_is_refused_before_the_row_is_written():
    token = changes._open.set(None)
    try:
        with pytest.raises(changes.UnauditedWrite):
            Tag(name="silent", slug="silent").save()
    finally:
        changes._open.reset(token)

    assert not Tag.objects.exists()


@pytest.mark.django_db
def test_a_change_without_a_write_leaves_no_row():
    with changes.change(action="looked", separate=True):
        pass

    assert not ChangeSet.objects.filter(action="looked").exists()


@pytest.mark.django_db
def test_two_writes_of_one_change_share_one_row():
    with changes.change(action="tagged", separate=True):
        Tag(name="a", slug="a").save()
        Tag(name="b", slug="b").save()

    tagged = ChangeSet.objects.get(action="tagged")
    assert {row.change_set_id for row in Tag.history.all()} == {tagged.pk}


@pytest.mark.django_db(transaction=True)
def test_after_a_rolled_back_transaction_the_row_is_made_anew():
    with changes.change(action="retried", separate=True) as change:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            Tag(name="lost", slug="lost").save()
            raise ZeroDivisionError

        Tag(name="kept", slug="kept").save()

        assert Tag.history.get().change_set_id == change.row().pk
    assert ChangeSet.objects.filter(action="retried").count() == 1
    assert Tag.history.get().name == "kept"


@pytest.mark.django_db(transaction=True)
def test_after_a_rolled_back_savepoint_the_row_is_made_anew():
    with changes.change(action="retried", separate=True), transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            Tag(name="lost", slug="lost").save()
            raise ZeroDivisionError

        Tag(name="kept", slug="kept").save()

    # The commit itself is the test: a remembered id would break its foreign key only here.
    assert Tag.history.get().change_set.action == "retried"


@pytest.mark.django_db
def test_an_inner_change_says_more_only_while_nothing_is_written(support):
    with changes.change(separate=True):
        with changes.change(action="first", note="because", by=support):
            Tag(name="a", slug="a").save()
        with changes.change(action="second"):
            Tag(name="b", slug="b").save()

    row = ChangeSet.objects.get(action="first")
    assert (row.note, row.actor, row.actor_kind, row.who) == (
        "because",
        support,
        "staff",
        support.get_full_name(),
    )
    assert not ChangeSet.objects.filter(action="second").exists()


@pytest.mark.django_db
def test_resume_continues_the_set_of_the_click_that_asked(support):
    with changes.change(action="asked", by=support, separate=True) as asked:
        row = asked.row()

    with changes.resume(row.pk):
        Tag(name="later", slug="later").save()

    assert Tag.history.get().change_set == row


@pytest.mark.django_db
def test_a_request_writes_its_person_door_and_id(sign_in, support):
    client = sign_in(support)

    client.post("/admin/logout/", headers={"X-Request-ID": "abc-123"}, REMOTE_ADDR="192.0.2.7")

    row = ChangeSet.objects.get(request_id="abc-123")
    assert (row.actor, row.channel, row.origin.ip) == (support, "admin", "192.0.2.7")


@pytest.mark.django_db
def test_the_actor_of_a_sign_in_is_who_signed_in(client, make_user):
    user: User = make_user("support")

    client.post("/accounts/login/", {"login": user.email, "password": "a-good-password"})

    row = ChangeSet.objects.get(action="auth.sign_in")
    assert row.actor == user
    assert row.events.get().kind == "sign_in"


@pytest.mark.django_db
def test_a_failed_sign_in_is_an_event_that_does_not_keep_what_was_typed(client, support):
    client.post("/accounts/login/", {"login": "hunter2@example.com", "password": "wrong"})
    client.post("/accounts/login/", {"login": support.email, "password": "wrong"})

    from backoffice.models import AuditEvent

    events = AuditEvent.objects.filter(kind="sign_in_failed").order_by("pk")
    assert [event.subject_key for event in events] == ["", str(support.pk)]
    assert all("hunter2" not in str(event.detail) for event in events)
