"""The page "Record": for those who verify, and nobody else, by any method."""

from __future__ import annotations

import json
import re

import pytest
from django.urls import reverse

from backoffice import jobs, seals
from backoffice.jobs import kinds
from backoffice.models import AuditEvent, EvidencePack, Job, Verification
from tests.backoffice.seals.conftest import note, unprotected
from tests.conftest import ROLES

pytestmark = pytest.mark.django_db
VERIFIERS = {"auditor", "manager", "admin"}


def key_of(page: str) -> str:
    return re.search(r'name="idempotency_key" value="([^"]+)"', page).group(1)


def let_go(answer) -> None:
    """Close the file that was sent; closing the answer would close the database, too."""
    for close in answer._resource_closers:
        close()


@pytest.mark.parametrize("role", ROLES)
def test_the_record_is_for_those_who_verify(role, request, sign_in):
    client = sign_in(request.getfixturevalue(role))
    note()
    seals.seal_record()
    pack = seals.make_pack(from_at=None, until_at=None, by=None, reason="")
    wanted = role in VERIFIERS

    assert (client.get(reverse("admin:record")).status_code == 200) is wanted
    assert (client.get(reverse("admin:record_anchor")).status_code == 200) is wanted
    file = client.get(reverse("admin:record_pack_file", args=[pack.uuid]))
    assert (file.status_code == 200) is wanted
    if wanted:
        let_go(file)
    for name in ("record_verify", "record_pack"):
        status = client.post(reverse(f"admin:{name}")).status_code
        assert (status != 403) is wanted
        assert client.get(reverse(f"admin:{name}")).status_code == 405
    for method in (client.post, client.put, client.delete):
        assert method(reverse("admin:record")).status_code == 405
    assert ("Record" in client.get(reverse("admin:index")).content.decode()) is wanted


def test_a_stranger_is_led_to_the_sign_in(client):
    assert client.get(reverse("admin:record")).status_code == 302
    assert client.post(reverse("admin:record_verify")).status_code == 302
    assert not Job.objects.exists()


def test_verify_now_runs_as_a_job(auditor, sign_in, django_capture_on_commit_callbacks):
    note()
    seals.seal_record()
    client = sign_in(auditor)

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("admin:record_verify"), follow=True)

    page = answer.content.decode()
    job = Job.objects.get(kind="backoffice.verify_record")
    assert (job.owner, job.state) == (auditor, Job.State.DONE)
    assert Verification.objects.get().change_set.actor == auditor
    assert answer.status_code == 200
    page = client.get(reverse("admin:record")).content.decode()
    assert "Whole" in page
    assert "on request" in Verification.objects.get().change_set.note


def test_a_second_press_shows_the_one_that_runs(auditor, manager, sign_in):
    sign_in(auditor).post(reverse("admin:record_verify"))
    page = sign_in(manager).post(reverse("admin:record_verify"), follow=True).content.decode()

    assert Job.objects.filter(kind="backoffice.verify_record").count() == 1
    assert "bo-job" in page
    assert "Verify now" not in page


def test_a_broken_record_is_said_on_page_card_and_verification(auditor, sign_in):
    row = note()
    seals.seal_record()
    client = sign_in(auditor)
    with unprotected() as sql:
        sql("UPDATE backoffice_auditevent SET kind = 'forged' WHERE id = %s", row.pk)
    verification, _report = seals.verify_record(by=None, reason="")

    sentence = f"backoffice_auditevent: row {row.pk} is not what was sealed."
    assert sentence in client.get(reverse("admin:record")).content.decode()
    one = reverse("admin:backoffice_verification_change", args=[verification.pk])
    assert sentence in client.get(one).content.decode()
    assert "broken since" in client.get(reverse("admin:index")).content.decode()
    listed = client.get(reverse("admin:backoffice_verification_changelist") + "?queue=broken")
    assert sentence in listed.content.decode()


def test_evidence_is_packed_once_and_downloaded(
    auditor, sign_in, django_capture_on_commit_callbacks
):
    note()
    client = sign_in(auditor)
    form = {
        "from_on": "2026-01-01",
        "until_on": "2999-01-01",
        "reason": "the year's audit",
        "idempotency_key": key_of(client.get(reverse("admin:record")).content.decode()),
    }

    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("admin:record_pack"), form)
        client.post(reverse("admin:record_pack"), form)

    pack = EvidencePack.objects.get()
    assert pack.change_set.actor == auditor
    page = client.get(reverse("admin:record")).content.decode()
    assert pack.sha256 in page
    answer = client.get(reverse("admin:record_pack_file", args=[pack.uuid]))
    assert b"".join(answer.streaming_content)[:2] == b"PK"
    let_go(answer)
    assert AuditEvent.objects.get(kind="evidence_downloaded").detail == {"sha256": pack.sha256}


def test_a_pack_asks_for_days_and_a_reason(auditor, sign_in):
    page = sign_in(auditor).post(reverse("admin:record_pack"), {"from_on": "yesterday"})

    assert page.status_code == 422
    assert not Job.objects.filter(kind="backoffice.pack_record").exists()


def test_an_anchor_is_taken_along(auditor, sign_in):
    client = sign_in(auditor)
    assert client.get(reverse("admin:record_anchor")).status_code == 422
    note()
    seals.seal_record()

    answer = client.get(reverse("admin:record_anchor"))

    assert "attachment" in answer["Content-Disposition"]
    anchor = seals.read_anchor(answer.content)
    assert seals.examine(anchor=anchor).is_whole
    assert json.loads(answer.content)["seal"] == seals.record_state().head.number


def test_the_clock_seals_every_few_minutes_and_verifies_every_night():
    assert kinds.find("backoffice.seal_record").every_minutes == 5
    assert kinds.find("backoffice.verify_nightly").every_minutes == 24 * 60
    note()

    for name in ("backoffice.seal_record", "backoffice.verify_nightly"):
        job = jobs.start(name, by=None)
        jobs.execute(job.pk)
        job.refresh_from_db()
        assert job.state == Job.State.DONE, job.error

    assert Verification.objects.get().is_whole
    assert seals.record_state().verified.is_whole
