"""What is sent and answered around accounts; a password is never answered."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from backoffice.api.serializers import Answer, Sent

PASSWORD_LENGTH = 128


def password_field() -> serializers.CharField:
    return serializers.CharField(
        max_length=PASSWORD_LENGTH,
        write_only=True,
        trim_whitespace=False,
        style={"input_type": "password"},
    )


class RegistrationSent(Sent):
    set_by_us = frozenset({"uuid", "is_staff", "is_active", "is_superuser", "groups", "created_at"})

    email = serializers.EmailField(max_length=254)
    first_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    password = password_field()
    password_confirm = password_field()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["password"] != attrs.pop("password_confirm"):
            raise serializers.ValidationError(
                {"password_confirm": [_("The two passwords are not the same.")]}
            )
        return attrs


class PasswordSent(Sent):
    email = serializers.EmailField(max_length=254)
    password = password_field()


class KeySent(Sent):
    key = serializers.CharField(max_length=500)


class RefreshSent(Sent):
    refresh = serializers.CharField(max_length=2000)


class TokenSent(Sent):
    set_by_us = frozenset({"uuid", "key", "created_at", "expires_at", "used_at", "revoked_at"})

    name = serializers.CharField(max_length=80)
    is_read_only = serializers.BooleanField(required=False, default=False)


class TokenByPasswordSent(TokenSent, PasswordSent):
    pass


class PersonAnswer(Answer):
    uuid = serializers.UUIDField(source="pk")
    email = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    is_staff = serializers.BooleanField()
    roles = serializers.SerializerMethodField()

    def get_roles(self, user: Any) -> list[str]:
        return sorted(user.groups.values_list("name", flat=True))


class PairAnswer(Answer):
    access = serializers.CharField()
    refresh = serializers.CharField()


class TokenAnswer(Answer):
    uuid = serializers.UUIDField()
    name = serializers.CharField()
    is_read_only = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    used_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class NewTokenAnswer(TokenAnswer):
    key = serializers.CharField(help_text="Shown this once.")
