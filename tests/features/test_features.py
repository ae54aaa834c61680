"""Every scenario beside this file, by pytest-bdd; `manage.py behave` runs the same ones."""

from __future__ import annotations

import pytest
from pytest_bdd import parsers, scenarios, step

from tests.features.library import STEPS

# Said here: what a step asks for is known only when it runs.
pytestmark = pytest.mark.django_db(transaction=True)

for _sentence, _action in STEPS:
    step(parsers.parse(_sentence))(_action)

scenarios(".")
