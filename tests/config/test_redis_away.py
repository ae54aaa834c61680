"""Redis is stopped and started while people work: nobody notices but the monitor."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from django.test import Client

from tests.backoffice.jobs.brokers import is_listening
from tests.kept import forget

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("G7", "G13")]
REQUESTS = 200
STOPPED = range(60, 140)


class Redis:
    """A server of this test's own, below the ephemeral ports."""

    def __init__(self) -> None:
        self.port = next(port for port in range(21_500, 21_590) if not is_listening(port))
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--save", "", "--appendonly", "no"],
            stdout=subprocess.DEVNULL,
        )
        while not is_listening(self.port):
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def redis(settings) -> Iterator[Redis]:
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed")
    server = Redis()
    server.start()
    settings.CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": f"redis://127.0.0.1:{server.port}/0",
            "OPTIONS": {
                "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
                "SOCKET_CONNECT_TIMEOUT": 0.3,
                "SOCKET_TIMEOUT": 0.3,
                "IGNORE_EXCEPTIONS": True,
            },
        }
    }
    yield server
    server.stop()


def test_redis_stopped_and_started_during_200_requests_fails_none(redis, support, sign_in):
    person, stranger = sign_in(support), Client()
    asked = [
        (person, "/admin/orders/order/"),
        (stranger, "/"),
        (person, "/admin/"),
        (stranger, "/api/v1/products/"),
    ]
    statuses, health = [], []

    for nth in range(REQUESTS):
        if nth == STOPPED.start:
            redis.stop()
        if nth == STOPPED.stop:
            redis.start()
        client, path = asked[nth % len(asked)]
        statuses.append((path, client.get(path).status_code))
        if nth in {10, 100, 190}:
            health.append(stranger.get("/health/ready").json())

    assert [one for one in statuses if one[1] != 200] == []
    assert [said["status"] for said in health] == ["ready", "degraded", "ready"]
    assert health[1]["parts"]["cache"].startswith("away")


def test_sign_in_its_limits_and_sessions_hold_without_redis(redis, support, settings):
    redis.stop()
    client = Client()

    entered = client.post(
        "/accounts/login/", {"login": support.email, "password": "a-good-password"}
    )

    assert entered.status_code == 302
    assert client.get("/admin/").status_code == 200
    assert django_settings.SESSION_ENGINE.endswith("backends.db")
    redis.start()
    forget()
    assert client.get("/admin/").status_code == 200


def test_the_rates_of_the_api_hold_without_redis(redis, settings):
    redis.stop()
    settings.API_RATES = {**settings.API_RATES, "sign_in": "3/minute"}
    body = {"email": "nobody@example.com", "password": "wrong-wrong"}

    said = [
        Client().post("/api/v1/auth/token/", body, content_type="application/json").status_code
        for _try in range(6)
    ]

    assert 429 in said
    assert said[0] in {400, 401}
