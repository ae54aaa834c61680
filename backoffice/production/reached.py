"""What only asking tells: the database and its state, the cache, the broker, files on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.checks import WARNING, run_checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from backoffice import demo, health, sealed
from backoffice.models import User
from backoffice.production.findings import Check

OLDEST_POSTGRESQL = 150_000
SHOWN = 5


def _answers() -> str:
    return _of(health._database, "The database does not answer")


def _version() -> str:
    if connection.vendor != "postgresql":
        return ""
    version = connection.pg_version  # type: ignore[attr-defined]
    return (
        f"PostgreSQL {version // 10_000} is older than 15." if version < OLDEST_POSTGRESQL else ""
    )


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    names = [f"{migration.app_label}.{migration.name}" for migration, _back in plan]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"Pending: {', '.join(names[:SHOWN])}{more}." if names else ""


def _seals() -> str:
    missing = list(sealed.missing())
    return (
        f"Sealed tables can be written to: {len(missing)} triggers are missing." if missing else ""
    )


def _sample_people() -> str:
    emails = [demo.email_of(role) for role in demo.NAMES]
    open_doors = [
        user.email
        for user in User.objects.filter(email__in=emails, is_active=True)
        if user.check_password(demo.PASSWORD)
    ]
    return f"Sample sign-ins with a known password: {', '.join(open_doors)}." if open_doors else ""


def _cache() -> str:
    return _of(health._cache, "The cache does not answer")


def _broker() -> str:
    return _of(health._broker, "The broker does not answer")


def _disk() -> str:
    return _of(health._disk, "The folder for files")


def _static() -> str:
    if not hasattr(staticfiles_storage, "manifest_name"):
        return "Static files keep their names: browsers keep old ones after a release."
    if not (Path(settings.STATIC_ROOT) / staticfiles_storage.manifest_name).exists():
        return "Static files were not collected: every page fails."
    return ""


def _system() -> str:
    found = [
        message
        for message in run_checks(include_deployment_checks=True)
        if message.level >= WARNING and not message.is_silenced()
    ]
    words = "; ".join(f"{one.id}: {one.msg}" for one in found[:SHOWN])
    return f"{len(found)} of Django's own checks fail: {words}" if found else ""


def _of(look: Callable[[], None], words: str) -> str:
    try:
        look()
    except health.Trouble as trouble:
        return f"{words}: {trouble}."
    return ""


def _if_there(look: Callable[[], str]) -> Callable[[], str]:
    """Ask only a database that answers: one finding is enough for one that does not."""

    def looked() -> str:
        try:
            return look()
        except DatabaseError:
            return "" if _answers() else "The tables are not there yet."

    return looked


CHECKS: Iterable[Check] = (
    Check("database", _answers, "Look at DATABASE_URL, and whether the server is running."),
    Check("database_version", _if_there(_version), "Upgrade PostgreSQL to 15 or newer."),
    Check("migrations", _if_there(_migrations), "Run `manage.py migrate`."),
    Check("seals", _if_there(_seals), "Run `manage.py migrate --skip-checks`."),
    Check(
        "sample_people",
        _if_there(_sample_people),
        "Deactivate them: this database was made by `manage.py demo`.",
    ),
    Check("cache", _cache, "Look at REDIS_URL, and whether the server is running."),
    Check("broker", _broker, "Look at CELERY_BROKER_URL, and whether the server is running."),
    Check(
        "disk", _disk, "Make room, or let the server's user write to MEDIA_ROOT and PRIVATE_ROOT."
    ),
    Check("static_files", _static, "Run `manage.py collectstatic --noinput` with these settings."),
    Check("system_checks", _system, "Run `manage.py check --deploy` and do what it says."),
)
