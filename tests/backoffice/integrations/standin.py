"""A service on loopback that answers what a test tells it to, in that order."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

# Below the ephemeral range: a test against a dead port must not connect to itself.
PORTS = range(21_900, 21_990)


class StandIn:
    """`script`: for each question (status, body, headers), or a function of the handler.

    The last one is repeated. `asked`: (method, path with query, headers, body) of each question.
    """

    def __init__(self, *script: Any) -> None:
        self.script = list(script) or [(200, {})]
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: Any) -> None:
                pass

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                stand_in.asked.append((self.command, self.path, dict(self.headers), body))
                step = stand_in.script.pop(0) if len(stand_in.script) > 1 else stand_in.script[0]
                with suppress(OSError):
                    step(self) if callable(step) else say(self, *step)

            do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

        self._server = _first_free(lambda port: ThreadingHTTPServer(("127.0.0.1", port), Handler))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def say(handler: Any, status: int, body: Any = None, headers: dict[str, str] | None = None) -> None:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(text)))
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(text)


def hang_up(handler: Any) -> None:
    """Take the question and close the line without a word."""
    handler.close_connection = True
    handler.connection.close()


def hang(seconds: float) -> Callable[[Any], None]:
    return lambda handler: time.sleep(seconds)


def drip(handler: Any) -> None:
    """Send a body drop by drop, each in time, and never all of it."""
    handler.send_response(200)
    handler.send_header("Content-Length", "10000")
    handler.end_headers()
    for _drop in range(100):
        handler.wfile.write(b" ")
        time.sleep(0.05)


def dead_url() -> str:
    """Return an address where nobody listens."""
    with StandIn() as gone:
        return gone.url


def _first_free(start: Callable[[int], ThreadingHTTPServer]) -> ThreadingHTTPServer:
    for port in PORTS:
        with suppress(OSError):
            return start(port)
    raise RuntimeError("No free port for the stand-in.")
