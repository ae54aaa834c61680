"""Settings: everything by the environment, nothing unsafe by default."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.services import do_without

ROOT = Path(settings.BASE_DIR)
SETTINGS = ROOT / "config" / "settings"

SHOW = """
import json, django
from django.conf import settings
django.setup()
print(json.dumps({
    "engine": settings.DATABASES["default"]["ENGINE"],
    "options": settings.DATABASES["default"].get("OPTIONS", {}),
    "cache": settings.CACHES["default"],
    "session": settings.SESSION_ENGINE,
    "debug": settings.DEBUG,
}))
"""


def run(code: str, **environment: str) -> subprocess.CompletedProcess:
    clean = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def asked_names() -> set[str]:
    names = set()
    for path in SETTINGS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and getattr(node.func.value, "id", "") == "env"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                names.add(node.args[0].value)
    return names


@pytest.mark.row("G21")
def test_the_example_environment_names_exactly_what_the_settings_ask_for():
    example = (ROOT / ".env.example").read_text()

    assert set(re.findall(r"^# ([A-Z_]+)=", example, re.MULTILINE)) == asked_names()


@pytest.mark.row("G1")
def test_sqlite_is_the_default_and_takes_the_write_lock_at_begin():
    shown = json.loads(run(SHOW, DJANGO_SETTINGS_MODULE="config.settings.development").stdout)

    assert shown["engine"].endswith("sqlite3")
    assert shown["options"]["transaction_mode"] == "IMMEDIATE"
    assert shown["options"]["timeout"] == 20
    assert "journal_mode=WAL" in shown["options"]["init_command"]
    assert "locmem" in shown["cache"]["BACKEND"]
    assert shown["debug"] is False


@pytest.mark.row("G1")
def test_postgresql_and_redis_come_in_by_the_environment_alone():
    shown = json.loads(
        run(
            SHOW,
            DJANGO_SETTINGS_MODULE="config.settings.development",
            DATABASE_URL="postgres://u:p@db.example.com/shop",
            REDIS_URL="redis://cache.example.com/1",
        ).stdout
    )

    assert shown["engine"].endswith("postgresql")
    assert shown["cache"]["BACKEND"] == "django_redis.cache.RedisCache"
    options = shown["cache"]["OPTIONS"]
    assert options["SERIALIZER"].endswith("JSONSerializer")
    assert options["IGNORE_EXCEPTIONS"] is True
    assert options["SOCKET_TIMEOUT"] <= 0.5
    assert shown["session"].endswith("backends.db")


@pytest.mark.row("G1")
def test_production_does_not_start_without_a_secret():
    result = run(SHOW, DJANGO_SETTINGS_MODULE="config.settings.production", SECRET_KEY="")
    missing = run(
        "import os; os.environ.pop('SECRET_KEY', None)\n" + SHOW,
        DJANGO_SETTINGS_MODULE="config.settings.production",
    )

    assert result.returncode != 0
    assert missing.returncode != 0


@pytest.mark.row("G7")
@pytest.mark.django_db
def test_a_redis_that_is_down_harms_nobody(settings, client, support, sign_in):
    settings.CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"IGNORE_EXCEPTIONS": True, "SOCKET_CONNECT_TIMEOUT": 0.3},
        }
    }

    assert sign_in(support).get("/admin/").status_code == 200


@pytest.mark.row("G7")
@pytest.mark.redis
def test_the_cache_answers_for_real():
    import redis
    from django.core.cache import cache

    url = os.environ.get("REDIS_URL", "")
    if not url:
        do_without("REDIS_URL is not set")
    cache.set("greeting", {"words": ["ahoy"]}, 30)

    stored = redis.Redis.from_url(url).keys("*greeting")
    assert cache.get("greeting") == {"words": ["ahoy"]}
    assert redis.Redis.from_url(url).get(stored[0]).startswith(b"{")


@pytest.mark.row("G18")
def test_storages_come_in_by_the_environment():
    show = (
        "import django; django.setup(); from django.core.files.storage import storages;"
        "print(type(storages['default']).__name__, storages['default'].base_url,"
        " type(storages['private']).__name__, storages['private'].location)"
    )
    development = {"DJANGO_SETTINGS_MODULE": "config.settings.development"}

    on_disk = run(show, PRIVATE_ROOT="/srv/private", **development)
    elsewhere = run(
        show,
        MEDIA_STORAGE="django.core.files.storage.InMemoryStorage",
        MEDIA_STORAGE_OPTIONS='{"base_url": "https://media.example.com/"}',
        PRIVATE_STORAGE_OPTIONS='{"location": "/srv/elsewhere"}',
        **development,
    )

    disk = "FileSystemStorage"
    assert on_disk.stdout.split() == [disk, "/media/", disk, "/srv/private"]
    assert elsewhere.stdout.split() == [
        "InMemoryStorage", "https://media.example.com/", disk, "/srv/elsewhere",
    ]  # fmt: skip
