"""What a test needs of the machine beside its database: there, or it is said that it is not."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def do_without(why: str) -> NoReturn:
    """Skip the test; with REQUIRE_SERVICES=1 in the environment it fails, and says the same."""
    if os.environ.get("REQUIRE_SERVICES"):
        pytest.fail(why)
    pytest.skip(why)
