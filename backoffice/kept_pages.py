"""Whole pages that are kept for a while: the same HTML for whoever would see the same.

A page depends on its address, the query parameters it names, the language, who looks (and what the
layout shows them: their cart), and the generation of the data. The CSRF token is no part of what is
kept: a mark stands in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.crypto import salted_hmac

from backoffice import layout
from backoffice.cache import generation_of, key


def csrf_mark() -> str:
    """Return what stands for the token in a kept page; nobody can type it into a review."""
    return salted_hmac("backoffice.kept_pages", "csrf", secret=settings.SECRET_KEY).hexdigest()


class KeptPage:
    """Mixin of a class-based view: `get` answers from the cache where it can.

    subject: whose generation counts. seconds: how long it is kept. vary: what else it depends on,
    from the request; None: not kept (a search by free words would fill the cache).
    """

    subject: ClassVar[str]
    page_name: ClassVar[str]
    request: HttpRequest
    seconds: Callable[[], int]

    def vary(self) -> Sequence[str] | None:
        return ()

    def facts(self) -> dict[str, Any]:
        """Return what `shown` needs to know of a page that comes from the cache: plain JSON."""
        return {}

    def shown(self, facts: dict[str, Any]) -> None:
        """Note that the page was shown, kept or fresh."""

    @property
    def generation(self) -> int:
        return generation_of(self.request, self.subject)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        vary = self.vary()
        # A message is said once.
        is_kept = vary is not None and not len(get_messages(request))
        where = self._where(vary or ()) if is_kept else ""
        page = cache.get(where) if is_kept else None
        if not (isinstance(page, dict) and "html" in page):
            response = super().get(request, *args, **kwargs)  # type: ignore[misc]
            if not hasattr(response, "context_data"):
                return response
            response.context_data["csrf_token"] = csrf_mark()
            response.render()
            page = {"html": response.content.decode(), "facts": self.facts()}
            if is_kept and response.status_code == 200:  # noqa: PLR2004
                cache.set(where, page, self.seconds())
        self.shown(page["facts"])
        html = page["html"]
        if (mark := csrf_mark()) in html:
            html = html.replace(mark, get_token(request))
        answer = HttpResponse(html)
        patch_cache_control(answer, private=True, no_cache=True)
        patch_vary_headers(answer, ["HX-Request"])
        return answer

    def _where(self, vary: Sequence[str]) -> str:
        user = self.request.user
        looks = str(user.pk) if user.is_authenticated else ""
        frame = [part.vary(self.request) for part in layout.parts()]
        return key(
            self.page_name,
            number=self.generation,
            vary=[self.request.path, looks, *frame, str(is_part(self.request)), *vary],
        )


def is_part(request: HttpRequest) -> bool:
    """Return whether HTMX asks for a part of the page alone."""
    is_whole = "HX-History-Restore-Request" in request.headers or "HX-Boosted" in request.headers
    return request.headers.get("HX-Request") == "true" and not is_whole
