"""What is too old goes by a recorded act: the record proves itself as before, and nothing else may."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile

import pytest
from django.core.files.storage import storages
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from backoffice import changes, history, retention, sealed, seals
from backoffice.models import AuditEvent, ExpiredRows, Expiry, Origin, RetentionRule, SealEpoch
from backoffice.refused import NotAllowed, ReasonMissing
from backoffice.retention.expiring import years_before
from backoffice.retention.rules import RuleThere
from backoffice.retention.subjects import UnknownSubject
from backoffice.seals.refusals import RecordIsBroken
from catalog import services
from catalog.models import Product, Tag
from tests.backoffice.retention.conftest import names, years_ago
from tests.backoffice.seals.conftest import unprotected
from tests.orders.factories import boss

pytestmark = pytest.mark.django_db
TABLE = "catalog_historicalproduct"


def expire(reason: str = "the year's end") -> list[retention.Expired]:
    with changes.change(separate=True, action="night"):
        return retention.expire_record(now=timezone.now(), by=None, reason=reason)


def middle_ids(product: Product) -> list[int]:
    """Return the rows that are older than five years and neither first nor last."""
    rows = Product.history.filter(id=product.pk, history_date__lt=years_ago(5))
    return list(rows.order_by("history_id").values_list("history_id", flat=True))[1:]


def test_rows_older_than_the_rule_go_and_first_and_last_stay(mug, rule):
    before = names(mug)
    assert len(before) == 9

    done = expire()

    assert [(one.rule, one.rows) for one in done] == [(rule, len(before) - len(names(mug)))]
    kept = names(mug)
    assert kept[0] == "Mug"
    assert kept[1:] == [f"Mug {year}" for year in (5, 4, 3, 2, 1) if f"Mug {year}" in kept]
    assert "Mug 8" not in kept
    assert "Mug 1" in kept


def test_a_recorded_expiry_leaves_the_record_whole(mug, rule):
    epoch = SealEpoch.objects.count()
    gone = len(middle_ids(mug))

    expire()

    report = seals.examine()
    assert report.is_whole, report.kept()
    assert report.expired == gone
    assert sealed.missing() == []
    assert SealEpoch.objects.count() == epoch  # nothing had to be sealed anew
    seals.seal_record()
    assert seals.examine().is_whole
    assert seals.reconcile_record().is_whole


def test_the_same_deletion_without_the_record_is_found_and_its_first_row_named(mug, rule):
    gone = middle_ids(mug)

    with unprotected() as sql:
        for pk in gone:
            sql(f"DELETE FROM {TABLE} WHERE history_id = %s", pk)

    report = seals.examine()
    assert not report.is_whole
    assert (report.first.kind, report.first.table, report.first.row) == ("missing", TABLE, gone[0])
    assert len(report.findings) == len(gone)


def test_one_row_more_than_was_recorded_is_found(mug, rule):
    expire()
    stays = Product.history.filter(id=mug.pk).order_by("history_id")[1].history_id

    with unprotected() as sql:
        sql(f"DELETE FROM {TABLE} WHERE history_id = %s", stays)

    report = seals.examine()
    assert (report.first.kind, report.first.row) == ("missing", stays)
    assert len(report.findings) == 1


def test_a_changed_row_beside_expired_ones_is_found(mug, rule):
    expire()
    stays = Product.history.filter(id=mug.pk).order_by("history_id")[1].history_id

    with unprotected() as sql:
        sql(f"UPDATE {TABLE} SET name = 'forged' WHERE history_id = %s", stays)

    report = seals.examine()
    assert [(f.kind, f.row) for f in report.findings] == [("changed", stays)]


def test_an_expired_row_that_comes_back_is_found(mug, rule):
    row = Product.history.get(history_id=middle_ids(mug)[0])
    expire()

    with unprotected():
        row.name = "never so"
        row.save(force_insert=True)

    assert [(f.kind, f.row) for f in seals.examine().findings] == [("inserted", row.history_id)]


def test_a_forged_digest_of_an_expired_row_proves_nothing(mug, rule):
    gone = middle_ids(mug)
    expire()
    seals.seal_record()
    record = ExpiredRows.objects.get()

    with unprotected() as sql:
        forged = "A" * len(record.digests.rstrip("=")) + "=" * record.digests.count("=")
        sql("UPDATE backoffice_expiredrows SET digests = %s WHERE id = %s", forged, record.pk)

    found = {(f.kind, f.table) for f in seals.examine().findings}
    assert ("changed", "backoffice_expiredrows") in found
    assert ("missing", TABLE) in found
    assert gone


def test_a_tampered_row_cannot_hide_by_expiring(mug, rule):
    with unprotected() as sql:
        sql(f"UPDATE {TABLE} SET name = 'forged' WHERE history_id = %s", middle_ids(mug)[0])

    with pytest.raises(RecordIsBroken):
        expire()

    assert not Expiry.objects.exists()
    assert sealed.missing() == []
    assert len(names(mug)) == 9


def test_protection_is_lifted_for_that_deletion_only(mug, rule):
    expire()
    pk = Product.history.filter(id=mug.pk).order_by("history_id")[0].history_id

    # Past the guard of our own code: the database is what is asked.
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        history.writing(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"DELETE FROM {TABLE} WHERE history_id = %s", [pk])


def test_what_expired_is_an_event_with_its_reason(mug, rule):
    expire("ticket 12")

    event = AuditEvent.objects.get(kind="history_expired")
    assert (event.detail["table"], event.detail["rows"]) == (TABLE, Expiry.objects.get().row_count)
    assert event.change_set.note == "ticket 12"
    assert event.change_set == Expiry.objects.get().change_set


def test_a_second_run_finds_nothing(mug, rule):
    expire()

    assert expire() == []
    assert Expiry.objects.count() == 1


def test_without_keeping_the_ends_a_deleted_object_goes_whole_and_a_live_one_keeps_its_last(mug):
    with changes.change(separate=True, at=years_ago(8)):
        tag = services.create_tag(name="old", by=boss(), reason="")
    key = tag.pk
    with changes.change(separate=True, at=years_ago(7)):
        services.delete_tag(tag_id=tag.pk, by=boss(), reason="")
    with changes.change(separate=True, at=years_ago(7)):
        living = services.create_tag(name="living", by=boss(), reason="")
    retention.make_retention_rule(
        model="catalog.Tag", keep_years=5, keeps_ends=False, by=boss(), reason="the law"
    )

    expire()

    assert not Tag.history.filter(id=key).exists()
    assert Tag.history.filter(id=living.pk).count() == 1
    assert seals.examine().is_whole
    assert seals.reconcile_record().is_whole


def test_rows_expire_only_after_they_were_sealed_and_the_next_epoch_forgets_them(mug, rule):
    expire()

    seals.close_epoch(by=None, reason="a restore")
    seals.seal_record()

    report = seals.examine()
    assert report.is_whole
    assert report.expired == 0


def test_a_rule_that_is_off_does_nothing(mug, rule):
    retention.edit_retention_rule(
        rule_id=rule.pk, values={"is_active": False}, by=boss(), reason="a lawsuit"
    )

    assert expire() == []


def test_personal_data_of_the_record_are_erased_with_an_event_each(mug):
    retention.make_retention_rule(
        model="backoffice.Origin", keep_years=5, by=boss(), reason="no longer needed"
    )
    seals.seal_record()
    due = Origin.objects.filter(change_set__at__lt=years_ago(5)).count()

    expire()

    assert due == Origin.objects.exclude(erased_at=None).count() > 0
    assert AuditEvent.objects.filter(kind=AuditEvent.ERASURE).count() == due
    report = seals.examine()
    assert report.is_whole
    assert report.erased == due


def test_a_pack_with_expired_rows_is_proved_without_us(mug, rule, tmp_path):
    expire()
    pack = seals.make_pack(from_at=None, until_at=None, by=None, reason="")
    with storages["private"].open(pack.file) as file, zipfile.ZipFile(file) as zip_file:
        zip_file.extractall(tmp_path)

    def prove() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(tmp_path / "verify.py")]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    whole = prove()
    assert whole.returncode == 0, whole.stdout
    assert "expired by recorded acts" in whole.stdout

    # A row that is put aside as expired, and that no act names, is no row that expired.
    rows = tmp_path / "rows" / f"{TABLE}.jsonl"
    lines = rows.read_text().splitlines()
    place = next(i for i, line in enumerate(lines) if not line.startswith("{"))
    lines[place] = json.dumps({"expired": hashlib.sha256(lines[place].encode()).hexdigest()})
    rows.write_text("\n".join(lines) + "\n")
    assert "is not what was sealed" in prove().stdout


def test_by_hand(mug, rule, capsys):
    call_command("audit", "expire", "--dry-run", "--format", "json")
    dry = json.loads(capsys.readouterr().out)
    with changes.change(separate=True):
        call_command("audit", "expire", "--reason", "by hand", "--format", "json")
    done = json.loads(capsys.readouterr().out)

    assert dry["rows"] == done["rows"] > 0
    assert dry["is_dry_run"]
    assert Expiry.objects.get().change_set.note == "by hand"


def test_29_february_is_the_28th_of_other_years():
    leap = timezone.now().replace(year=2024, month=2, day=29)

    assert years_before(leap, 5).day == 28
    assert years_before(leap, 4).day == 29


def test_rules_are_for_administrators_and_need_a_reason(admin, manager, mug):
    made = {"model": "catalog.Product", "keep_years": 5}
    with pytest.raises(NotAllowed):
        retention.make_retention_rule(**made, by=manager, reason="mine")
    with pytest.raises(ReasonMissing):
        retention.make_retention_rule(**made, by=admin, reason=" ")
    with pytest.raises(UnknownSubject):
        retention.make_retention_rule(model="auth.Group", keep_years=5, by=admin, reason="law")
    with changes.change(separate=True):
        rule = retention.make_retention_rule(**made, by=admin, reason="law")
    with pytest.raises(RuleThere):
        retention.make_retention_rule(**made, by=admin, reason="law")
    with pytest.raises(NotAllowed):
        retention.expire_record(now=timezone.now(), by=manager, reason="mine")
    with pytest.raises(ReasonMissing):
        retention.expire_record(now=timezone.now(), by=admin, reason="")
    assert RetentionRule.history.get(id=rule.pk).change_set.note == "law"


def test_the_rules_have_a_page(admin, auditor, manager, sign_in, rule):
    expire()
    url = "/admin/backoffice/retentionrule/"

    page = sign_in(admin).get(url)

    assert "Products: history" in page.content.decode()
    assert sign_in(auditor).get(url).status_code == 200
    assert sign_in(manager).get(url).status_code == 403
    assert sign_in(auditor).get(f"{url}add/").status_code == 403
    made = sign_in(admin).post(
        f"{url}add/",
        {"model": "orders.Order", "keep_years": "10", "is_active": "on", "reason": "the law"},
    )
    assert made.status_code == 302, made.context["adminform"].form.errors
    assert RetentionRule.objects.get(model="orders.Order").keep_years == 10
