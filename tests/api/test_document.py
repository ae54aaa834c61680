"""The OpenAPI document, and its page."""

from __future__ import annotations

import pytest
from django.core.management import call_command


@pytest.mark.row("T1")
def test_the_document_is_valid_and_has_no_warning(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "api.yml"))


@pytest.mark.row("T1")
def test_the_page_shows_it_under_the_console_s_content_policy(db, client):
    page = client.get("/api/v1/")

    assert page.status_code == 200
    html = page.content.decode()
    assert "https://" not in html  # nothing from elsewhere
    assert "<script>" not in html
    assert (
        client.get("/api/v1/?script=").headers["Content-Type"].startswith("application/javascript")
    )
    assert client.get("/api/v1/schema/").status_code == 200
