"""Registration, and the three ways to sign in: session, token, access and refresh pair."""

from __future__ import annotations

from typing import Any, ClassVar, cast
from uuid import UUID

from django.contrib.auth import login, logout
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice import access_pairs, registration, tokens
from backoffice.api.accounts import serializers as shapes
from backoffice.api.accounts.signing_in import confirm_address, person_of
from backoffice.api.permissions import ANYONE, SIGNED_IN
from backoffice.api.serializers import read
from backoffice.api.throttles import CallRate, RegistrationRate, SignInRate
from backoffice.models import ApiToken, User


class Registration(APIView):
    """Open an account as a customer."""

    access: ClassVar = {"post": ANYONE}
    throttle_classes = (CallRate, RegistrationRate)

    @extend_schema(
        operation_id="register",
        request=shapes.RegistrationSent,
        responses={201: shapes.PersonAnswer},
    )
    def post(self, request: Request) -> Response:
        user = registration.register_customer(**read(shapes.RegistrationSent, request))
        return Response(shapes.PersonAnswer(user).data, status=201)


class Confirmation(APIView):
    """Confirm the address that was registered, by the key in the letter's link."""

    access: ClassVar = {"post": ANYONE}
    throttle_classes = (CallRate, SignInRate)

    @extend_schema(operation_id="confirm_address", request=shapes.KeySent, responses={204: None})
    def post(self, request: Request) -> Response:
        confirm_address(request, **read(shapes.KeySent, request))
        return Response(status=204)


class Me(APIView):
    """Who is signed in."""

    access: ClassVar = {"get": SIGNED_IN}

    @extend_schema(operation_id="me", responses=shapes.PersonAnswer)
    def get(self, request: Request) -> Response:
        return Response(shapes.PersonAnswer(request.user).data)


class Session(APIView):
    """Sign in as a browser does: a session cookie, for a front end of ours."""

    access: ClassVar = {"post": ANYONE, "delete": SIGNED_IN}

    def get_throttles(self) -> list[Any]:
        return [CallRate(), SignInRate()] if self.request.method == "POST" else [CallRate()]

    @extend_schema(
        operation_id="sign_in", request=shapes.PasswordSent, responses=shapes.PersonAnswer
    )
    def post(self, request: Request) -> Response:
        user = person_of(request, **read(shapes.PasswordSent, request))
        login(request._request, user)
        return Response(shapes.PersonAnswer(user).data)

    @extend_schema(operation_id="sign_out", responses={204: None})
    def delete(self, request: Request) -> Response:
        logout(request._request)
        return Response(status=204)


class Pairs(APIView):
    """An access and a refresh token for a password."""

    access: ClassVar = {"post": ANYONE}
    throttle_classes = (CallRate, SignInRate)

    @extend_schema(
        operation_id="obtain_pair", request=shapes.PasswordSent, responses=shapes.PairAnswer
    )
    def post(self, request: Request) -> Response:
        user = person_of(request, **read(shapes.PasswordSent, request))
        return Response(shapes.PairAnswer(access_pairs.obtain_pair(by=user)).data)


class PairRefresh(APIView):
    """A new pair for a refresh token, which is over then."""

    access: ClassVar = {"post": ANYONE}
    authentication_classes = ()

    @extend_schema(
        operation_id="refresh_pair", request=shapes.RefreshSent, responses=shapes.PairAnswer
    )
    def post(self, request: Request) -> Response:
        pair = access_pairs.rotate_pair(**read(shapes.RefreshSent, request))
        return Response(shapes.PairAnswer(pair).data)


class PairEnd(APIView):
    """End a refresh token: it is blacklisted."""

    access: ClassVar = {"post": ANYONE}
    authentication_classes = ()

    @extend_schema(operation_id="end_pair", request=shapes.RefreshSent, responses={204: None})
    def post(self, request: Request) -> Response:
        access_pairs.end_pair(**read(shapes.RefreshSent, request))
        return Response(status=204)


class TokenByPassword(APIView):
    """A key for a program, for a password."""

    access: ClassVar = {"post": ANYONE}
    throttle_classes = (CallRate, SignInRate)

    @extend_schema(
        operation_id="obtain_token",
        request=shapes.TokenByPasswordSent,
        responses={201: shapes.NewTokenAnswer},
    )
    def post(self, request: Request) -> Response:
        sent = read(shapes.TokenByPasswordSent, request)
        user = person_of(request, email=sent.pop("email"), password=sent.pop("password"))
        return issue(user, sent)


class Tokens(mixins.ListModelMixin, viewsets.GenericViewSet[ApiToken]):
    """One's own keys for programs."""

    access: ClassVar = {"list": SIGNED_IN, "create": SIGNED_IN, "destroy": SIGNED_IN}
    serializer_class = shapes.TokenAnswer
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = ApiToken.objects.none()

    def get_queryset(self) -> QuerySet[ApiToken]:
        return ApiToken.objects.filter(user_id=self.request.user.pk)

    @extend_schema(request=shapes.TokenSent, responses={201: shapes.NewTokenAnswer})
    def create(self, request: Request) -> Response:
        return issue(cast("User", request.user), read(shapes.TokenSent, request))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, uuid: UUID) -> Response:
        tokens.revoke_token(token_uuid=uuid, by=cast("User", request.user), reason="")
        return Response(status=204)


def issue(user: User, sent: dict[str, Any]) -> Response:
    token, key = tokens.issue_token(**sent, by=user, reason="")
    token.key = key  # type: ignore[attr-defined]
    return Response(shapes.NewTokenAnswer(token).data, status=201)
