"""What the settings alone tell: whether they are a server's or somebody's own machine's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings

from backoffice.production.findings import Check

HSTS_SECONDS = 31_536_000
SECRET_CHARS = 50
SECRET_KINDS = 10
ARGON = "django.contrib.auth.hashers.Argon2PasswordHasher"
# Mail that only looks as if it was sent.
DUMB_MAIL = ("console", "locmem", "dummy", "filebased")
# Apps that show the inside of the house.
DEVELOPMENT_APPS = {"debug_toolbar", "django_extensions", "silk"}


def _debug() -> str:
    return "DEBUG is on: a page that fails shows code and settings." if settings.DEBUG else ""


def _secret() -> str:
    key = settings.SECRET_KEY
    if len(key) < SECRET_CHARS or len(set(key)) < SECRET_KINDS:
        return "SECRET_KEY is too short or too uniform to be a secret."
    if any(word in key for word in ("insecure", "development", "example", "change")):
        return "SECRET_KEY is one that is known to others."
    return ""


def _hosts() -> str:
    if not settings.ALLOWED_HOSTS:
        return "ALLOWED_HOSTS is empty: nobody is served."
    loose = [host for host in settings.ALLOWED_HOSTS if "*" in host]
    if loose:
        return f"ALLOWED_HOSTS takes any name ({', '.join(loose)})."
    if all(host in {"localhost", "127.0.0.1", "[::1]"} for host in settings.ALLOWED_HOSTS):
        return "ALLOWED_HOSTS names this machine only."
    return ""


def _origins() -> str:
    named = [*settings.CSRF_TRUSTED_ORIGINS, *_setting("CORS_ALLOWED_ORIGINS", [])]
    plain = [origin for origin in named if not origin.startswith("https://")]
    if plain:
        return f"Trusted without TLS: {', '.join(plain)}."
    return (
        "Every other site may call with credentials." if _setting("CORS_ALLOW_ALL_ORIGINS") else ""
    )


def _tls() -> str:
    return "" if settings.SECURE_SSL_REDIRECT else "Plain http is not led to https."


def _cookies() -> str:
    missing = [
        name
        for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY")
        if not _setting(name)
    ]
    return f"Cookies are not protected: {', '.join(missing)}." if missing else ""


def _hsts() -> str:
    if settings.SECURE_HSTS_SECONDS < HSTS_SECONDS:
        return f"Browsers are told for {settings.SECURE_HSTS_SECONDS} s to come by TLS."
    if not (settings.SECURE_HSTS_INCLUDE_SUBDOMAINS and settings.SECURE_HSTS_PRELOAD):
        return "HSTS leaves out subdomains or preload."
    return ""


def _headers() -> str:
    policy = _setting("CONTENT_SECURITY_POLICY", {}).get("DIRECTIVES", {})
    if settings.X_FRAME_OPTIONS != "DENY" or not settings.SECURE_CONTENT_TYPE_NOSNIFF:
        return "Pages may be framed, or their type guessed."
    if not policy or "'unsafe-inline'" in policy.get("script-src", ["'unsafe-inline'"]):
        return "Scripts inside pages are run."
    return ""


def _database() -> str:
    if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        return ""
    return "SQLite lets one write at a time and lives on one machine."


def _cache() -> str:
    cache: Any = settings.CACHES["default"]
    if "redis" not in cache["BACKEND"].lower():
        return "Each process keeps a cache of its own; what one forgets, the others still show."
    options: Any = cache.get("OPTIONS", {})
    if "JSON" not in str(options.get("SERIALIZER", "")):
        return "The cache is pickled: whoever writes to it runs code here."
    return "" if options.get("IGNORE_EXCEPTIONS") else "A cache that is away takes the site along."


def _sessions() -> str:
    if settings.SESSION_ENGINE.endswith(".cache"):
        return "Sessions live in the cache alone: where it is emptied, everybody is signed out."
    return ""


def _passwords() -> str:
    if settings.PASSWORD_HASHERS[:1] != [ARGON]:
        return "Passwords are not kept by Argon2."
    return "" if settings.AUTH_PASSWORD_VALIDATORS else "Any password is taken."


def _second_factor() -> str:
    asked = _setting("MFA_REQUIRED_ROLES")
    if asked is None:
        return ""
    missing = {"admin", "auditor", "finance", "manager"} - {*asked}
    return f"One password is enough for: {', '.join(sorted(missing))}." if missing else ""


def _mail() -> str:
    if any(word in settings.EMAIL_BACKEND for word in DUMB_MAIL):
        return "Letters are printed, not sent."
    if not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL):
        return "Letters travel in the clear."
    return ""


def _jobs() -> str:
    if settings.JOBS_BACKEND == "immediate":
        return "Long work is done inside the request."
    if settings.JOBS_BACKEND == "celery" and not settings.CELERY_BROKER_URL:
        return "Celery has no broker."
    return ""


def _payments() -> str:
    if "sandbox" in settings.PAYMENT_GATEWAY.lower():
        return "The sandbox takes test cards: nobody pays."
    if not settings.STRIPE_SECRET_KEY or not settings.STRIPE_WEBHOOK_SECRET:
        return "Stripe's keys are not set."
    return "Stripe's key is one for tests." if "_test_" in settings.STRIPE_SECRET_KEY else ""


def _apps() -> str:
    found = sorted(DEVELOPMENT_APPS & {*settings.INSTALLED_APPS})
    return f"For development only: {', '.join(found)}." if found else ""


def _files() -> str:
    private = Path(settings.PRIVATE_ROOT).resolve()
    for public in (settings.MEDIA_ROOT, settings.STATIC_ROOT):
        if private.is_relative_to(Path(public).resolve()):
            return "Private files lie below a folder that is served."
    return "This process serves uploads itself." if settings.SERVE_MEDIA else ""


def _logs() -> str:
    return "Logs at DEBUG write down what people send." if settings.LOG_LEVEL == "DEBUG" else ""


def _setting(name: str, otherwise: Any = None) -> Any:
    return getattr(settings, name, otherwise)


CHECKS: Iterable[Check] = (
    Check("debug", _debug, "Unset DEBUG; use config.settings.production."),
    Check(
        "secret_key",
        _secret,
        "Set SECRET_KEY to what this prints: "
        'python -c "import secrets; print(secrets.token_urlsafe(64))"',
    ),
    Check("allowed_hosts", _hosts, "Set ALLOWED_HOSTS to the site's names, comma separated."),
    Check(
        "origins",
        _origins,
        "Name origins with https:// in CSRF_TRUSTED_ORIGINS and CORS_ALLOWED_ORIGINS.",
    ),
    Check(
        "tls_redirect",
        _tls,
        "Set SECURE_SSL_REDIRECT=True; where a proxy redirects, run with --skip tls_redirect.",
    ),
    Check("secure_cookies", _cookies, "Use config.settings.production, which sets them."),
    Check("hsts", _hsts, "Use config.settings.production: 31536000 s, subdomains, preload."),
    Check(
        "headers", _headers, "Use config.settings.production; add sources, never 'unsafe-inline'."
    ),
    Check("database_engine", _database, "Set DATABASE_URL=postgres://…"),
    Check("cache_backend", _cache, "Set REDIS_URL=redis://…"),
    Check("sessions", _sessions, "Leave SESSION_ENGINE at the database."),
    Check(
        "passwords", _passwords, "Leave PASSWORD_HASHERS and the validators as they are in base."
    ),
    Check("second_factor", _second_factor, "Set MFA_REQUIRED_ROLES=finance,manager,admin,auditor."),
    Check("email", _mail, "Set EMAIL_URL=smtp+tls://user:password@host:587."),
    Check(
        "jobs",
        _jobs,
        "Leave JOBS_BACKEND at django_tasks_db and run db_worker; or set celery and"
        " CELERY_BROKER_URL.",
    ),
    Check(
        "payments",
        _payments,
        "Set PAYMENT_GATEWAY=orders.integrations.stripe_gateway.StripeGateway and the live"
        " STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET.",
    ),
    Check("development_apps", _apps, "Use config.settings.production."),
    Check(
        "files",
        _files,
        "Point PRIVATE_ROOT outside of MEDIA_ROOT; let the web server or a bucket serve uploads.",
    ),
    Check("log_level", _logs, "Set LOG_LEVEL=INFO."),
)
