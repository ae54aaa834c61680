"""What people say about themselves, in the console and outside; everybody for themselves."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from backoffice import profiles
from backoffice.models import AuditEvent, Profile, User
from backoffice.pictures import AVATAR_PIXELS, PictureTooLarge
from backoffice.refused import BadValue

pytestmark = [pytest.mark.django_db, pytest.mark.row("G16")]


def picture(kind="PNG", size=(900, 300), name="../../evil.php") -> SimpleUploadedFile:
    content = BytesIO()
    Image.new("RGB", size, "teal").save(content, kind)
    return SimpleUploadedFile(name, content.getvalue(), "application/x-php")


def sent(**more):
    return {
        "time_zone": "Europe/Berlin",
        "language": "en",
        "phone": "+49 431 1234",
        "born_on": "1990-05-01",
        "bio": "Sails.\r\nReads.",
        **more,
    }


@pytest.fixture(params=["/admin/me/", "/accounts/profile/"])
def door(request):
    return request.param


def test_every_new_user_has_one(support):
    assert Profile.objects.get(user=support).time_zone == "UTC"


def test_the_form_stands_at_both_doors(sign_in, support, door):
    client = sign_in(support)

    page = client.get(door)
    answer = client.post(door, sent(avatar=picture()))

    profile = Profile.objects.get(user=support)
    assert page.status_code == 200
    assert answer.status_code == 302
    assert (profile.phone, profile.bio) == ("+49 431 1234", "Sails.\nReads.")
    assert (profile.time_zone, str(profile.born_on)) == ("Europe/Berlin", "1990-05-01")
    assert profile.avatar.name.startswith("avatars/")
    assert "evil" not in profile.avatar.name
    with Image.open(profile.avatar) as kept:
        assert (kept.format, kept.size) == ("PNG", (AVATAR_PIXELS, AVATAR_PIXELS))
    event = AuditEvent.objects.get(kind="profile_changed")
    assert event.detail == {"fields": ["phone", "born_on", "bio", "avatar"]}
    assert event.change_set.actor == support
    assert profile.avatar.url in client.get(door).content.decode()
    profile.avatar.close()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"bio": "x" * 501}, "at most 500"),
        ({"time_zone": "Moon/Tycho"}, "Select a valid choice"),
        ({"language": "tlh"}, "Select a valid choice"),
        ({"phone": "call me"}, "digits"),
        ({"born_on": "2999-01-01"}, "a day of the past"),
        ({"born_on": "yesterday"}, "valid date"),
        ({"avatar": SimpleUploadedFile("me.png", b"<svg onload=alert(1)>")}, "no picture"),
        ({"avatar": SimpleUploadedFile("me.png", b"GIF89a" + b"\x00" * 30)}, "no picture"),
    ],
)
def test_a_bad_value_is_refused_with_a_sentence(sign_in, support, door, more, words):
    for upload in (v for v in more.values() if hasattr(v, "seek")):
        upload.seek(0)

    page = sign_in(support).post(door, sent(**more))

    assert page.status_code == 422
    assert words in page.content.decode()
    assert Profile.objects.get(user=support).phone == ""


def test_a_file_that_is_too_large_is_refused(support, settings):
    settings.PICTURE_MAX_BYTES = 1000

    with pytest.raises(PictureTooLarge, match="too large"):
        profiles.edit_own_profile(
            by=support,
            reason="",
            time_zone="UTC",
            language="en",
            avatar=BytesIO(b"x" * 2000),
        )


def test_a_picture_is_replaced_and_removed_with_its_file(
    sign_in, support, django_capture_on_commit_callbacks
):
    client = sign_in(support)
    client.post("/admin/me/", sent(avatar=picture()))
    first = Profile.objects.get(user=support).avatar
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/admin/me/", sent(avatar=picture("JPEG")))
    second = Profile.objects.get(user=support).avatar
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/admin/me/", sent(removes_avatar="on"))

    assert first.name != second.name
    assert not first.storage.exists(first.name)
    assert not second.storage.exists(second.name)
    assert not Profile.objects.get(user=support).avatar


def test_nothing_changed_writes_nothing(sign_in, support):
    client = sign_in(support)
    client.post("/admin/me/", sent())
    client.post("/admin/me/", sent())

    assert AuditEvent.objects.filter(kind="profile_changed").count() == 1


def test_a_stranger_has_none(client, door):
    assert client.get(door).status_code == 302
    assert client.post(door, sent()).status_code == 302


def test_the_verb_refuses_what_no_form_sends(support):
    good = {"by": support, "reason": "", "time_zone": "UTC", "language": "en"}
    tomorrow = timezone.localdate() + timedelta(days=1)
    for bad in (
        {"time_zone": "Moon/Tycho"},
        {"language": "tlh"},
        {"bio": "a\x00b"},
        {"phone": "<b>"},
        {"born_on": tomorrow},
    ):
        with pytest.raises(BadValue):
            profiles.edit_own_profile(**{**good, **bad})


@pytest.mark.row("G17")
def test_times_are_shown_in_the_persons_own_zone(sign_in, support):
    client = sign_in(support)
    client.post("/admin/me/", sent(time_zone="Asia/Tokyo"))

    page = client.get("/accounts/profile/")

    assert page.status_code == 200
    assert User.objects.get(pk=support.pk).profile.time_zone == "Asia/Tokyo"
