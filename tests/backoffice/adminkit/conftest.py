"""The desk site, and its steered verb, fresh for every test of the kit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from backoffice.models import User
from catalog.models import Product
from tests.backoffice.adminkit import desk


@pytest.fixture(autouse=True)
def _desk(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = "tests.backoffice.adminkit.desk"
    desk.calls.clear()
    desk.refuses.clear()
    yield
    desk.calls.clear()
    desk.refuses.clear()


@pytest.fixture
def product(merchandiser: User) -> Product:
    return desk.make_product(merchandiser)


@pytest.fixture
def products(merchandiser: User) -> list[Product]:
    return [desk.make_product(merchandiser, f"MUG-{letter}") for letter in "ABC"]


@pytest.fixture
def clerk(sign_in: Callable[[User], Client], merchandiser: User) -> Client:
    """A merchandiser's browser."""
    return sign_in(merchandiser)


@pytest.fixture
def onlooker(sign_in: Callable[[User], Client], auditor: User) -> Client:
    """An auditor's browser: may look, and nothing else."""
    return sign_in(auditor)


@pytest.fixture
def root(sign_in: Callable[[User], Client], db: None) -> Client:
    return sign_in(User.objects.create_superuser("root@example.com", "a-good-password"))
