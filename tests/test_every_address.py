"""Walks every address of the console: looking writes nothing, and each role sees what it may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection, models
from django.test import Client
from django.urls import URLPattern, URLResolver

from backoffice import changes, roles
from backoffice.adminkit.console import ConsoleAdmin
from backoffice.models import AuditEvent, User, UserActivity
from tests.conftest import ROLES
from tests.samples import make_one_of_everything

# What looking may write: that somebody was here, and their session.
TRAFFIC = {"backoffice_useractivity", "django_session", "usersessions_usersession"}


PRINTED = {"paper", "slip"}
OF_ONE_ROW = {"act", "change", "history"}
# What stands in an address beside the key of a row and the name of an act.
ARGUMENTS = {"paper": "invoice"}


@dataclass(frozen=True)
class Address:
    """One address, filled with the keys of rows that exist."""

    name: str
    path: str
    model: type[models.Model] | None = None
    act: str = ""

    @property
    def kind(self) -> str:
        """The last word of the URL's name: changelist, change, add, history, act …"""
        stem = f"{self.model._meta.app_label}_{self.model._meta.model_name}_" if self.model else ""
        return self.name.removeprefix(stem)


def patterns(
    resolver: URLResolver | None, prefix: str = "/admin/"
) -> Iterator[tuple[str, URLPattern]]:
    entries = resolver.url_patterns if resolver else admin.site.get_urls()
    for entry in entries:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, path)
        else:
            yield path, entry


def console_admins() -> Iterator[ConsoleAdmin]:
    for model_admin in admin.site._registry.values():
        if isinstance(model_admin, ConsoleAdmin):
            yield model_admin


def addresses() -> list[Address]:
    """Return every address of every admin, with each act, for rows that exist."""
    found = []
    for model_admin in console_admins():
        opts = model_admin.opts
        row = model_admin.model._default_manager.order_by("pk").first()
        acts = model_admin.get_acts()
        stem = f"{opts.app_label}_{opts.model_name}_"
        for path, pattern in patterns(None):
            if not (pattern.name or "").startswith(stem):
                continue
            kinds = pattern.pattern.converters
            if "object_id" in kinds and row is None:
                continue
            names = list(acts) if "name" in kinds else [""]
            for name in names:
                filled = path
                for argument in kinds:
                    value = {"object_id": getattr(row, "pk", ""), "name": name, **ARGUMENTS}.get(
                        argument
                    )
                    if value is None:
                        break
                    prefix = [
                        k
                        for k in ("path", "str", "int", "uuid", "slug")
                        if f"<{k}:{argument}>" in filled
                    ]
                    filled = filled.replace(f"<{prefix[0]}:{argument}>", str(value))
                else:
                    found.append(Address(pattern.name, filled, model_admin.model, name))
    return found


@contextmanager
def writes() -> Iterator[list[str]]:
    """Collect the statements that write to a table, but for traffic."""
    found: list[str] = []

    def watch(execute, sql, params, many, context):
        word = sql.lstrip().split(" ", 1)[0].upper()
        if word in {"INSERT", "UPDATE", "DELETE"} and not any(name in sql for name in TRAFFIC):
            found.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield found


@pytest.fixture
def everything(db, admin) -> None:
    make_one_of_everything()


@pytest.fixture
def superuser(db) -> User:
    return User.objects.create_superuser("root@example.com", "a-good-password")


@pytest.mark.row("A1")
def test_the_walk_reaches_lists_forms_histories_and_acts(everything):
    kinds = {address.kind for address in addresses()}

    assert {"changelist", "change", "history", "act", "bulk_act", "add"} <= kinds
    assert len({a.model for a in addresses() if a.kind == "change"}) >= 12


@pytest.mark.row("A1")
def test_looking_writes_nothing(everything, superuser, sign_in):
    client = sign_in(superuser)

    for address in addresses():
        with writes() as written:
            answers = [client.get(address.path), client.head(address.path)]
        assert all(answer.status_code < 500 for answer in answers), address
        # An export and a print are looking, too; that they happened is an event.
        if "export" not in address.name and address.kind not in PRINTED:
            assert written == [], address


LISTS = [
    "/admin/catalog/product/",
    "/admin/catalog/product/export/csv/",
    "/admin/catalog/pricechange/",
    "/admin/catalog/stocklevel/",
    "/admin/orders/order/",
]
RUBBISH = [
    "price_min=1e5000000",
    "price_max=NaN",
    "total_min=1e5000000",
    "q=%00",
    "category=%00",
    "queue=%00",
    "tag=%00",
    "status=%00",
    "o=99",
    "p=9999",
]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("query", RUBBISH)
def test_rubbish_in_an_address_is_answered_with_a_page(manager, sign_in, path, query):
    assert sign_in(manager).get(f"{path}?{query}").status_code < 500


def test_a_selection_is_never_worked_on_by_get(everything, superuser, sign_in):
    client = sign_in(superuser)

    refused = {
        address.path: client.get(address.path).status_code
        for address in addresses()
        if address.kind == "bulk_act"
    }

    assert refused
    assert set(refused.values()) == {405}


@pytest.mark.row("T3")
def test_a_stranger_is_led_to_the_sign_in(everything, client):
    for address in addresses():
        response = client.get(address.path)
        if address.kind == "bulk_act" and response.status_code == 405:
            continue
        assert response.status_code == 302, address
        assert response.url.startswith("/admin/login/"), address


def expected(address: Address, user: User) -> bool | None:
    """Return whether the table of roles lets this person open it; None: there is no such page."""
    opts = address.model._meta
    model_admin = admin.site._registry[address.model]

    def may(verb: str) -> bool:
        return user.has_perm(f"{opts.app_label}.{verb}_{opts.model_name}")

    sees = may("view") or may("change")
    if address.kind == "history" and not hasattr(address.model, "history"):
        return None
    may_open = sees
    if address.act:
        act = model_admin.get_acts()[address.act]
        may_open = sees and user.has_perm(act.permission)
    if may_open and address.kind in OF_ONE_ROW and hasattr(address.model.objects, "seen_by"):
        # Rows that are somebody's own: the others' do not exist.
        row = address.model.objects.order_by("pk").first()
        may_open = address.model.objects.seen_by(user).filter(pk=row.pk).exists() or None
    if address.act:
        return may_open
    if address.kind == "add":
        return may("add")
    if address.kind == "delete":
        return may("delete")
    return may_open


CHECKED = {"changelist", "change", "history", "add", "act"}


@pytest.mark.row("A5")
@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_what_the_table_of_roles_says(role, everything, request, sign_in):
    user = request.getfixturevalue(role)
    client = sign_in(user)
    wrong = []

    for address in addresses():
        if address.kind not in CHECKED:
            continue
        model_admin = admin.site._registry[address.model]
        fake = type("Request", (), {"user": user})()
        if address.kind == "add" and not model_admin.has_add_permission(fake):
            wanted = 403
        else:
            wanted = {True: 200, False: 403, None: 404}[expected(address, user)]
        # Following the workspace's own redirect (an order has a page of its own).
        got = client.get(address.path, follow=True).status_code
        if got != wanted and not (wanted == 200 and got == 409):
            wrong.append((address.path, got, wanted))

    assert wrong == []


def test_an_auditor_is_refused_every_write(everything, auditor, sign_in):
    client = sign_in(auditor)
    answers = {}

    with writes() as written:
        for address in addresses():
            for method in (client.put, client.patch, client.delete):
                method(address.path)
            response = client.post(address.path)
            if address.kind != "changelist":  # choosing an action there only opens a dialog
                answers[address.path] = response.status_code

    assert {k: v for k, v in answers.items() if v not in {403, 404, 405}} == {}
    assert written == []


def test_history_refuses_post_for_everybody(everything, superuser, sign_in):
    client = sign_in(superuser)

    with writes() as written:
        for address in addresses():
            if "history" in address.kind:
                for path in (address.path, f"{address.path}1/"):
                    assert client.post(path, {"name": "forged"}).status_code == 405, path

    assert written == []


def test_the_groups_are_the_roles(db):
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES) == set(roles.table())


def test_a_session_is_all_that_signing_in_makes(support):
    with changes.change(separate=True):
        Client().force_login(support)

    assert AuditEvent.objects.filter(kind="sign_in", subject_key=str(support.pk)).count() == 1
    assert UserActivity.objects.get(user=support).signed_in_at is not None
