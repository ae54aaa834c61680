"""The account pages that allauth does not have: profile, the end of one session, short ways."""

from __future__ import annotations

from typing import Any, Never

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.http import require_POST

from backoffice import profiles
from backoffice.access import SignedInMixin, signed_in
from backoffice.adminkit.forms import ProfileForm
from backoffice.refused import Refused
from backoffice.signin import sessions


class ProfilePage(SignedInMixin, View):
    """What a person says about themselves; the same form stands in the console."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, ProfileForm.of(request.user.profile))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ProfileForm.of(request.user.profile, request.POST, request.FILES)
        if save_profile(form, by=request.user):
            messages.success(request, _("Your profile is saved."))
            return HttpResponseRedirect(reverse("account_profile"))
        return self._page(request, form, status=422)

    def _page(self, request: HttpRequest, form: ProfileForm, status: int = 200) -> HttpResponse:
        return render(request, "account/profile.html", {"form": form}, status=status)


def save_profile(form: ProfileForm, *, by: Any) -> bool:
    """Hand a form to the verb; a refusal stands in the form. Returns whether it was saved."""
    if not form.is_valid():
        return False
    try:
        profiles.edit_own_profile(**form.answers, by=by, reason="")
    except Refused as refused:
        form.add_error(form.field_of(refused), str(refused))
        return False
    return True


@require_POST
@signed_in
def end_session(request: HttpRequest, session: int) -> HttpResponse:
    try:
        sessions.end_session(session_id=session, by=request.user, reason="")
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The session is ended."))
    return HttpResponseRedirect(reverse("usersessions_list"))


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to the one sign-in page; where somebody wanted to go travels along."""
    query = request.META.get("QUERY_STRING", "")
    return HttpResponseRedirect(reverse("account_login") + (f"?{query}" if query else ""))


def not_here(request: HttpRequest) -> Never:
    raise Http404
