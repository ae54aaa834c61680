"""Who calls: a token of a program, an access token of an app, or the browser's session.

All three ask the database at every call whether the account is still open.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken

from backoffice import changes, tokens
from backoffice.models import ApiToken, User


class AccessTokens(JWTAuthentication):
    """`Authorization: Bearer …`: a short-lived token of `access_pairs`."""

    def authenticate(self, request: Request) -> Any:
        try:
            return super().authenticate(request)
        except (InvalidToken, AuthenticationFailed) as error:
            raise AuthenticationFailed(_("This token is over, or it is none of ours.")) from error

    def get_user(self, validated_token: Any) -> Any:
        try:
            return super().get_user(validated_token)
        except ValueError as error:  # a signed token of ours always holds a UUID
            raise AuthenticationFailed from error


class ApiTokens(BaseAuthentication):
    """`Authorization: Token …`: a key that somebody gave to a program of theirs."""

    keyword = "Token"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        word, _space, key = request.headers.get("Authorization", "").partition(" ")
        if word.lower() != self.keyword.lower():
            return None
        token = tokens.token_of(key.strip())
        if token is None:
            raise AuthenticationFailed(_("This token is over, or it is none of ours."))
        if (change := changes.current()) is not None:
            change.is_token = True
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


class Sessions(SessionAuthentication):
    """The browser's own session, with its CSRF token on every call that writes."""

    def authenticate(self, request: Request) -> Any:
        plain: HttpRequest = request._request
        user = getattr(plain, "user", None)
        if user is None or not user.is_active:
            return None
        self.enforce_csrf(plain)
        return user, None
