"""Our own system checks, each shown what it is there to find."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.conf import settings
from django.core.checks import run_checks
from django.db import models
from django.test.utils import isolate_apps

from backoffice import checks

pytestmark = pytest.mark.row("G20")
ENDING = {"app_label": "humanize"}


@pytest.fixture
def ours(monkeypatch):
    """Let the checks see one model in place of all of ours."""

    def see(model):
        monkeypatch.setattr(checks, "our_models", lambda: [model])

    with isolate_apps("django.contrib.humanize"):
        yield see


def ids(errors):
    return sorted(error.id for error in errors)


def test_our_own_models_and_files_pass():
    assert [error for error in run_checks() if error.id.startswith("backoffice.")] == []


def test_a_relation_without_a_name_for_its_reverse_is_found(ours):
    class Jar(models.Model):  # noqa: DJ008
        shelf = models.ForeignKey("self", models.PROTECT)

        Meta = type("Meta", (), ENDING)

    ours(Jar)

    assert ids(checks.check_relations()) == ["backoffice.E001"]


@pytest.mark.parametrize(
    ("field", "found"),
    [
        (models.FloatField(), ["backoffice.E003"]),
        (models.IntegerField(), ["backoffice.E009"]),
        (models.DecimalField(max_digits=12, decimal_places=4), ["backoffice.E009"]),
        (models.DecimalField(max_digits=12, decimal_places=2), []),
    ],
)
def test_money_that_is_no_decimal_of_two_places_is_found(ours, field, found):
    model = type(
        "Jar",
        (models.Model,),
        {"unit_price": field, "Meta": type("Meta", (), ENDING), "__module__": __name__},
    )
    ours(model)

    assert ids(checks.check_money()) == found


def test_a_count_is_no_money(ours):
    class Jar(models.Model):  # noqa: DJ008
        total_units = models.IntegerField()
        priceless = models.IntegerField()

        Meta = type("Meta", (), ENDING)

    ours(Jar)

    assert checks.check_money() == []


@pytest.mark.parametrize(
    "line", ["from os import *", "    from os.path import (*)", "from  x.y  import  *  # noqa"]
)
def test_a_star_is_found(tmp_path, monkeypatch, line):
    (tmp_path / "honest.py").write_text('"""from os import path, and * for all."""\nx = 2 * 3\n')
    (tmp_path / "odd.py").write_text(f"import os\n{line}\n")
    monkeypatch.setattr(checks, "OURS", ["catalog"])
    monkeypatch.setattr(apps.get_app_config("catalog"), "path", str(tmp_path))
    monkeypatch.setattr(settings, "BASE_DIR", tmp_path)

    (error,) = checks.check_star_imports()

    assert (error.id, error.msg) == ("backoffice.E010", "odd.py imports a star.")
