"""The admin site: navigation, palette and home, all printed from cards."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

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
    for item in cards_for(NavItem, request.user):
        if not item.in_sidebar:
            continue
        path = item.path.partition("?")[0]
        badge = item.badge(request.user) if item.badge is not None else None
        groups.setdefault(str(item.group), []).append(
            {
                "title": capfirst(str(item.label)),
                "icon": item.icon,
                "link": item.path,
                "badge": str(badge) if badge else None,
                "badge_variant": "primary",
                "active": _is_here(request, item, path),
                # Only what is allowed is listed; Unfold shows items without this to everybody.
                "permission": lambda _request: True,
            }
        )
    return [
        {"title": title, "separator": bool(title), "items": items}
        for title, items in groups.items()
    ]


def _is_here(request: HttpRequest, item: NavItem, path: str) -> bool:
    """True on the page and the pages under it; Unfold's own test is a substring."""
    if item.query:
        wanted = dict(part.split("=", 1) for part in item.query.split("&"))
        return request.path == path and all(request.GET.get(k) == v for k, v in wanted.items())
    return request.path == path or (path.count("/") > 2 and request.path.startswith(path))  # noqa: PLR2004
