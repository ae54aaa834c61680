"""What a prober is told, with each part taken away for real."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection

from backoffice import health
from tests.config.test_settings import run

pytestmark = [pytest.mark.django_db, pytest.mark.row("G13")]
READY = {"database": "ok", "disk": "ok", "cache": "ok", "broker": "ok", "worker": "ok"}
REDIS_OPTIONS = {
    "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
    "IGNORE_EXCEPTIONS": True,
    "SOCKET_CONNECT_TIMEOUT": 0.3,
}


@pytest.fixture
def ask(client) -> Callable[[], tuple[int, dict]]:
    def ask():
        response = client.get("/health/ready")
        return response.status_code, json.loads(response.content)

    return ask


def test_alive_asks_nobody(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/health/live")

    assert (response.status_code, response.json()) == (200, {"status": "live"})
    assert "no-store" in response["Cache-Control"]


def test_ready_when_everything_is_there(ask, client):
    assert ask() == (200, {"status": "ready", "parts": READY})
    assert client.post("/health/ready").status_code == 405
    assert client.cookies == {}


def test_without_its_database_it_is_down_and_tells_no_secret(ask, monkeypatch):
    def gone():
        raise OperationalError("could not connect to postgres://shop:s3cret@db")

    monkeypatch.setattr(connection, "cursor", gone)

    status, said = ask()

    assert (status, said["status"]) == (503, "down")
    assert (said["parts"]["database"], said["parts"]["worker"]) == ("away", "not asked")
    assert "s3cret" not in json.dumps(said)


def test_without_its_cache_it_is_degraded_and_serves(ask, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": REDIS_OPTIONS,
        }
    }

    status, said = ask()

    assert (status, said["status"]) == (200, "degraded")
    assert said["parts"] == {**READY, "cache": "away: pages are made anew each time"}


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "amqp://127.0.0.1:1//"])
def test_without_its_broker_or_a_worker_it_is_degraded(ask, settings, url):
    settings.JOBS_BACKEND = "celery"
    settings.CELERY_BROKER_URL = url

    status, said = ask()

    assert (status, said["status"]) == (200, "degraded")
    assert said["parts"]["broker"] == "away: jobs wait in the database"
    assert said["parts"]["worker"] == "none: jobs wait"


def test_with_a_full_disk_it_is_down(ask, settings):
    settings.HEALTH_MIN_FREE_BYTES = 2**62

    status, said = ask()

    assert (status, said["status"], said["parts"]["disk"]) == (503, "down", "full")


def test_what_cannot_be_told_is_no_page_of_errors(ask, monkeypatch):
    def broken():
        raise ZeroDivisionError("secret words")

    monkeypatch.setattr(health, "PARTS", [health.Part("cache", broken, is_vital=False)])

    assert ask() == (200, {"status": "degraded", "parts": {"cache": "unknown"}})


def test_a_prober_beside_the_server_needs_no_tls():
    code = (
        "import django; django.setup(); from django.test import Client;"
        "print([Client().get(p).status_code for p in ('/health/live', '/admin/')])"
    )

    result = run(
        code,
        DJANGO_SETTINGS_MODULE="config.settings.production",
        SECRET_KEY="x" * 60,
        ALLOWED_HOSTS="testserver",
        LOG_LEVEL="CRITICAL",
    )

    assert result.stdout.strip() == "[200, 301]", result.stderr
