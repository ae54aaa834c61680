"""Erasing a person from the ground's own tables: account, profile, what they sign in with, origins.

A verb of the trade decides whether it may be done, and calls this inside its transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.files.storage import default_storage
from django.db import models, transaction

from backoffice.models import Origin, Profile, User

# What libraries keep of a person under `user`: addresses, keys, links to other services.
SIGN_IN_TABLES = (
    "account.EmailAddress",
    "socialaccount.SocialAccount",
    "mfa.Authenticator",
    "usersessions.UserSession",
    "backoffice.ApiToken",
)
# No mail reaches it, and nobody else can have it.
NOWHERE = "erased.invalid"


def is_erased(user: User) -> bool:
    return user.email.endswith(f"@{NOWHERE}")


def origins_of(user: User) -> models.QuerySet[Origin]:
    """Return where what a person did came from: their name, address and browser."""
    return Origin.objects.filter(change_set__actor=user.pk, erased_at=None).order_by("pk")


def sign_in_rows(user: User) -> Iterator[models.QuerySet[Any]]:
    """Yield, of each table that is installed, what a person signs in with."""
    for label in SIGN_IN_TABLES:
        app, name = label.split(".")
        if apps.is_installed(f"allauth.{app}") or apps.is_installed(app):
            model = apps.get_model(app, name)
            yield model._default_manager.filter(user=user.pk)


def erase_account(user: User) -> None:
    """Blank a locked person's own fields and all that they signed in with; the key stays.

    Orders, payments and the record refer to the key. Every session of theirs ends.
    """
    user.email = f"erased-{user.pk.hex}@{NOWHERE}"
    user.first_name = user.last_name = ""
    user.is_active = False
    user.set_unusable_password()
    user.save()
    for rows in sign_in_rows(user):
        rows.delete()
    _blank_profile(user)
    for origin in origins_of(user).iterator(chunk_size=1_000):
        origin.erase()


def _blank_profile(user: User) -> None:
    profile = Profile.objects.filter(user=user).first()
    if profile is None:
        return
    if picture := profile.avatar.name:
        transaction.on_commit(lambda: default_storage.delete(picture), robust=True)
    profile.avatar, profile.phone, profile.bio, profile.born_on = "", "", "", None
    profile.save()
