"""The one client base for outside services: what every call needs, whatever it asks.

A service is a subclass with its label, its address and a method for each question. A call has
limits of time and size, is tried again where that cannot do it twice, ends in data or in a
`Refused`, and leaves one log line without secrets.
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Never, Self, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from backoffice.integrations.answers import (
    Answer,
    asked_to_wait,
    read_json,
    was_never_sent,
    words_in,
)
from backoffice.integrations.questions import SAFE_TO_REPEAT, Bearer, Question
from backoffice.integrations.refusals import (
    AccessRefused,
    AnswerLost,
    ServiceRefused,
    UnreadableAnswer,
)
from backoffice.logs import request_id
from backoffice.refused import Refused, ServiceUnavailable, Text

logger = logging.getLogger(__name__)

Asked = TypeVar("Asked")
Kept = TypeVar("Kept")

CACHED_SECONDS = 300
BUSY = 429
TRY_LATER = frozenset({BUSY, 500, 502, 503, 504})
NO_ACCESS = frozenset({401, 403})
PIECE_BYTES = 64 * 1024


def require_no_transaction() -> None:
    """Refuse to go on inside a database transaction (a test case's own does not count).

    It would hold locks for as long as somebody else thinks, and a rollback would not undo what
    was asked.
    """
    blocks = connection.atomic_blocks
    if blocks and not getattr(blocks[-1], "_from_testcase", False):
        raise RuntimeError("Outside services are asked outside of transactions: leave the block.")


@dataclass(frozen=True)
class Problem:
    """One call that came to nothing, as `HttpService.problems` collects them."""

    question: str
    refused: Refused


class _Unreached(Exception):  # noqa: N818
    """The connection itself failed: the question never left the house."""


class _Lost(Exception):  # noqa: N818
    """The question was sent, and no whole answer came back in time."""


class _TooLarge(Exception):  # noqa: N818
    pass


@dataclass
class HttpService:
    """A client of one service, of one thread; it keeps its connections and `problems`.

    base_url: https://…, what is asked is a path below it. bearer: a token, sent with each call.
    """

    label: ClassVar[Text] = "The service"
    connect_seconds: ClassVar[float] = 3.0
    read_seconds: ClassVar[float] = 10.0
    # Of one call with all its tries and pauses.
    whole_seconds: ClassVar[float] = 30.0
    tries: ClassVar[int] = 3
    first_pause_seconds: ClassVar[float] = 0.2
    longest_pause_seconds: ClassVar[float] = 5.0
    most_bytes: ClassVar[int] = 5 * 1024 * 1024

    base_url: str
    bearer: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    problems: list[Problem] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            raise ImproperlyConfigured(f"{type(self).__name__}: the address is no http(s)://host.")
        self._session = requests.Session()
        self._session.auth = Bearer(self.bearer)
        self._session.headers.update(
            {"Accept": "application/json", "Accept-Encoding": "identity", **self.headers}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    # --- Asking -----------------------------------------------------------------------------------

    def get(self, path: str = "", *, params: Mapping[str, Any] | None = None) -> Answer:
        """Ask for something. Refuses what `ask` refuses."""
        return self.ask("GET", path, params=params)

    def post(self, path: str = "", *, data: Any = None, key: str = "") -> Answer:
        """Send JSON. key: see `ask`. Refuses what `ask` refuses."""
        return self.ask("POST", path, data=data, key=key)

    def ask(
        self,
        method: str,
        path: str = "",
        *,
        params: Mapping[str, Any] | None = None,
        data: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        key: str = "",
        expects_json: bool = True,
        shown_as: str = "",
    ) -> Answer:
        """Ask once, or as often as it takes where that cannot do it twice.

        data, content: the body, as JSON or as it is. key: sent as
        Idempotency-Key; the service then does it once however often it is asked, so that a POST is
        tried again, too. shown_as: in logs, in place of a path that is itself a secret.
        Refuses: ServiceUnavailable (nothing was done); AnswerLost (it may have been);
        UnreadableAnswer; ServiceRefused; AccessRefused. All are collected in `problems`.
        Never inside a transaction.
        """
        require_no_transaction()
        sends = {
            "params": params,
            "json": data,
            "data": content,
            "headers": self._headers_of(key, headers),
        }
        asked = Question(
            method=method.upper(),
            url=self._address(path),
            shown_as=shown_as or path or "/",
            sends=sends,
            may_repeat=bool(key) or method.upper() in SAFE_TO_REPEAT,
            expects_json=expects_json,
        )
        began = time.monotonic()
        try:
            answer = self._until_answered(asked, began)
        except Refused as refused:
            self.problems.append(Problem(f"{asked.method} {asked.shown_as}", refused))
            self._log(asked, began, refused.facts.get("status"), refused.code)
            raise
        self._log(asked, began, answer.status, "")
        return answer

    def cached(
        self,
        path: str = "",
        *,
        params: Mapping[str, Any] | None = None,
        seconds: int = CACHED_SECONDS,
    ) -> Any:
        """Return the data of a GET, at most so old; only good answers are kept, each per bearer."""
        asked = [type(self).__qualname__, self.base_url, self.bearer, path, params]
        name = hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()
        kept = cache.get(f"http:{name}")
        if isinstance(kept, str):
            return read_json(kept.encode())
        answer = self.get(path, params=params)
        # As text: what a cache makes of a Decimal differs from cache to cache.
        cache.set(f"http:{name}", answer.content.decode(errors="replace"), seconds)
        return answer.data

    def carry_out(self, ask: Callable[[], Asked], keep: Callable[[Asked], Kept]) -> Kept | None:
        """Ask outside of any transaction, then keep what came of it in one: all of it or nothing.

        Returns what `keep` returned; None when either refused, with the refusal in `problems`. An
        error that is no refusal stays loud.
        """
        require_no_transaction()
        before = len(self.problems)
        try:
            asked = ask()
            with transaction.atomic():
                return keep(asked)
        except Refused as refused:
            if all(problem.refused is not refused for problem in self.problems[before:]):
                self.problems.append(Problem(keep.__name__, refused))
            return None

    # --- One question -----------------------------------------------------------------------------

    def _until_answered(self, asked: Question, began: float) -> Answer:
        for nth in range(1, self.tries + 1):
            pause, status = self._pause(nth), None
            try:
                answer = self._once(asked, began)
            except _Unreached:
                was_done, may_repeat = False, True
            except _Lost:
                was_done, may_repeat = not asked.only_looks, asked.may_repeat
            else:
                if answer.status not in TRY_LATER:
                    return self._judged(asked, answer)
                status = answer.status
                # Busy is a clear no; what fails inside may have come half of the way.
                was_done = status != BUSY and not asked.only_looks
                may_repeat = status == BUSY or asked.may_repeat
                pause = max(pause, asked_to_wait(answer))
            if not may_repeat or nth == self.tries or not self._has_time(began, pause):
                self._fail(AnswerLost if was_done else ServiceUnavailable, status=status)
            self.wait(pause)
        raise AssertionError("unreachable: the last try returns or fails")

    def _once(self, asked: Question, began: float) -> Answer:
        left = self.whole_seconds - (time.monotonic() - began)
        timeout = (min(self.connect_seconds, left), min(self.read_seconds, left))
        try:
            response = self._session.request(
                asked.method,
                asked.url,
                timeout=timeout,
                # A token must not travel to wherever an answer points.
                allow_redirects=False,
                stream=True,
                **asked.sends,
            )
            with response:
                content = self._body_of(response, began)
        except (requests.ConnectionError, requests.Timeout) as error:
            raise (_Unreached if was_never_sent(error) else _Lost) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
            raise _Lost from None
        except _TooLarge:
            self._fail(UnreadableAnswer, status=response.status_code)
        return Answer(response.status_code, response.headers, content)

    def _body_of(self, response: requests.Response, began: float) -> bytes:
        """Read piece by piece: a body that never ends, or comes drop by drop, ends here."""
        pieces, size = [], 0
        while piece := response.raw.read1(PIECE_BYTES, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if size > self.most_bytes:
                raise _TooLarge
            if time.monotonic() - began > self.whole_seconds:
                raise _Lost
        return b"".join(pieces)

    def _judged(self, asked: Question, answer: Answer) -> Answer:
        is_good = 200 <= answer.status < 300  # noqa: PLR2004
        try:
            data = read_json(answer.content) if asked.expects_json or not is_good else None
        except ValueError:
            if is_good:
                self._fail(UnreadableAnswer, status=answer.status)
            data = None
        if is_good:
            return Answer(answer.status, answer.headers, answer.content, data)
        kind = AccessRefused if answer.status in NO_ACCESS else ServiceRefused
        raise kind(
            service=self.label,
            status=answer.status,
            problem=words_in(data) or f"HTTP {answer.status}",
        )

    def _fail(self, kind: type[ServiceUnavailable], *, status: int | None = None) -> Never:
        # `from None`: the library's own words carry the whole address, secrets included.
        raise kind(service=self.label, status=status) from None

    # --- Small matters ----------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def _pause(self, nth: int) -> float:
        """Return how long to wait after the nth try: doubled each time, and never in step."""
        doubled: float = self.first_pause_seconds * 2 ** (nth - 1)
        return min(doubled, self.longest_pause_seconds) * random.uniform(0.5, 1)  # noqa: S311  (spreads load, keeps no secret)

    def _has_time(self, began: float, pause: float) -> bool:
        longest = min(self.longest_pause_seconds, self.whole_seconds - time.monotonic() + began)
        return pause <= longest

    def _address(self, path: str) -> str:
        if not path:
            return self.base_url
        if "://" in path or path.startswith("//") or ".." in path.split("/"):
            raise ValueError("A path below the service's address, not another address.")
        return f"{self.base_url.rstrip('/')}/{path.lstrip('/')}"

    def _headers_of(self, key: str, more: Mapping[str, str] | None) -> dict[str, str]:
        sent = {"X-Request-ID": request_id.get(), **(more or {})}
        if key:
            sent["Idempotency-Key"] = key
        return sent

    def _log(self, asked: Question, began: float, status: Any, problem: str) -> None:
        """One line: which service, what, how it ended. Neither query, headers nor bodies."""
        seconds = round(time.monotonic() - began, 3)
        logger.log(
            logging.WARNING if problem else logging.INFO,
            "%s %s %s: %s",
            self.label,
            asked.method,
            asked.shown_as.partition("?")[0],
            problem or status,
            extra={"service": str(self.label), "status": status, "seconds": seconds},
        )
