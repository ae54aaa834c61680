"""A small Stripe on loopback: keeps its own book, honours idempotency keys, misbehaves on demand.

It knows what this console asks of Stripe, by the public description of its API, and nothing else.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, urlsplit

# Below the ephemeral range: a test against a dead port must not connect to itself.
PORTS = range(21_800, 21_900)
ERROR = dict[str, Any]


class Book:
    """What the stand-in bank knows; `lock` makes each question one transaction."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.intents: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, tuple[str, int, Any]] = {}
        self.asked: list[tuple[str, str]] = []
        # What goes wrong with the next question: "drop_before", "drop_after", "rubbish",
        # "half", "slow", "busy", "500", "401", "429".
        self.mishaps: list[str] = []

    def count(self, ending: str) -> int:
        return sum(path.endswith(ending) for _method, path in self.asked)


def _error(status: int, code: str, message: str, kind: str = "invalid_request_error") -> Any:
    return status, {"error": {"type": kind, "code": code, "message": message}}


def answer(  # noqa: PLR0911  (one for each question)
    book: Book, method: str, path: str, form: dict[str, str]
) -> tuple[int, Any]:
    """Do what is asked, and return status and body."""
    parts = path.strip("/").split("/")
    match (method, parts[1:]):
        case ("POST", ["payment_intents"]):
            return _create(book, form)
        case ("POST", ["payment_intents", pi, "capture"]):
            return _capture(book, pi, form)
        case ("POST", ["payment_intents", pi, "cancel"]):
            return _cancel(book, pi)
        case ("POST", ["refunds"]):
            return _refund(book, form)
        case ("GET", ["payment_intents", pi]) if pi in book.intents:
            given = sum(
                refund["amount"]
                for refund in book.refunds.values()
                if refund["payment_intent"] == pi and refund["status"] != "failed"
            )
            latest = {"id": f"ch_{pi}", "object": "charge", "amount_refunded": given}
            return 200, {**book.intents[pi], "latest_charge": latest}
        case ("GET", ["payment_intents", "search"]):
            key = form["query"].split("'")[-2]
            found = [pi for pi in book.intents.values() if pi["metadata"].get("key") == key]
            return 200, {"object": "search_result", "data": found, "has_more": False, "url": path}
    return _error(404, "resource_missing", f"Unrecognized request URL ({method}: {path}).")


DECLINING = {
    "pm_card_chargeDeclined": ("card_declined", "Your card was declined."),
    "pm_card_authenticationRequired": (
        "authentication_required", "This payment requires authentication."
    ),
    "tok_chargeDeclined": ("card_declined", "Your card was declined."),
}  # fmt: skip


def _create(book: Book, form: dict[str, str]) -> tuple[int, Any]:
    method = form.get("payment_method") or form.get("payment_method_data[card][token]", "")
    if method in DECLINING:
        code, message = DECLINING[method]
        return _error(402, code, message, "card_error")
    if not method:
        return _error(400, "parameter_missing", "Missing required param: payment_method.")
    pi = f"pi_{len(book.intents) + 1:06d}"
    status = "processing" if method == "pm_slow_bank" else "requires_capture"
    book.intents[pi] = {
        "id": pi,
        "object": "payment_intent",
        "amount": int(form["amount"]),
        "amount_capturable": int(form["amount"]),
        "amount_received": 0,
        "currency": form["currency"],
        "status": status,
        "metadata": {"key": form.get("metadata[key]", "")},
        "payment_method": method,
    }
    return 200, book.intents[pi]


def _capture(book: Book, pi: str, form: dict[str, str]) -> tuple[int, Any]:
    intent = book.intents.get(pi)
    if intent is None:
        return _error(404, "resource_missing", f"No such payment_intent: '{pi}'")
    if intent["status"] != "requires_capture":
        return _error(
            400, "payment_intent_unexpected_state", "This PaymentIntent could not be captured."
        )
    if int(form["amount_to_capture"]) > intent["amount_capturable"]:
        return _error(400, "amount_too_large", "The amount is too large.")
    if intent["payment_method"] == "pm_capture_declined":
        return _error(402, "card_declined", "Your card was declined.", "card_error")
    intent.update(
        status="succeeded", amount_received=int(form["amount_to_capture"]), amount_capturable=0
    )
    return 200, intent


def _cancel(book: Book, pi: str) -> tuple[int, Any]:
    intent = book.intents.get(pi)
    if intent is None or intent["status"] not in {"requires_capture", "processing"}:
        return _error(
            400, "payment_intent_unexpected_state", "You cannot cancel this PaymentIntent."
        )
    intent.update(status="canceled", amount_capturable=0)
    return 200, intent


def _refund(book: Book, form: dict[str, str]) -> tuple[int, Any]:
    intent = book.intents.get(form["payment_intent"])
    if intent is None or intent["status"] != "succeeded":
        return _error(400, "charge_not_captured", "This charge has not been captured.")
    given = sum(
        refund["amount"]
        for refund in book.refunds.values()
        if refund["payment_intent"] == intent["id"] and refund["status"] != "failed"
    )
    if int(form["amount"]) > intent["amount_received"] - given:
        return _error(
            400,
            "charge_already_refunded",
            "Refund amount is greater than unrefunded amount on charge.",
        )
    re = f"re_{len(book.refunds) + 1:06d}"
    book.refunds[re] = {
        "id": re,
        "object": "refund",
        "amount": int(form["amount"]),
        "currency": intent["currency"],
        "payment_intent": intent["id"],
        "status": "succeeded",
        "metadata": {"key": form.get("metadata[key]", "")},
    }
    return 200, book.refunds[re]


class _Handler(BaseHTTPRequestHandler):
    book: ClassVar[Book]

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self._serve("GET", parts.path, dict(parse_qsl(parts.query)))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self._serve("POST", urlsplit(self.path).path, dict(parse_qsl(body)))

    def _serve(self, method: str, path: str, form: dict[str, str]) -> None:
        book = self.book
        mishap = book.mishaps.pop(0) if book.mishaps else ""
        with book.lock:
            book.asked.append((method, path))
        early: dict[str, tuple[int, Any]] = {
            "500": _error(500, "api_error", "We had a problem.", "api_error"),
            "401": _error(401, "", "Invalid API Key.", "invalid_request_error"),
            "429": _error(429, "rate_limit", "Too many requests.", "invalid_request_error"),
            "busy": _error(409, "idempotency_key_in_use", "In use.", "idempotency_error"),
        }
        if mishap == "drop_before":
            self.close_connection = True
            self.connection.close()
            return
        if mishap in early:
            self._write(*early[mishap])
            return
        status, body = self._once(method, path, form)
        if mishap == "drop_after":
            self.close_connection = True
            self.connection.close()
            return
        if mishap == "slow":
            time.sleep(1.5)
        self._write(status, body, mishap)

    def _once(self, method: str, path: str, form: dict[str, str]) -> tuple[int, Any]:
        """The same key with the same question has the first answer; with another one, an error."""
        book, key = self.book, self.headers.get("Idempotency-Key", "")
        content = json.dumps([path, form], sort_keys=True)
        with book.lock:
            if method == "POST" and key in book.answers:
                first, status, body = book.answers[key]
                if first != content:
                    return _error(
                        400,
                        "",
                        "Keys for idempotent requests can only be used with the same parameters.",
                        "idempotency_error",
                    )
                return status, body
            status, body = answer(book, method, path, form)
            body = json.loads(json.dumps(body))
            if method == "POST" and key:
                book.answers[key] = (content, status, body)
            return status, body

    def _write(self, status: int, body: Any, mishap: str = "") -> None:
        text = json.dumps(body).encode()
        if mishap == "rubbish":
            text = b"<html>It works!</html>"
        elif mishap == "half":
            text = b'{"object": "payment_intent"}'
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)


class StripeStandIn:
    """Start with `with StripeStandIn() as stripe:`; `stripe.url` is what STRIPE_API_BASE gets."""

    def __init__(self) -> None:
        self.book = Book()
        handler = type("Handler", (_Handler,), {"book": self.book})
        self._server = _first_free(lambda port: ThreadingHTTPServer(("127.0.0.1", port), handler))
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


def _first_free(start: Callable[[int], ThreadingHTTPServer]) -> ThreadingHTTPServer:
    for port in PORTS:
        with suppress(OSError):
            return start(port)
    raise RuntimeError("No free port for the stand-in.")
