"""The tests: no network, no waiting, the same database and cache as the environment asks for."""

import os
import tempfile
from pathlib import Path

from config.settings.base import *  # noqa: F403
from config.settings.base import API_RATES, CACHES, DATABASES, LOGGING, env
from config.settings.unfold import UNFOLD  # noqa: F401

DEBUG = False
SECRET_KEY = "tests-only: long enough to sign a token, and known to everybody"  # noqa: S105  (signs nothing that outlives a test run)
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
ENVIRONMENT_NAME = "Tests"

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Whatever the machine's own environment asks for: tests that need it say so.
MFA_REQUIRED_ROLES = []
# Chromium's keys answer on http://localhost as well.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

_scratch = Path(tempfile.mkdtemp(prefix="backoffice-tests-"))
MEDIA_ROOT = _scratch / "media"
PRIVATE_ROOT = _scratch / "private"
JOBS_ROOT = env.str("JOBS_ROOT", default=str(_scratch / "jobs"))
# A job runs where it is committed; the tests of workers start real ones by the environment.
JOBS_BACKEND = env.str("JOBS_BACKEND", default="immediate")
SERVE_MEDIA = True
STORAGES["private"]["OPTIONS"]["location"] = str(PRIVATE_ROOT)
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in real life: threads of one in-memory database would share a connection.
    DATABASES["default"]["TEST"] = {"NAME": str(_scratch / "test.sqlite3")}
else:
    # Nobody needs a test's rows after a power cut: commits do not wait for the disk.
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c synchronous_commit=off"

# Two processes of tests share a Redis, and forget their own keys only.
CACHES["default"]["KEY_PREFIX"] = os.environ.get("PYTEST_XDIST_WORKER", "tests")

# No thread of its own writes beside a test.
VIEWS_FLUSH_SECONDS = 0

GUARD_SQL_WRITES = True

# A connection that outlives its request would keep the test database from being dropped.
DATABASES["default"]["CONN_MAX_AGE"] = 0

WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

LOGGING["root"]["level"] = env.str("LOG_LEVEL", default="ERROR")

# Nobody waits in tests; those of the rates set them low.
API_RATES = dict.fromkeys(API_RATES, "1000000/minute")
