"""What surrounds every request of somebody who signed in, and the forms that anybody may send."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from backoffice import changes
from backoffice.middleware import POLL_HEADER
from backoffice.models import AuditEvent
from backoffice.refused import Refused
from backoffice.signin import limits, second_factor, sessions

GetResponse = Callable[[HttpRequest], HttpResponse]

# What somebody who has to set up a second factor may open until then.
SET_UP_PAGES = frozenset(
    {
        "mfa_index",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_list_webauthn",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_download_recovery_codes",
        "mfa_reauthenticate",
        "account_reauthenticate",
        "account_request_reauthentication_code",
        "account_confirm_reauthentication_code",
        "account_confirm_email",
        "account_email",
        "account_logout",
        "logout",
        "jsi18n",
    }
)
# Pages with a button that sends the form on to Google.
GOOGLE_PAGES = frozenset(
    {"account_login", "account_signup", "google_login", "socialaccount_connections"}
)

# Where Google is not set up there is nothing behind these; allauth would fail.
GOOGLE_VIEWS = frozenset({"google_login", "google_callback", "google_login_by_token"})


class SessionLimitsMiddleware:
    """End a session that was idle, or went on, for too long, and say so."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = time.time()
            if sessions.is_over(request, now=now):
                self._end(request)
            # A page that polls by itself is no sign of life.
            elif POLL_HEADER not in request.headers:
                sessions.see(request, now=now)
        return self.get_response(request)

    def _end(self, request: HttpRequest) -> None:
        user: Any = request.user
        changes.say(action="auth.session_expired", by=user, reason="")
        AuditEvent.record("session_expired", subject=user)
        logout(request)
        words = _("You were signed out because your session was over. Sign in again.")
        messages.info(request, words)


class SecondFactorMiddleware:
    """Lead people whose role needs a second factor to where it is set up; APIs hear a refusal."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.MFA_REQUIRED_ROLES or not request.user.is_authenticated:
            return self.get_response(request)
        mine = str(request.user.pk)
        if request.session.get(second_factor.SESSION_KEY) == mine or _is_open(request):
            return self.get_response(request)
        if second_factor.is_missing(request.user):
            return _set_up_first(request)
        if second_factor.is_required(request.user):
            request.session[second_factor.SESSION_KEY] = mine
        return self.get_response(request)


class SignInPagesMiddleware:
    """Limit the forms that anybody may send, and let those with Google's button lead there."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        if match is not None and match.url_name in GOOGLE_PAGES and settings.GOOGLE_CLIENT_ID:
            response._csp_update = {"form-action": [settings.GOOGLE_ACCOUNTS_URL]}  # type: ignore[attr-defined]
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        name = (request.resolver_match and request.resolver_match.url_name) or ""
        if name in GOOGLE_VIEWS and not settings.GOOGLE_CLIENT_ID:
            return HttpResponseRedirect(f"{reverse('account_login')}?error=auth_failed")
        most = settings.ACCOUNT_POSTS_AN_HOUR.get(name) if request.method == "POST" else None
        if most is None:
            return None
        try:
            limits.count(f"post:{name}", limits.network_of(request), most=most)
        except limits.TooManyRequests as refused:
            answer = render(request, "account/too_often.html", {"refused": refused}, status=429)
            answer["Retry-After"] = str(refused.facts["seconds"])
            return answer
        return None


def _is_open(request: HttpRequest) -> bool:
    prefixes = (settings.STATIC_URL, settings.MEDIA_URL)
    if request.path.startswith(prefixes):
        return True
    try:
        return resolve(request.path_info).url_name in SET_UP_PAGES
    except Resolver404:
        return False


def _set_up_first(request: HttpRequest) -> HttpResponse:
    refused: Refused = second_factor.SecondFactorMissing()
    if request.path.startswith("/api/"):
        return JsonResponse(
            {
                "type": "about:blank",
                "title": refused.message,
                "status": refused.http_status,
                "code": refused.code,
                "detail": refused.message,
                "hint": refused.way_out,
            },
            status=refused.http_status,
            content_type="application/problem+json",
        )
    address = reverse("mfa_index")
    if request.method == "GET":
        address = f"{address}?{urlencode({'next': request.get_full_path()})}"
    if "HX-Request" in request.headers:
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
