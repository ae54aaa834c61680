"""Every error of the API as problem+json (RFC 9457): a code, a sentence, a way out.

Only `Refused` and what the framework itself refuses have text that a caller reads; anything else
is a bug: it is logged with its request and answered without a word about its inside.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
    ValidationError,
)
from django.core.signals import got_request_exception
from django.http import Http404, JsonResponse, UnreadablePostError
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from backoffice.logs import request_id
from backoffice.refused import Refused

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
WAIT = HTTPStatus.TOO_MANY_REQUESTS
TOO_MUCH = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)

# What the framework's own refusals are called, and the way out of them.
_FRAMEWORK: dict[type[Exception], tuple[str, str]] = {
    exceptions.ParseError: ("not_readable", "Send one JSON object, encoded as UTF-8."),
    exceptions.NotAuthenticated: (
        "not_signed_in",
        "Send a token in the Authorization header, or sign in.",
    ),
    exceptions.AuthenticationFailed: ("not_signed_in", "Sign in again."),
    exceptions.PermissionDenied: ("not_allowed", "Ask a manager."),
    exceptions.NotFound: ("not_found", "Check the address; the thing may have been removed."),
    exceptions.MethodNotAllowed: ("method_not_allowed", "See Allow for what is possible here."),
    exceptions.NotAcceptable: ("not_acceptable", "Ask for application/json."),
    exceptions.UnsupportedMediaType: ("unsupported_media_type", "Send application/json."),
    exceptions.Throttled: ("too_many_calls", "Wait for as long as Retry-After says."),
}


def body(
    *,
    status: int,
    code: str,
    detail: str,
    hint: str = "",
    errors: Mapping[str, list[str]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return a problem as it is sent. errors: sentences by the field they belong to."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "hint": hint,
        "errors": dict(errors or {}),
        "request_id": request_id.get() or "",
        **more,
    }


def problem(*, headers: Mapping[str, str] | None = None, **parts: Any) -> Response:
    """Return a problem as an answer of a view."""
    return Response(
        body(**parts), status=parts["status"], headers=headers, content_type=CONTENT_TYPE
    )


def plain_problem(**parts: Any) -> JsonResponse:
    """Return a problem where no view of the API had a say: middleware, unknown addresses."""
    return JsonResponse(body(**parts), status=parts["status"], content_type=CONTENT_TYPE)


def answer_problem(error: Exception, context: Mapping[str, Any]) -> Response:
    """Answer whatever a view raised."""
    set_rollback()
    if isinstance(error, Refused):
        return _of_refusal(error)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, TOO_MUCH):
        return problem(status=413, code="too_large", detail=_("This is more than is taken."))
    elif isinstance(error, BadRequest | SuspiciousOperation | UnreadablePostError):
        error = exceptions.ParseError(_("The request cannot be read."))
    elif isinstance(error, ValidationError):
        error = exceptions.ValidationError(_by_field(error))
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    return _of_bug(error, context)


def _of_refusal(refused: Refused) -> Response:
    parts: dict[str, Any] = {
        "status": refused.http_status,
        "code": refused.code,
        "detail": refused.message,
        "hint": refused.way_out,
        # Refusals that belong to fields of a form name them.
        "errors": getattr(refused, "errors", None),
    }
    if refused.http_status < HTTPStatus.BAD_REQUEST:
        # News, no error: it waits for a second person.
        waiting = getattr(refused, "approval", None)
        return Response(
            {
                "code": refused.code,
                "detail": refused.message,
                "approval": str(waiting.uuid) if waiting is not None else None,
            },
            status=refused.http_status,
        )
    seconds = refused.facts.get("seconds")
    headers = {"Retry-After": str(seconds)} if refused.http_status == WAIT and seconds else None
    return problem(**parts, headers=headers)


def _of_framework(error: exceptions.APIException) -> Response:
    status = error.status_code
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(max(1, int(-(-wait // 1))))
    if isinstance(error, exceptions.ValidationError):
        errors = dict(flat(error.detail))
        return problem(
            status=status,
            code="invalid",
            detail=_sentence(errors),
            hint=_("Correct what is named and send it again."),
            errors=errors,
            headers=headers,
        )
    code, hint = next(
        (named for kind, named in _FRAMEWORK.items() if isinstance(error, kind)),
        (error.default_code, ""),
    )
    detail = error.detail
    if isinstance(detail, Mapping):
        detail = detail.get("detail", error.default_detail)
    return problem(status=status, code=code, detail=str(detail), hint=str(_(hint)), headers=headers)


def _of_bug(error: Exception, context: Mapping[str, Any]) -> Response:
    """Stay loud for us (log, signal, tests) and say nothing of the inside."""
    request = context["request"]._request
    got_request_exception.send(sender=None, request=request)
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return problem(
        status=500,
        code="failed",
        detail=_("Something went wrong here; nothing of it was your fault."),
        hint=_("Try again; if it stays, tell us the request_id."),
    )


def flat(detail: Any, place: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield the sentences by field; what is nested is named with dots: lines.0.units."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from flat(inner, f"{place}.{name}".strip(".") if place else str(name))
        return
    if not isinstance(detail, list | tuple):
        yield place, [str(detail)]
        return
    sentences = [str(item) for item in detail if not isinstance(item, Mapping | list | tuple)]
    if sentences:
        yield place, sentences
    for number, inner in enumerate(detail):
        if inner and isinstance(inner, Mapping | list | tuple):
            yield from flat(inner, f"{place}.{number}".strip("."))


def _by_field(error: ValidationError) -> Any:
    return error.message_dict if hasattr(error, "error_dict") else error.messages


def _sentence(errors: Mapping[str, list[str]]) -> str:
    """Return the first problem, with its field's name."""
    for field, sentences in errors.items():
        return f"{field}: {sentences[0]}" if field else sentences[0]
    return _("That is not valid.")
