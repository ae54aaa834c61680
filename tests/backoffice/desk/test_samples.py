"""Samples: filters kept under a name, rows pinned to them; one's own, or shared."""

from __future__ import annotations

import pytest

from backoffice.desk import samples
from backoffice.desk.asking import FiltersNotUnderstood, NotAtTheDesk
from backoffice.models import AuditPin, AuditSample
from backoffice.refused import BadValue, NotAllowed, UnknownRow
from tests.backoffice.desk.conftest import lines

pytestmark = pytest.mark.django_db


@pytest.fixture
def sample(record, auditor):
    return samples.keep_sample(
        name="Prices", query="field=catalog.product.price", note="Quarter", by=auditor
    )


def test_a_sample_keeps_the_filters_under_a_name(sign_in, auditor, record):
    client = sign_in(auditor)
    answer = client.post(
        "/admin/audit/samples/keep/",
        {"name": "Prices", "query": "field=catalog.product.price&after=1~event~1", "note": "Q1"},
    )

    kept = AuditSample.objects.get()
    assert answer.url == f"/admin/audit/samples/{kept.uuid}/"
    assert (kept.query, kept.is_shared, kept.owner) == (
        "field=catalog.product.price",
        False,
        auditor,
    )
    assert kept.history.get().change_set.actor == auditor
    assert "Prices" in client.get("/admin/audit/samples/").content.decode()


def test_rows_are_pinned_judged_and_taken_out(sign_in, auditor, sample, look):
    rows = [line.row for line in lines(look("?field=catalog.product.price"))]
    client = sign_in(auditor)
    client.post("/admin/audit/pin/", {"sample": sample.uuid, "rows": rows, "note": "why twice?"})
    client.post("/admin/audit/pin/", {"sample": sample.uuid, "rows": rows})

    first, second = AuditPin.objects.all()
    client.post(f"/admin/audit/pins/{first.pk}/judge/", {"verdict": "wrong", "note": "No order"})
    client.post(f"/admin/audit/pins/{second.pk}/judge/", {"unpin": "1"})

    page = client.get(f"/admin/audit/samples/{sample.uuid}/")
    [row] = page.context["rows"]
    assert (row["pin"].verdict, row["pin"].note) == ("wrong", "No order")
    assert "Not in order" in page.content.decode()
    assert AuditPin.history.filter(history_type="-").count() == 1


def test_others_see_a_sample_only_when_it_is_shared(sign_in, auditor, manager, sample):
    client = sign_in(manager)
    address = f"/admin/audit/samples/{sample.uuid}/"
    assert client.get(address).status_code == 404

    samples.share_sample(sample_id=sample.pk, is_shared=True, by=auditor)

    assert client.get(address).status_code == 200
    assert client.post(f"{address}away/").status_code == 404
    with pytest.raises(UnknownRow):
        samples.pin_rows(sample_id=sample.pk, rows=["event~1"], by=manager)


def test_whoever_sees_less_sees_fewer_rows_of_a_shared_sample(
    sign_in, auditor, support, sample, look
):
    rows = [line.row for line in lines(look("?field=catalog.product.price"))]
    samples.pin_rows(sample_id=sample.pk, rows=rows, by=auditor)
    samples.share_sample(sample_id=sample.pk, is_shared=True, by=auditor)

    page = sign_in(support).get(f"/admin/audit/samples/{sample.uuid}/")

    assert page.context["rows"] == []
    assert page.context["hidden"] == len(rows)


def test_a_sample_that_is_put_away_leaves_its_name_free(auditor, sample):
    with pytest.raises(samples.SampleNameTaken):
        samples.keep_sample(name="Prices", query="", by=auditor)

    samples.put_away_sample(sample_id=sample.pk, by=auditor, reason="done")

    assert samples.keep_sample(name="Prices", query="", by=auditor).pk != sample.pk


def test_what_cannot_be_kept_is_refused(record, auditor, support, make_user, sample):
    with pytest.raises(NotAtTheDesk):
        samples.keep_sample(name="A", query="", by=make_user())
    with pytest.raises(NotAllowed):
        samples.keep_sample(name="A", query="", by=support, is_shared=True)
    with pytest.raises(FiltersNotUnderstood):
        samples.keep_sample(name="A", query="nope=1", by=auditor)
    for name in ("", "   ", "x" * 81):
        with pytest.raises(BadValue):
            samples.keep_sample(name=name, query="", by=auditor)
    with pytest.raises(samples.NothingChosen):
        samples.pin_rows(sample_id=sample.pk, rows=[], by=auditor)
    for row in ("event~9999999", "auth.user~1", "rubbish", "event~-1"):
        with pytest.raises(UnknownRow):
            samples.pin_rows(sample_id=sample.pk, rows=[row], by=auditor)


def test_doors_answer_refusals_with_their_sentence(sign_in, auditor, sample):
    client = sign_in(auditor)

    taken = client.post("/admin/audit/samples/keep/", {"name": "Prices"})
    rubbish = client.post("/admin/audit/pin/", {"sample": sample.uuid, "rows": ["x"]})

    assert taken.status_code == 409
    assert "already" in taken.content.decode()
    assert rubbish.status_code == 404
    assert client.post("/admin/audit/pin/", {"sample": "rubbish"}).status_code == 404
    assert client.get("/admin/audit/pin/").status_code == 405
