"""A click: what happens inside has a change set of its own, as behind every door."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice import changes


@pytest.fixture
def click():
    return lambda: changes.change(separate=True, channel="admin")


@pytest.fixture
def count_queries():
    """Return how many queries a call needs."""

    def count(call) -> int:
        with CaptureQueriesContext(connection) as queries:
            call()
        return len(queries)

    return count
