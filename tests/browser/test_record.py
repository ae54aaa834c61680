"""An auditor proves the record, and takes the proof home."""

from __future__ import annotations

import shutil
import subprocess
import zipfile

import pytest
from playwright.sync_api import expect

from backoffice import seals
from backoffice.models import AuditEvent, EvidencePack, Verification
from tests.backoffice.seals.conftest import unprotected
from tests.browser.conftest import NARROW, WIDE
from tests.samples import make_one_of_everything

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.row("A3")
def test_an_auditor_verifies_the_record_and_takes_it_along(enter, auditor, tmp_path):
    make_one_of_everything()
    seals.seal_record()
    page = enter(auditor)

    page.locator("a[href$='/record/']").first.click()
    with page.expect_navigation():
        page.get_by_role("button", name="Verify now").click()
    expect(page.get_by_text("Whole", exact=True).first).to_be_visible()
    assert Verification.objects.latest("pk").is_whole

    page.get_by_label("First day").fill("2020-01-01")
    page.get_by_label("Last day").fill("2999-01-01")
    page.get_by_label("Why").fill("the year's audit")
    page.get_by_role("button", name="Pack it").click()
    page.get_by_role("link", name="See what came of it").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=str(EvidencePack.objects.get())).click()
    with zipfile.ZipFile(download.value.path()) as archive:
        archive.extractall(tmp_path)

    command = [shutil.which("python3"), "-I", "verify.py"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_broken_record_is_said_where_everybody_looks(enter, auditor, size, tmp_path):
    make_one_of_everything()
    seals.seal_record()
    row = AuditEvent.objects.earliest("pk")
    with unprotected() as sql:
        assert sql("UPDATE backoffice_auditevent SET kind = 'forged' WHERE id = %s", row.pk)
    seals.verify_record(by=None, reason="")
    page = enter(auditor)
    page.set_viewport_size(size)
    page.get_by_text("broken since").wait_for()
    page.screenshot(path=tmp_path / "home.png")

    page.goto(page.url + "backoffice/verification/record/")

    page.get_by_text(f"row {row.pk} is not what was sealed").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.screenshot(path=tmp_path / "record.png", full_page=True)
