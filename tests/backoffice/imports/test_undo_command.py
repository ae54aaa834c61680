"""`manage.py undo_import`: what goes back, what is kept, and the exit code that says so."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from backoffice.accounts import command_user
from catalog import services
from catalog.models import Product
from tests.orders.factories import boss, click
from tests.sheets import csv_of, load

pytestmark = pytest.mark.django_db
HEADER = ["sku", "name", "price"]


@pytest.fixture
def applied(db):
    load(csv_of(HEADER, ["A", "Cup", "1.00"], ["B", "Jar", "2.00"]), by=command_user())
    return load(csv_of(HEADER, ["A", "", "3.00"], ["B", "", "4.00"]), by=command_user())


def prices():
    return {sku: str(price) for sku, price in Product.objects.values_list("sku", "price")}


def test_an_import_is_taken_back(applied, capsys):
    call_command("undo_import", str(applied.uuid), "--format", "json")

    report = json.loads(capsys.readouterr().out)
    assert (report["reversed"], report["kept"], report["state"]) == (2, [], "applied")
    assert prices() == {"A": "1.00", "B": "2.00"}


def test_what_was_edited_since_is_kept_and_named(applied, capsys):
    with click(boss()):
        services.edit_product(
            product_id=Product.objects.get(sku="A").pk, changes={"price": 9}, by=boss(), reason="x"
        )

    with pytest.raises(SystemExit) as ended:
        call_command("undo_import", str(applied.uuid))

    assert ended.value.code == 2
    assert "A: Price was edited since" in capsys.readouterr().err
    assert prices() == {"A": "9.00", "B": "2.00"}


def test_a_dry_run_takes_nothing_back(applied, capsys):
    call_command("undo_import", str(applied.uuid), "--dry-run")

    assert "2 reversed, 0 kept" in capsys.readouterr().out
    assert prices() == {"A": "3.00", "B": "4.00"}


@pytest.mark.parametrize("run", ["nonsense", "018f0000-0000-7000-8000-000000000000"])
def test_an_unknown_run_is_refused_with_words(db, capsys, run):
    with pytest.raises(SystemExit) as ended:
        call_command("undo_import", run)

    assert ended.value.code == 1
    assert "no such import" in capsys.readouterr().err


def test_it_is_taken_back_once(applied, capsys):
    call_command("undo_import", str(applied.uuid))

    with pytest.raises(SystemExit):
        call_command("undo_import", str(applied.uuid))

    assert "taken back already" in capsys.readouterr().err
