"""One request to an address that somebody typed: signed, limited, and never to our own network."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import socket
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import urllib3
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from requests.adapters import HTTPAdapter

from backoffice.integrations.answers import Answer
from backoffice.integrations.http import HttpService, _Lost, _Unreached
from backoffice.integrations.questions import Question
from backoffice.integrations.refusals import AnswerLost
from backoffice.models import OutgoingEvent, WebhookEndpoint
from backoffice.refused import Refused, ServiceUnavailable

EXCERPT_CHARS = 500
PORTS = {"https": 443, "http": 80}
SCHEMES = tuple(PORTS)


class BadAddress(Refused):
    """facts: problem."""

    sentence = gettext_lazy("This address cannot be told anything: {problem}")
    hint = gettext_lazy("An https:// address that is reachable from the internet is needed.")


class NotOurs(OSError):  # noqa: N818  (the name says what it is)
    """The name leads to an address that nobody outside could mean."""


@dataclass(frozen=True)
class Told:
    """What came of one try. status: None when no answer came; problem: why, in words."""

    status: int | None
    milliseconds: int
    excerpt: str = ""
    problem: str = ""

    @property
    def is_ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004


def require_address(url: str) -> str:
    """Return a clean address. Refuses: BadAddress, also for one of our own network."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise BadAddress(problem=_("it cannot be read.")) from None
    if parts.scheme not in SCHEMES or not host or parts.username or parts.fragment:
        raise BadAddress(problem=_("it has no scheme, no host, or a name and password in it."))
    if not url.isascii() or any(letter.isspace() for letter in url):
        raise BadAddress(problem=_("it has letters that no address has."))
    if settings.WEBHOOKS_TO_PRIVATE_ADDRESSES:
        return url
    if parts.scheme != "https":
        raise BadAddress(problem=_("it is not encrypted."))
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
            raise BadAddress(problem=_("it is an address of our own network.")) from None
        return url
    if not _is_public(address):
        raise BadAddress(problem=_("it is an address of our own network."))
    return url


def signature(secret: str, at: int, body: bytes) -> str:
    """Return `t=…,v1=…`: HMAC-SHA256 over the time, a point, and the body as it is sent."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"


def body_of(event: OutgoingEvent) -> bytes:
    said = {
        "id": str(event.uuid),
        "type": event.kind,
        "created_at": event.at.isoformat(),
        "data": event.facts,
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def send(endpoint: WebhookEndpoint, event: OutgoingEvent, *, now: datetime) -> Told:
    """Tell an endpoint of an event once. Refuses nothing: whatever happens is told as it came."""
    body = body_of(event)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "backoffice-webhooks/1",
        "X-Webhook-Id": str(event.uuid),
        "X-Webhook-Event": event.kind,
        "X-Webhook-Signature": signature(endpoint.secret, int(now.timestamp()), body),
    }
    began = time.monotonic()
    try:
        parts = urlsplit(require_address(endpoint.url))
        permitted(parts.hostname or "", parts.port or PORTS[parts.scheme])
        with Listener(endpoint.url) as listener:
            answer = listener.ask(
                "POST", content=body, headers=headers, expects_json=False, shown_as="webhook"
            )
    except NotOurs:
        return Told(None, _milliseconds(began), problem=_("It leads into our own network."))
    except OSError:
        return Told(None, _milliseconds(began), problem=_("There is no such host."))
    except Refused as refused:
        return Told(None, _milliseconds(began), problem=refused.message[:200])
    words = answer.content.decode("utf-8", "replace").replace("\x00", "")
    is_good = 200 <= answer.status < 300  # noqa: PLR2004
    problem = "" if is_good else f"HTTP {answer.status}"
    return Told(answer.status, _milliseconds(began), words[:EXCERPT_CHARS], problem)


def _milliseconds(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


class Listener(HttpService):
    """Another system's ear: one try, a short wait, a small answer; the pauses between are ours."""

    label = gettext_lazy("The endpoint")
    connect_seconds = 3.0
    tries = 1
    most_bytes = 64 * 1024

    def __post_init__(self) -> None:
        super().__post_init__()
        self.read_seconds = self.whole_seconds = settings.WEBHOOK_TIMEOUT_SECONDS  # type: ignore[misc]
        # No proxy of the environment: it would look names up behind our guard.
        self._session.trust_env = False
        for scheme in SCHEMES:
            self._session.mount(f"{scheme}://", GuardedAdapter())

    def _until_answered(self, asked: Question, began: float) -> Answer:
        """Ask once; every answer is an answer, whatever its status."""
        try:
            return self._once(asked, began)
        except _Unreached:
            self._fail(ServiceUnavailable)
        except _Lost:
            self._fail(AnswerLost)


class _Guarded:
    """Connects only to what a name leads to at this very moment, if that is public."""

    def _new_conn(self) -> socket.socket:
        try:
            address = permitted(self.host, self.port)  # type: ignore[attr-defined]
        except OSError as error:
            raise urllib3.exceptions.NewConnectionError(self, str(error)) from None  # type: ignore[arg-type]
        return urllib3.util.connection.create_connection(
            (address, self.port),  # type: ignore[attr-defined]
            self.timeout,  # type: ignore[attr-defined]
            source_address=self.source_address,  # type: ignore[attr-defined]
            socket_options=self.socket_options,  # type: ignore[attr-defined]
        )


class GuardedHTTP(_Guarded, urllib3.connection.HTTPConnection):
    pass


class GuardedHTTPS(_Guarded, urllib3.connection.HTTPSConnection):
    pass


class HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = GuardedHTTP


class HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = GuardedHTTPS


class GuardedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": HTTPPool, "https": HTTPSPool}


def permitted(host: str, port: int) -> str:
    """Return the address that a host name leads to now. Raises NotOurs for a private one.

    The address that was looked at is the one that is connected to: a name that leads elsewhere a
    moment later gains nothing.
    """
    found = {entry[4][0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    if not settings.WEBHOOKS_TO_PRIVATE_ADDRESSES:
        private = [each for each in found if not _is_public(ipaddress.ip_address(each))]
        if private:
            raise NotOurs(f"{host} leads into our own network")
    return min(str(each) for each in found)


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    return address.is_global and not address.is_multicast and (mapped is None or mapped.is_global)
