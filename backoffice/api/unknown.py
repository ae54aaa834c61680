"""What answers an address of the API that does not exist, and what other layers refused in HTML."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from backoffice.api.problems import CONTENT_TYPE, plain_problem

ROOT = "/api/"
CODES = {400: "not_readable", 403: "not_allowed", 404: "not_found", 413: "too_large"}


def unknown_address(request: HttpRequest) -> HttpResponse:
    """Answer 404, whatever was asked."""
    return plain_problem(
        status=404,
        code="not_found",
        detail=_("There is nothing at this address."),
        hint=_("The document at /api/v1/ lists every address."),
    )


class ApiProblemMiddleware:
    """Turns pages for people that answer a program into problems: no HTML, never a traceback."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        status = response.status_code
        if (
            not request.path.startswith(ROOT)
            or status < HTTPStatus.BAD_REQUEST
            or "json" in response.get("Content-Type", "")
            or (settings.DEBUG and status >= HTTPStatus.INTERNAL_SERVER_ERROR)
        ):
            return response
        detail = _("The request was refused.") if status < 500 else _("Something went wrong here.")  # noqa: PLR2004
        answer = plain_problem(status=status, code=CODES.get(status, "failed"), detail=detail)
        for name in ("Allow", "Retry-After", "WWW-Authenticate"):
            if name in response:
                answer[name] = response[name]
        assert answer["Content-Type"] == CONTENT_TYPE
        return answer
