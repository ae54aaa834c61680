"""The README's first command: an empty database becomes a console to try, once."""

import shutil
import subprocess
import zipfile
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client, override_settings
from django.utils import timezone

from backoffice import demo, roles, seals
from backoffice.models import ChangeSet, User
from catalog.models import Category, Product, StockLevel
from orders.models import Customer, Order, PaymentIntent


def run_demo() -> str:
    printed = StringIO()
    call_command("demo", no_server=True, stdout=printed)
    return printed.getvalue()


@pytest.mark.django_db
def test_the_demo_fills_the_house_once_and_lets_every_role_in(tmp_path):
    first = run_demo()
    counts = [m.objects.count() for m in (User, Product, Category, Customer, Order, ChangeSet)]

    second = run_demo()

    assert [
        m.objects.count() for m in (User, Product, Category, Customer, Order, ChangeSet)
    ] == counts
    assert second.count("already there") == len(list(demo.parts()))
    assert "http://127.0.0.1:8000/admin/" in first
    assert Product.objects.count() > 300
    assert Category.objects.count() >= 30
    for role in roles.table():
        assert demo.email_of(role) in first
        client = Client()
        signed_in = client.post(
            "/accounts/login/", {"login": demo.email_of(role), "password": demo.PASSWORD}
        )
        assert signed_in.url == "/admin/"
        assert client.get("/admin/").status_code == 200

    _assert_orders_of_every_state_over_ninety_days()
    _assert_nobody_sold_what_was_not_there()
    _assert_the_record_proves_itself_without_django(tmp_path)


def _assert_orders_of_every_state_over_ninety_days() -> None:
    states = Counter(Order.objects.values_list("status", flat=True))
    assert set(states) == set(Order.flow.states)
    assert min(states.values()) >= 3
    assert Order.objects.held().exists()
    assert PaymentIntent.objects.filter(state="in_doubt").count() == 1
    placed = Order.objects.placed().order_by("placed_at").values_list("placed_at", flat=True)
    assert (timezone.now() - placed[0]).days >= 80
    assert not Order.objects.filter(placed_at__gt=timezone.now()).exists()


def _assert_nobody_sold_what_was_not_there() -> None:
    assert all(level.available >= 0 for level in StockLevel.objects.all())
    call_command("reconcile_stock", stdout=StringIO())


@override_settings(SETTINGS_MODULE="config.settings.production")
def test_known_passwords_never_reach_production():
    with pytest.raises(CommandError, match="never in production"):
        call_command("demo", no_server=True)


def _assert_the_record_proves_itself_without_django(folder: Path) -> None:
    """The pack of all this is proved by a bare Python; one changed byte is found, and where."""
    assert seals.reconcile_record().is_whole
    pack = seals.make_pack(from_at=None, until_at=None, by=None, reason="the auditors come")
    with storages["private"].open(pack.file) as file, zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    assert pack.row_count > 5_000

    whole = _prove(folder)
    name = "backoffice_changeset"
    rows = folder / "rows" / f"{name}.jsonl"
    text = bytearray(rows.read_bytes())
    place = text.index(b"orders.cancel") + 7
    text[place] ^= 1
    rows.write_bytes(text)
    broken = _prove(folder)

    assert (whole.returncode, whole.stderr) == (0, "")
    assert "WHOLE" in whole.stdout
    assert broken.returncode == 1
    assert name in broken.stdout
    assert "is not what was sealed" in broken.stdout


def _prove(folder: Path) -> subprocess.CompletedProcess[str]:
    bare = [str(shutil.which("python3")), "-I", "-S"]
    no_django = subprocess.run([*bare, "-c", "import django"], capture_output=True, check=False)
    assert no_django.returncode != 0
    return subprocess.run(
        [*bare, "verify.py"], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
