"""What the account pages need to look like the console, on its own colours and files."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.urls import NoReverseMatch, reverse

from backoffice.signin import second_factor

PREFIX = "/accounts/"


def of_the_console(request: Any) -> dict[str, Any]:
    """Give templates of the account pages the console's name, colours and styles."""
    if not request.path.startswith(PREFIX) or getattr(request, "user", None) is None:
        return {}
    site: Any = admin.site
    return {
        "site_title": settings.SHOP_NAME,
        "site_header": settings.SHOP_NAME,
        "site_favicons": site._get_favicons("SITE_FAVICONS", request),
        "theme": site._get_config("THEME", request),
        "border_radius": site._get_config("BORDER_RADIUS", request),
        "colors": site._get_colors("COLORS", request),
        "environment": site._get_config("ENVIRONMENT", request),
        "environment_title_prefix": site._get_config("ENVIRONMENT_TITLE_PREFIX", request),
        "styles": site._get_list("STYLES", request),
        "account_menu": _menu(request) if request.user.is_authenticated else [],
        "google_is_offered": bool(settings.GOOGLE_CLIENT_ID),
        "second_factor_is_missing": second_factor.is_missing(request.user),
    }


def _menu(request: Any) -> list[dict[str, Any]]:
    here = max(
        (path for path in map(_path, settings.ACCOUNT_MENU) if request.path.startswith(path)),
        key=len,
        default="",
    )
    entries = [(_path(entry), entry[1], entry[0]) for entry in settings.ACCOUNT_MENU]
    return [
        {"path": path, "label": label, "is_here": path == here}
        for path, label, name in entries
        if path and (settings.GOOGLE_CLIENT_ID or name != "socialaccount_connections")
    ]


def _path(entry: tuple[str, Any]) -> str:
    try:
        return reverse(entry[0])
    except NoReverseMatch:
        return ""
