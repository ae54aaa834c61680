"""Personas, the ambient change set, and what tests need from the services around them."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import hypothesis
import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations as PostgresOperations
from django.test import Client, TransactionTestCase

from backoffice import changes, history, sealed
from backoffice.models import User
from tests.kept import forget
from tests.services import do_without

ROLES = ("support", "fulfilment", "merchandiser", "finance", "auditor", "manager", "admin")

# No example has to be quick: how fast a machine is today says nothing about the code.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.load_profile("default")
# `--hypothesis-profile=deep`: five times as long on everything that hypothesis tries.
hypothesis.settings.register_profile("deep", max_examples=500, deadline=None)

_flush = TransactionTestCase._fixture_teardown
_sql_flush = PostgresOperations.sql_flush

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""


def _flush_without_triggers(self: TransactionTestCase) -> None:
    """Flushing empties every table, sealed ones too: the one place that lifts their triggers."""
    is_sqlite = connection.vendor == "sqlite"
    if is_sqlite:
        sealed.uninstall()
    try:
        # PostgreSQL's are switched off and on by `_delete_all`: none has to be made again.
        with history.writing(), mock.patch.object(sealed, "install"):
            _flush(self)
    finally:
        if is_sqlite or sealed.missing():
            sealed.install()


def _delete_all(
    self: Any, style: Any, tables: list[str], *, allow_cascade: bool = False, **rest: Any
) -> list[str]:
    """Return what empties the tables.

    A test leaves a handful of rows: deleting them takes a tenth of TRUNCATE's time, which makes new
    files for every table. Keys between tables are asked when all are empty. Who empties some, and
    whatever points to them, is no test's end.
    """
    if allow_cascade:
        return _sql_flush(self, style, tables, allow_cascade=True, **rest)
    sealed_tables = sorted({seal.table for seal in sealed.registry()} & set(tables))
    return [
        *(f'ALTER TABLE "{table}" DISABLE TRIGGER USER' for table in sealed_tables),
        *(f'DELETE FROM "{table}"' for table in tables),
        "SET CONSTRAINTS ALL IMMEDIATE",
        *(f'ALTER TABLE "{table}" ENABLE TRIGGER USER' for table in sealed_tables),
    ]


TransactionTestCase._fixture_teardown = _flush_without_triggers
PostgresOperations.sql_flush = _delete_all


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever bears the number of a system is one of those that `-m systems` selects."""
    for item in items:
        if item.get_closest_marker("row"):
            item.add_marker("systems")


def pytest_collection_finish() -> None:
    """What was loaded stays until the end: looking through it for garbage takes a twentieth of a
    run's time."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL: set DATABASE_URL")
    if item.get_closest_marker("browser"):
        if not CHROMIUM:
            do_without("needs Chromium: apt-get install chromium")
        # The pages are the same over either database: they are driven once.
        if connection.vendor == "sqlite" and not os.environ.get("BROWSER"):
            pytest.skip("driven on PostgreSQL: BROWSER=1 drives it here, too")


@pytest.fixture(scope="session", autouse=True)
def nobody_stays_in_the_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """End what a server's thread or a killed worker left open: the test database is dropped next."""
    yield
    if connection.vendor != "postgresql":
        return
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        connection.close()


@pytest.fixture(autouse=True)
def ambient_change() -> Iterator[changes.Change]:
    """Every test runs inside a change, as every door does; tests of the refusal leave it."""
    with changes.change(action="test", separate=True) as change:
        yield change
        # The database is closed to this fixture by now.
        change.refusals.clear()


@pytest.fixture(autouse=True)
def nothing_is_kept() -> None:
    """No test sees the pages of another one."""
    forget()


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    def make(role: str = "", **fields: object) -> User:
        email = fields.pop("email", f"{role or 'nobody'}@example.com")
        user = User.objects.create_user(
            email, "a-good-password", is_staff=True, first_name=(role or "nobody").title(), **fields
        )
        if role:
            user.groups.add(Group.objects.get(name=role))
        return user

    return make


def _persona(role: str) -> Callable[..., User]:
    @pytest.fixture(name=role)
    def persona(make_user: Callable[..., User]) -> User:
        return make_user(role)

    return persona


support = _persona("support")
fulfilment = _persona("fulfilment")
merchandiser = _persona("merchandiser")
finance = _persona("finance")
auditor = _persona("auditor")
manager = _persona("manager")
admin = _persona("admin")


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    """Return a client that is signed in as the user."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def real_files() -> str:
    folder = os.environ.get("REAL_FILES_DIR", "")
    if not folder:
        pytest.skip("REAL_FILES_DIR is not set")
    return folder
