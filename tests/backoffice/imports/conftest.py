"""What the tests of imports share."""

from __future__ import annotations

import pytest

from tests.backoffice.imports.pages import send


@pytest.fixture
def upload(sign_in, merchandiser):
    """Send a file as the merchandiser would."""

    def upload(content, name="sheet.csv", **answers):
        return send(sign_in(merchandiser), content, name, **answers)

    return upload
