"""The admin site: navigation, palette and home, all printed from cards."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from backoffice import changes
from backoffice.adminkit import pages
from backoffice.adminkit.forms import ProfileForm
from backoffice.adminkit.palette import find
from backoffice.cards import NavItem, cards_for

ENVIRONMENT_TONES = {"production": "danger", "development": "info", "demo": "success"}


class ConsoleSite(UnfoldAdminSite):
    """The site that every app registers at."""

    site_title = settings.SHOP_NAME
    site_header = settings.SHOP_NAME
    index_title = _("Today")
    enable_nav_sidebar = True

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        if self.has_permission(request):
            context["goto_items"] = [i for i in cards_for(NavItem, request.user) if i.key]
        return context

    def extra_urls(self) -> list[URLPattern]:
        """Addresses beside Django's own (Unfold asks for them by this name)."""
        return [
            path("me/", self.admin_view(self.my_settings), name="my_settings"),
            *(path(p.route, self.admin_view(p.view), name=p.name) for p in pages.registered()),
        ]

    def my_settings(self, request: HttpRequest) -> HttpResponse:
        """Let a person say who they are, and choose their own time zone and language."""
        from backoffice.signin.views import save_profile

        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "POST"])
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        form = ProfileForm.of(request.user.profile, *sent)
        if sent and save_profile(form, by=request.user):
            messages.success(request, _("Your settings are saved."))
            return HttpResponseRedirect(reverse(f"{self.name}:my_settings"))
        context = {**self.each_context(request), "title": _("My settings"), "form": form}
        return TemplateResponse(
            request, "backoffice/my_settings.html", context, status=422 if form.errors else 200
        )

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the one sign-in page; whoever is signed in goes on, or reads why not.

        Of no other form than that page's are attempts counted and second factors asked.
        """
        wanted = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(
            wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        ):
            wanted = reverse(f"{self.name}:index")
        if not request.user.is_authenticated:
            return redirect_to_login(wanted)
        if self.has_permission(request):
            return HttpResponseRedirect(wanted)
        raise PermissionDenied(_("The console is for staff."))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django saves the person itself; the record shall say what that was."""
        changes.say(action="backoffice.change_own_password", by=request.user, reason="")
        return super().password_change(request, extra_context)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.GET.get("term", ""):
            raise BadRequest("A NUL in what is looked for.")
        return super().autocomplete_view(request)

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Answer the palette. Never cached: a permission that was taken away is gone at once."""
        text = request.GET.get("s", "").strip()
        if not text:
            return HttpResponse()
        return TemplateResponse(
            request,
            "backoffice/palette.html",
            {"hits": find(request.user, text), "text": text},
            headers={"HX-Trigger": "search", "Cache-Control": "no-store"},
        )


def environment_label(request: HttpRequest) -> list[str] | None:
    """Return the badge in the header: where am I, and is this real?"""
    name = settings.ENVIRONMENT_NAME
    return [name, ENVIRONMENT_TONES.get(name.lower(), "warning")] if name else None


def environment_prefix(request: HttpRequest) -> str:
    """Return what stands before the browser tab's title outside of production."""
    name = settings.ENVIRONMENT_NAME
    return f"[{name}]" if name and name.lower() != "production" else ""


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar: the pages this person may open, by group."""
    groups: dict[str, list[dict[str, Any]]] = {}
    items = [item for item in cards_for(NavItem, request.user) if item.in_sidebar]
    # A page under another one's address lights up alone: the longest address is meant.
    here = max((item.path for item in items if _is_here(request, item)), key=len, default="")
    for item in items:
        badge = item.badge(request.user) if item.badge is not None else None
        groups.setdefault(str(item.group), []).append(
            {
                "title": capfirst(str(item.label)),
                "icon": item.icon,
                "link": item.path,
                "badge": str(badge) if badge else None,
                "badge_variant": "primary",
                "active": bool(here) and item.path == here,
                # Only what is allowed is listed; Unfold shows items without this to everybody.
                "permission": lambda _request: True,
            }
        )
    return [
        {"title": title, "separator": bool(title), "items": items}
        for title, items in groups.items()
    ]


def _is_here(request: HttpRequest, item: NavItem) -> bool:
    """True on the page and the pages under it; Unfold's own test is a substring."""
    path = item.path.partition("?")[0]
    if item.query:
        wanted = dict(part.split("=", 1) for part in item.query.split("&"))
        return request.path == path and all(request.GET.get(k) == v for k, v in wanted.items())
    return request.path == path or (path.count("/") > 2 and request.path.startswith(path))  # noqa: PLR2004
