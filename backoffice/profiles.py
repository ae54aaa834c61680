"""Verbs over what people say about themselves; everybody for themselves, and nobody else."""

from __future__ import annotations

import re
import zoneinfo
from datetime import date
from typing import IO, Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice import changes
from backoffice.ids import uuid7
from backoffice.models import AuditEvent, Profile, User
from backoffice.pictures import avatar_of
from backoffice.refused import BadValue

BIO_CHARS = 500
PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{4,30}")
OLDEST_YEARS = 130
# What the record may name; the values themselves are personal and stay out of it.
PERSONAL = ("phone", "born_on", "bio", "avatar")


def edit_own_profile(
    *,
    by: User,
    reason: str,
    time_zone: str,
    language: str,
    phone: str = "",
    born_on: date | None = None,
    bio: str = "",
    avatar: IO[bytes] | None = None,
    removes_avatar: bool = False,
) -> Profile:
    """Write what somebody says about themselves.

    time_zone: an IANA name. bio: 500 characters at most. avatar: an open picture file; its name is
    ignored, its content decides, a small square of it is kept. Without one the present one stays.
    Refuses: BadValue; NotAPicture; PictureTooLarge.
    Atomic: locks the profile; one event that names the personal fields that changed.
    """
    values: dict[str, Any] = {
        "time_zone": _zone(time_zone),
        "language": _language(language),
        "phone": _phone(phone),
        "born_on": _birth_date(born_on),
        "bio": _bio(bio),
    }
    picture = avatar_of(avatar) if avatar else None
    with transaction.atomic():
        changes.say(action="account.edit_profile", by=by, reason=reason)
        profile = Profile.objects.select_for_update().get(user=by)
        edited = [name for name, value in values.items() if getattr(profile, name) != value]
        for name in edited:
            setattr(profile, name, values[name])
        if picture is not None or (removes_avatar and profile.avatar):
            edited.append("avatar")
            _replace_avatar(profile, picture)
        if edited:
            profile.save()
        if personal := [name for name in PERSONAL if name in edited]:
            AuditEvent.record("profile_changed", subject=by, fields=personal)
    return profile


def _replace_avatar(profile: Profile, picture: bytes | None) -> None:
    storage, old = profile.avatar.storage, profile.avatar.name
    if picture is None:
        profile.avatar = ""
    else:
        profile.avatar.save(f"{uuid7().hex}.png", ContentFile(picture), save=False)
    if old:
        transaction.on_commit(lambda: storage.delete(old), robust=True)


def _zone(name: str) -> str:
    if name not in zoneinfo.available_timezones():
        raise BadValue(field=_("Time zone"), problem=_("there is no zone of this name."))
    return name


def _language(code: str) -> str:
    if code not in dict(settings.LANGUAGES):
        raise BadValue(field=_("Language"), problem=_("choose one of the list."))
    return code


def _phone(text: str) -> str:
    clean = " ".join(text.split())
    if clean and not PHONE.fullmatch(clean):
        raise BadValue(field=_("Phone"), problem=_("digits, with the country's code in front."))
    return clean


def _birth_date(day: date | None) -> date | None:
    if day is not None:
        today = timezone.localdate()
        if not today.year - OLDEST_YEARS <= day.year or day > today:
            raise BadValue(field=_("Birth date"), problem=_("a day of the past."))
    return day


def _bio(text: str) -> str:
    clean = text.replace("\r\n", "\n").strip()
    if len(clean) > BIO_CHARS or "\x00" in clean:
        words = _("at most {n} characters fit.").format(n=BIO_CHARS)
        raise BadValue(field=_("About you"), problem=words)
    return clean
