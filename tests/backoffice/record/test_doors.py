"""Whichever door a write comes through: history, its actor, its change set and its channel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.test import Client

from backoffice import changes, jobs, seals
from backoffice.ids import uuid7
from backoffice.models import AuditEvent, ChangeSet, User, Verification
from backoffice.seals.reconcile import audited_models
from catalog.models import Product, Tag
from orders.models import Order, Shipment
from tests.orders.admin.test_order_acts import ANSWERS
from tests.orders.doing import answers_to
from tests.orders.factories import OrderFactory
from tests.samples import make_one_of_everything
from tests.test_every_address import Address, addresses

pytestmark = [pytest.mark.django_db, pytest.mark.row("A3")]


@dataclass
class Written:
    """What came into the record meanwhile."""

    rows: list = field(default_factory=list)
    sets: list[ChangeSet] = field(default_factory=list)


@contextmanager
def proof(channel: str, actor: User | None) -> Iterator[Written]:
    """Watch one act: each history row and event of it names this actor and this channel."""
    tables = [model.history.model for model in audited_models()]
    before = {t: _highest(t, "history_id") for t in tables}
    events = _highest(AuditEvent, "pk")
    written = Written()
    yield written
    for table in tables:
        found = table.objects.filter(history_id__gt=before[table]).select_related("change_set")
        written.rows += list(found)
    told = AuditEvent.objects.filter(pk__gt=events).select_related("change_set")
    written.sets = list({row.change_set for row in [*written.rows, *told]})
    for row in written.rows:
        assert row.history_user_id == row.change_set.actor_id, row
    for one in written.sets:
        assert (one.channel, one.actor_id) == (channel, actor and actor.pk), one


def _highest(table, name: str) -> int:
    return table._default_manager.order_by(f"-{name}").values_list(name, flat=True).first() or 0


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root@example.com", "a-good-password", first_name="Root")


@pytest.fixture
def client(root: User) -> Client:
    with changes.change(separate=True):
        client = Client()
        client.force_login(root)
    return client


def answers(address: Address) -> dict[str, object]:
    """Answer an act as a dialog that is sent off would; where it asks nothing, nothing."""
    act = admin.site._registry[address.model].get_acts()[address.act]
    if act.step is not None and act.name in act.step.flow.steps:
        given = answers_to(act.step)
    else:
        given = {"reason": "because it is so", **ANSWERS.get(act.name, {})}
    return {name: value for name, value in given.items() if value not in (False, None)}


def test_every_act_of_every_admin_names_who_did_it_and_through_which_door(client, root):
    """One row and a selection: done or refused, nothing is written without its history."""
    make_one_of_everything()
    done = set()
    for address in [a for a in addresses() if a.kind in {"act", "bulk_act"}]:
        sent = {"idempotency_key": uuid7().hex, **answers(address)}
        if address.kind == "bulk_act":
            first = address.model._default_manager.order_by("pk").first()
            if first is None:
                continue
            sent["ids"] = [first.pk]
        with proof("admin", root) as written:
            answer = client.post(address.path, sent)
        assert answer.status_code < 500, address
        if written.rows:
            done.add((address.kind, address.model._meta.label, address.act))

    assert seals.reconcile_record().is_whole
    assert {kind for kind, _model, _act in done} == {"act", "bulk_act"}
    assert len({model for _kind, model, _act in done}) >= 2


@pytest.mark.parametrize("status", ["draft", "pending", "processing", "cancelled"])
def test_every_step_of_an_order_leaves_one_row_that_names_step_actor_and_door(client, root, status):
    taken = []
    for name, step in Order.flow.steps.items():
        if status not in step.sources:
            continue
        order = OrderFactory(status=status)
        sent = {n: v for n, v in answers_to(step).items() if v not in (False, None)}
        with proof("admin", root) as written:
            client.post(
                f"/admin/orders/order/{order.pk}/acts/{name}/",
                {"idempotency_key": uuid7().hex, **sent},
            )
        own = [r for r in written.rows if r.step == name and isinstance(r, Order.history.model)]
        if own:
            taken.append(name)
            assert len(own) == 1, name
            assert len({row.change_set_id for row in written.rows}) == 1

    assert taken
    assert seals.reconcile_record().is_whole


def test_forms_add_change_and_delete_with_history(client, root):
    for path, sent, sign in (
        ("/admin/catalog/tag/add/", {"name": "Oak"}, "+"),
        ("/admin/catalog/tag/{}/change/", {"name": "Elm"}, "~"),
        ("/admin/catalog/tag/{}/acts/delete/", {"idempotency_key": "k", "reason": "gone"}, "-"),
    ):
        pk = Tag.objects.values_list("pk", flat=True).first()
        with proof("admin", root) as written:
            answer = client.post(path.format(pk), sent)
        assert answer.status_code == 302, path
        assert [row.history_type for row in written.rows] == [sign], path

    assert seals.reconcile_record().is_whole


def test_rest_writes_with_history(root):
    client = Client()
    with changes.change(separate=True):
        client.force_login(root)
    with proof("api", root) as written:
        answer = client.post("/api/v1/tags/", {"name": "Ash"}, content_type="application/json")

    assert answer.status_code == 201, answer.content
    assert [row.history_type for row in written.rows] == ["+"]


def test_a_sheet_by_command_writes_with_history(root, tmp_path):
    sheet = tmp_path / "products.csv"
    sheet.write_text("sku,name,price\nBOWL-9,Bowl,8.50\n")

    with changes.change(separate=True, channel="command", action="command.import_sheet"):
        call_command("import_sheet", "products", str(sheet))

    made = Product.objects.get(sku="BOWL-9")
    row = Product.history.get(id=made.pk)
    assert row.history_type == "+"
    assert row.change_set.channel in {"command", "import"}
    assert row.change_set.action
    assert seals.reconcile_record().is_whole


def test_a_job_goes_on_in_the_change_set_of_the_click_that_asked(
    root, django_capture_on_commit_callbacks
):
    with (
        django_capture_on_commit_callbacks(execute=True),
        changes.change(separate=True, channel="admin", by=root) as asked,
    ):
        job = jobs.start("backoffice.verify_record", by=root)
        asked_by = asked.row()

    assert job.change_set_id == asked_by.pk
    proved = Verification.objects.get()
    assert proved.change_set_id == asked_by.pk
    assert proved.change_set.actor_id == root.pk


def test_a_shell_has_a_change_set_of_its_own(tmp_path):
    """manage.py opens it for every command; without it the row would be refused."""
    with changes.change(separate=True, channel="command", action="command.shell"):
        call_command(
            "shell",
            command="from catalog.models import Tag; Tag(name='Yew', slug='yew').save()",
            no_imports=True,
            verbosity=0,
        )

    row = Tag.history.get(slug="yew")
    assert (row.change_set.channel, row.change_set.action) == ("command", "command.shell")
    assert (row.change_set.actor_id, row.change_set.actor_kind) == (None, "system")


def test_history_of_a_parcel_names_the_change_set_of_each_write_not_of_the_first(root):
    make_one_of_everything()
    parcel = Shipment.objects.get()

    with changes.change(separate=True, channel="admin", by=root) as later:
        parcel.tracking = "JJD02"
        parcel.save()

    row = Shipment.history.filter(id=parcel.pk).order_by("-history_id")[0]
    assert row.tracking == "JJD02"
    assert row.change_set_id == later.row().pk != parcel.change_set_id
    assert seals.reconcile_record().is_whole
