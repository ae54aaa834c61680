"""May the public come? The command that tells, and a real server on production's settings."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.db import connection

from backoffice import production
from tests.backoffice.jobs import brokers
from tests.backoffice.jobs.conftest import database_url
from tests.config.test_settings import asked_names

ROOT = Path(settings.BASE_DIR)
EXAMPLE = ROOT / "config" / "production.example.env"
HOST = "console.example.com"
# What every process of an operating system needs; nothing of this test run's own.
OF_THE_MACHINE = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def example() -> dict[str, str]:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**OF_THE_MACHINE, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def static_root(tmp_path_factory) -> Path:
    """The static files, collected as a server has them."""
    folder = tmp_path_factory.mktemp("static")
    done = manage(
        "collectstatic", "--noinput",
        DJANGO_SETTINGS_MODULE="config.settings.production",
        SECRET_KEY=secrets.token_urlsafe(64),
        ALLOWED_HOSTS=HOST,
        STATIC_ROOT=str(folder),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def environment(static_root, tmp_path) -> dict[str, str]:
    """The example, with a secret, and with this machine's services in place of the named ones."""
    return {
        **example(),
        "SECRET_KEY": secrets.token_urlsafe(64),
        "DATABASE_URL": database_url(),
        "STATIC_ROOT": str(static_root),
        "MEDIA_ROOT": str(tmp_path / "media"),
        "PRIVATE_ROOT": str(tmp_path / "private"),
    }


@pytest.mark.row("G11")
def test_development_settings_are_refused_with_a_remedy_for_each_finding():
    result = manage(
        "production_checks",
        "--format=json",
        DJANGO_SETTINGS_MODULE="config.settings.development",
        DEBUG="True",
        JOBS_BACKEND="immediate",
        LOG_LEVEL="DEBUG",
        LOG_FILE=os.devnull,
        DATABASE_URL="sqlite:////nowhere/db.sqlite3",
    )
    text = result.stdout
    found = {
        line["name"]: line for line in json.loads(text[text.index("[\n") : text.rindex("]") + 1])
    }

    assert result.returncode == 1
    assert {
        "debug", "secret_key", "allowed_hosts", "tls_redirect", "secure_cookies", "hsts",
        "cache_backend", "database_engine", "email", "jobs", "payments", "development_apps",
        "files", "log_level", "database", "static_files", "system_checks",
    } <= set(found)  # fmt: skip
    assert all(line["problem"] and line["remedy"] for line in found.values())


@pytest.mark.row("G11")
@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_the_example_environment_lets_the_public_come(environment):
    redis = brokers.redis_url()

    result = manage(
        "production_checks", **{**environment, "REDIS_URL": redis, "CELERY_BROKER_URL": redis}
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert "The public may come." in result.stdout
    assert len(re.findall(r"^ok   ", result.stdout, re.MULTILINE)) == len(production.CHECKS)


@pytest.mark.row("G11")
@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("debug", {"DEBUG": True}),
        ("secret_key", {"SECRET_KEY": "short"}),
        ("secret_key", {"SECRET_KEY": "django-insecure-" + "k3y7qz!" * 10}),
        ("allowed_hosts", {"ALLOWED_HOSTS": ["*"]}),
        ("allowed_hosts", {"ALLOWED_HOSTS": []}),
        ("origins", {"CSRF_TRUSTED_ORIGINS": ["http://console.example.com"]}),
        ("origins", {"CORS_ALLOW_ALL_ORIGINS": True}),
        ("tls_redirect", {"SECURE_SSL_REDIRECT": False}),
        ("secure_cookies", {"CSRF_COOKIE_SECURE": False}),
        ("hsts", {"SECURE_HSTS_SECONDS": 3600}),
        ("headers", {"X_FRAME_OPTIONS": "SAMEORIGIN"}),
        ("headers", {"CONTENT_SECURITY_POLICY": {}}),
        ("sessions", {"SESSION_ENGINE": "django.contrib.sessions.backends.cache"}),
        ("passwords", {"PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"]}),
        ("second_factor", {"MFA_REQUIRED_ROLES": ["admin"]}),
        ("email", {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}),
        ("jobs", {"JOBS_BACKEND": "celery", "CELERY_BROKER_URL": ""}),
        ("payments", {"PAYMENT_GATEWAY": "orders.integrations.sandbox.SandboxGateway"}),
        ("files", {"PRIVATE_ROOT": "/srv/media/private", "MEDIA_ROOT": "/srv/media"}),
    ],
)
def test_each_check_finds_what_it_is_there_for(name, changed, settings):
    for key, value in changed.items():
        setattr(settings, key, value)
    check = next(check for check in production.CHECKS if check.name == name)

    (finding,) = production.look([check])

    assert finding.problem
    assert finding.remedy
    assert production.look([check], skip=[name]) == []


@pytest.mark.row("G11")
@pytest.mark.django_db
def test_sample_people_and_missing_migrations_are_found(make_user):
    from backoffice import demo

    user = make_user("manager")
    user.set_password(demo.PASSWORD)
    user.save()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'orders'")

    found = {finding.name: finding.problem for finding in production.look(production.CHECKS)}

    assert "manager@example.com" in found["sample_people"]
    assert "orders.0001" in found["migrations"]


@pytest.mark.row("G11")
def test_a_check_that_breaks_is_a_finding():
    def broken():
        raise ZeroDivisionError

    (finding,) = production.look([production.Check("odd", broken, "Mend it.")])

    assert "ZeroDivisionError" in finding.problem


@pytest.mark.row("G21")
def test_the_production_example_names_nothing_that_the_settings_do_not_ask_for():
    assert set(example()) - asked_names() == {"DJANGO_SETTINGS_MODULE"}


@pytest.mark.row("G15")
def test_check_deploy_is_clean():
    result = manage(
        "check", "--deploy", "--fail-level=WARNING",
        **{**example(), "SECRET_KEY": secrets.token_urlsafe(64), "DATABASE_URL": "sqlite://:memory:"},
    )  # fmt: skip

    assert result.returncode == 0, result.stderr


# --- A real server --------------------------------------------------------------------------------


@pytest.fixture
def server(environment, transactional_db) -> Iterator[str]:
    """Run gunicorn on production's settings and this test's database; yields its address."""
    port = next(port for port in range(21_600, 21_690) if not brokers.is_listening(port))
    process = subprocess.Popen(
        [
            sys.executable, "-m", "gunicorn", "config.wsgi", "-c", "config/gunicorn.py",
            "--workers=1", f"--bind=127.0.0.1:{port}",
        ],
        cwd=ROOT,
        env={
            **OF_THE_MACHINE, **environment,
            "REDIS_URL": "", "JOBS_BACKEND": "immediate", "LOG_LEVEL": "WARNING",
        },
        start_new_session=True,
    )  # fmt: skip
    until = time.monotonic() + 60
    while not brokers.is_listening(port):
        assert process.poll() is None, "gunicorn did not start"
        assert time.monotonic() < until
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    process.wait(timeout=20)


# What a proxy that speaks TLS tells the server behind it.
BEHIND_TLS = {"Host": HOST, "X-Forwarded-Proto": "https"}


@pytest.mark.row("G15")
@pytest.mark.django_db(transaction=True)
def test_a_real_server_serves_pages_and_files_as_production_should(server, static_root):
    asked = requests.Session()
    asked.trust_env = False

    page = asked.get(f"{server}/accounts/login/", headers=BEHIND_TLS, timeout=30)
    style = re.search(r"/static/backoffice/console\.[0-9a-f]{12}\.css", page.text)
    assert style is not None
    file = asked.get(server + style[0], headers=BEHIND_TLS, timeout=30)
    plain = asked.get(f"{server}/admin/", headers={"Host": HOST}, timeout=30, allow_redirects=False)
    stranger = asked.get(f"{server}/admin/", headers={"Host": "evil.example"}, timeout=30)
    probe = asked.get(f"{server}/health/ready", headers={"Host": HOST}, timeout=30)

    assert page.status_code == 200
    headers = page.headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Content-Encoding"] == "gzip"
    assert len(headers["X-Request-ID"]) == 32
    assert float(headers["X-Request-Duration"]) > 0
    cookie = next(cookie for cookie in asked.cookies if cookie.name == "csrftoken")
    assert cookie.secure
    assert file.status_code == 200
    assert file.headers["Content-Encoding"] == "gzip"
    assert "immutable" in file.headers["Cache-Control"]
    assert (plain.status_code, plain.headers["Location"]) == (301, f"https://{HOST}/admin/")
    assert stranger.status_code == 400
    assert "Traceback" not in stranger.text
    assert (probe.status_code, probe.json()["parts"]["database"]) == (200, "ok")


@pytest.mark.row("G15")
@pytest.mark.django_db(transaction=True)
def test_the_asgi_door_answers_as_well():
    from config.asgi import application

    async def ask() -> list[dict[str, Any]]:
        door = ApplicationCommunicator(
            application,
            {
                "type": "http", "method": "GET", "path": "/health/live", "query_string": b"",
                "headers": [(b"host", b"testserver")],
            },
        )  # fmt: skip
        await door.send_input({"type": "http.request", "body": b"", "more_body": False})
        said = [await door.receive_output(10) for _part in range(2)]
        await door.wait()
        return said

    # In a thread of its own: a browser that was driven before left its loop in this one.
    with ThreadPoolExecutor(1) as thread:
        start, body = thread.submit(lambda: asyncio.run(ask())).result()

    assert start["status"] == 200
    assert json.loads(body["body"]) == {"status": "live"}


@pytest.mark.row("G14")
def test_comforts_of_development_are_for_development_only():
    show = (
        "import django; django.setup(); from django.conf import settings as s;"
        "print(sorted({'debug_toolbar', 'django_extensions'} & {*s.INSTALLED_APPS}))"
    )

    def apps(module: str, **more: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", show],
            cwd=ROOT,
            env={
                **OF_THE_MACHINE, "DJANGO_SETTINGS_MODULE": f"config.settings.{module}",
                "SECRET_KEY": "x" * 60, "ALLOWED_HOSTS": HOST, **more,
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()  # fmt: skip

    assert apps("development", DEBUG="True") == "['debug_toolbar', 'django_extensions']"
    assert apps("development") == "['django_extensions']"
    assert apps("production", DEBUG="True") == "[]"
    assert apps("test") == "[]"
