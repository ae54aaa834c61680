"""Each system of the list has a test that bears its number; `pytest -m systems` runs them."""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SYSTEMS = json.loads((TESTS / "systems.json").read_text(encoding="utf-8"))


def rows_in(path: Path) -> Iterator[str]:
    """Yield the rows that a file's tests bear: markers in Python, tags in a feature."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".feature":
        yield from re.findall(r"@row_([A-Z]\d+)\b", text)
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "row":
            yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant))


@pytest.fixture(scope="module")
def homes() -> dict[str, set[str]]:
    """For each row, the files that have a test of it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in [*TESTS.rglob("test_*.py"), *TESTS.rglob("*.feature")]:
        for row in rows_in(path):
            found[row].add(str(path.relative_to(TESTS)))
    return found


def test_every_system_has_a_test_that_bears_its_number(homes):
    missing = [f"{row}: {SYSTEMS[row]['system']}" for row in SYSTEMS if row not in homes]

    assert missing == []


def test_no_test_bears_a_number_that_no_system_has(homes):
    assert {row: files for row, files in homes.items() if row not in SYSTEMS} == {}


def test_a_row_implies_the_marker_that_selects_all_of_them(request):
    bearing = [item for item in request.session.items if item.get_closest_marker("row")]

    assert all(item.get_closest_marker("systems") for item in bearing)


def test_the_readme_names_every_system_and_its_home():
    readme = (TESTS.parent / "README.md").read_text(encoding="utf-8")

    lines = [f"| {row} | {each['system']} | {each['home']} |" for row, each in SYSTEMS.items()]
    assert [line for line in lines if line not in readme] == []
