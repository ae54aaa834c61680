"""Every scenario beside this file, by pytest-bdd; `manage.py behave` runs the same ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_bdd import parsers, scenarios, step

from tests.features.library import STEPS

# Said here: what a step asks for is known only when it runs.
pytestmark = pytest.mark.django_db(transaction=True)

for _sentence, _action in STEPS:
    step(parsers.parse(_sentence))(_action)

scenarios(".")


def test_every_step_of_the_library_is_said_in_a_feature():
    lines = [
        line.split(maxsplit=1)[1]
        for path in Path(__file__).parent.glob("*.feature")
        for line in path.read_text().splitlines()
        if line.startswith("    ")
    ]

    unsaid = [
        sentence
        for sentence, _action in STEPS
        if not any(map(parsers.parse(sentence).is_matching, lines))
    ]

    assert not unsaid
