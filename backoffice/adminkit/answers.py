"""How the console answers after something was done: one redirect for pages and for dialogs."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme


def is_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def answer_redirect(request: HttpRequest, url: str) -> HttpResponse:
    """Send the browser to `url`, from a page or from a dialog.

    A plain redirect inside a dialog would load the page into it and swallow the messages.
    """
    if is_htmx(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def safe_path(request: HttpRequest, url: str) -> str:
    """Return path and query of a URL of ours, or nothing."""
    hosts = {request.get_host()}
    if not url_has_allowed_host_and_scheme(url, hosts, require_https=request.is_secure()):
        return ""
    parts = urlsplit(url)
    if not parts.path.startswith("/") or parts.path.startswith("//"):
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def came_from(request: HttpRequest) -> str:
    """Return the page that the dialog was opened on."""
    return safe_path(
        request, request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    )
