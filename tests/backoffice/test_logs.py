"""What log lines and error reports carry, and what none of them may."""

from __future__ import annotations

import gzip
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from backoffice import changes, logs, scrub
from backoffice.models import AuditEvent
from tests.backoffice.integrations.standin import StandIn

pytestmark = pytest.mark.row("G12")
ROOT = Path(settings.BASE_DIR)
CARD = "4242 4242 4242 4242"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (f"paid with {CARD}", "paid with [card …4242]"),
        ("4242424242424242", "[card …4242]"),
        ("378282246310005 and 30569309025904", "[card …0005] and [card …5904]"),
        ("4242-4242-4242-4242.", "[card …4242]."),
        ("order 4242424242424241", "order 4242424242424241"),  # Luhn says no
        ("run 0190a6f2-1111-7222-8333-444455556666", "run 0190a6f2-1111-7222-8333-444455556666"),
        ("4006381333931 fell by 12", "4006381333931 fell by 12"),  # a barcode
        ("2026-11-27 01:07:01 3,200 rows", "2026-11-27 01:07:01 3,200 rows"),
        ('{"password": "hunter2", "a": 1}', '{"password": "[hidden]", "a": 1}'),
        ("?token=abc&cvv=123", "?token=[hidden]&cvv=[hidden]"),
        ("Authorization: Bearer abcdefgh.ijk", "Authorization: Bearer [hidden]"),
        ("basic authentication", "basic authentication"),
        ("postgres://shop:s3cret@db/shop", "postgres://shop:[hidden]@db/shop"),
        ("amqp://guest:guest@[::1]:5672//", "amqp://guest:[hidden]@[::1]:5672//"),
        ("sk_live_51HabcdefGH and whsec_abcdefgh", "[hidden] and [hidden]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjoxfQ.sig", "[hidden]"),
    ],
)
def test_a_text_is_cleaned_of_cards_and_secrets_and_of_nothing_else(text, cleaned):
    assert scrub.clean(text) == cleaned
    assert scrub.clean(cleaned) == cleaned


def test_what_is_named_secret_is_hidden_wherever_it_stands(monkeypatch):
    monkeypatch.setattr(scrub, "_known", [])
    scrub.hide(["a-long-signing-key", "short", ""])

    assert scrub.clean("x a-long-signing-key y short") == "x [hidden] y short"


@pytest.fixture
def lines(tmp_path):
    """Log by the project's own configuration into a file; returns a reader of its lines."""
    path = tmp_path / "log"
    written = settings.LOGGING["formatters"]["json"]
    assert written["()"] == "backoffice.logs.CleanJsonFormatter"
    handler = logging.FileHandler(path)
    handler.setFormatter(logs.CleanJsonFormatter(written["format"]))
    handler.addFilter(logs.ContextFilter())
    level = logging.root.level
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in path.read_text().splitlines()]
    logging.root.removeHandler(handler)
    logging.root.setLevel(level)
    handler.close()


def decline():
    raise ValueError(f"the card {CARD} of a customer")


@pytest.mark.django_db
def test_a_line_carries_request_and_change_set_and_no_card(lines):
    with changes.change(action="logged", separate=True) as change:
        AuditEvent.record("logged")
        token = logs.request_id.set("trace-42")
        try:
            decline()
        except ValueError:
            logging.getLogger("shop").exception(
                "refused %s", {"card_number": CARD}, extra={"typed": [CARD], "rows": 3}
            )
        logs.request_id.reset(token)

    line = lines()[0]
    assert line["request_id"] == "trace-42"
    assert line["change_set"] == str(change.row().uuid)
    assert line["rows"] == 3
    assert "the card [card …4242] of" in line["exc_info"]
    assert "4242 4242" not in json.dumps(line)
    assert line["typed"] == ["[card …4242]"]


@pytest.mark.django_db
def test_a_line_stays_json_whatever_is_taken_out_of_it(lines):
    class Odd:
        def __str__(self):
            return f'token="{CARD}" password=\\"'

    logging.getLogger("shop").error("odd", extra={"odd": Odd(), "more": 'token=a\\"b'})

    assert CARD not in json.dumps(lines()[0])


@pytest.mark.django_db
def test_a_card_number_in_a_request_reaches_no_line(lines, client, support):
    client.get("/accounts/login/", {"q": CARD, "next": f"/{CARD}/"})
    client.get(f"/nowhere/{CARD}/", headers={"X-Request-ID": "trace-42"})
    Client(raise_request_exception=False).post(
        "/accounts/login/", {"login": CARD, "password": "hunter2hunter2"}
    )

    text = json.dumps(lines())
    assert "4242 4242" not in text
    assert "4242%204242" not in text
    assert "hunter2" not in text
    refused = next(line for line in lines() if line["name"] == "django.request")
    assert refused["request_id"] == "trace-42"


REPORT = """
import django, sentry_sdk, logging
django.setup()
from backoffice.logs import request_id
request_id.set("trace-42")
def pay(card):
    raise ValueError(f"declined {card}")
try:
    pay("4242 4242 4242 4242")
except ValueError:
    logging.getLogger("shop").exception("password=hunter2hunter2 %s", "4242424242424242")
sentry_sdk.flush(5)
"""


def test_an_error_is_reported_by_dsn_with_its_request_and_without_secrets():
    with StandIn((200, {})) as sentry:
        dsn = sentry.url.replace("http://", "http://public@") + "/7"
        result = subprocess.run(
            [sys.executable, "-c", REPORT],
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "config.settings.development",
                "SENTRY_DSN": dsn,
                "LOG_FORMAT": "json",
            },
            capture_output=True,
            text=True,
            check=True,
        )
        told = [
            gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
            for _method, path, _headers, body in sentry.asked
            if path.startswith("/api/7/envelope/")
        ]

    events = [line for body in told for line in body.splitlines() if b'"exception"' in line]
    event = json.loads(events[0])
    assert event["tags"]["request_id"] == "trace-42"
    assert event["exception"]["values"][0]["value"] == "declined [card …4242]"
    for text in (b"\n".join(told).decode(), result.stdout):
        assert "4242 4242" not in text
        assert "4242424242424242" not in text
        assert "hunter2" not in text
