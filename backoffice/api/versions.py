"""Two who edit the same thing: an ETag that counts versions, and If-Match that must name it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.problems import problem
from backoffice.refused import Refused, StaleVersion

# Compressing a response makes its tag weak; it still names the same version.
_TAG = re.compile(r'(?:W/)?"(\d{1,9})"')


class VersionNeeded(Refused):
    sentence = _("Say which version you edit: an If-Match header is needed.")
    hint = _("Send the ETag of what you read, or * to overwrite whatever is there.")
    http_status = 428


class BadVersion(Refused):
    sentence = _("If-Match holds no version of ours.")
    hint = _('Send the ETag as it was answered, for example "3".')
    http_status = 400


def expected_version(request: Request) -> int | None:
    """Return the version that the caller edits; None when they said `*`.

    Refuses: VersionNeeded; BadVersion.
    """
    if not request.headers.get("If-Match", "").strip():
        raise VersionNeeded
    return stated_version(request)


def stated_version(request: Request) -> int | None:
    """Return the version that the caller names, if they name one. Refuses: BadVersion."""
    given = request.headers.get("If-Match", "").strip()
    if given in {"", "*"}:
        return None
    if (found := _TAG.fullmatch(given)) is None:
        raise BadVersion
    return int(found[1])


def tag_of(row: Any) -> dict[str, str]:
    """Return the headers that name a row's version."""
    return {"ETag": f'"{row.version}"'}


class VersionedAnswers(ABC):
    """A view whose stale edits are answered with 412 and both values, field by field.

    `represent(row)`: how this view answers with a row.
    """

    @abstractmethod
    def represent(self, row: Any) -> Mapping[str, Any]: ...

    def handle_exception(self, error: Exception) -> Response:
        request: Request = self.request  # type: ignore[attr-defined]
        if not isinstance(error, StaleVersion) or "If-Match" not in request.headers:
            return super().handle_exception(error)  # type: ignore[misc]
        row = error.facts["what"]
        row.refresh_from_db()
        theirs = self.represent(row)
        sent = request.data if isinstance(request.data, Mapping) else {}
        differing = {name: theirs[name] for name in sent if name in theirs}
        response = problem(
            status=412,
            code=error.code,
            detail=error.message,
            hint=error.way_out,
            headers=tag_of(row),
            yours=dict(sent),
            theirs=differing,
            version=row.version,
        )
        response.exception = True
        return response
