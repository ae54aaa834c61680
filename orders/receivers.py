"""What happens beside a migration: every queue has a target."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate

from orders.models import QueueTarget
from orders.services.targets import make_missing_targets


def make_targets(using: str, **_: Any) -> None:
    # A database that is migrated half way has no such table yet.
    if QueueTarget._meta.db_table in connections[using].introspection.table_names():
        make_missing_targets()


def connect(app: AppConfig) -> None:
    post_migrate.connect(make_targets, sender=app, dispatch_uid="orders.queue_targets")
