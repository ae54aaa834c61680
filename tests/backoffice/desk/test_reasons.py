"""Reasons by week, person and code: counted per role, each number leading to its rows."""

from __future__ import annotations

import pytest

from catalog import services as catalog
from tests.backoffice.desk.conftest import click, lines

pytestmark = pytest.mark.django_db


def found(answer):
    return {item["found"].kind.name: item["found"] for item in answer.context["statistics"]}


@pytest.fixture
def adjusted(record, merchandiser):
    with click(merchandiser, "catalog.adjust_stock"):
        catalog.adjust_stock(
            product_id=record.lamp.pk, difference=-2, by=merchandiser, reason="Broken on the shelf"
        )


def test_cancellations_and_adjustments_are_counted_by_reason_person_and_week(
    adjusted, sign_in, auditor
):
    page = sign_in(auditor).get("/admin/audit/reasons/")

    cancelled, stock = found(page)["cancellations"], found(page)["adjustments"]
    assert [(row.label, row.count) for row in cancelled.people] == [("Support", 1)]
    assert cancelled.weeks.values[-1] == 1
    assert len(cancelled.weeks.values) == 13
    assert [(row.label, row.share) for row in stock.reasons] == [("Broken on the shelf", 100)]
    assert "By week" in page.content.decode()


def test_a_number_leads_to_its_rows_at_the_desk(adjusted, sign_in, auditor, look):
    page = sign_in(auditor).get("/admin/audit/reasons/?weeks=4")

    [(_reason, _who, _weeks, total, query)] = found(page)["cancellations"].table
    assert len(lines(look(f"?{query}"))) == total == 1


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        ("auditor", {"cancellations", "refunds", "adjustments"}),
        ("support", {"cancellations", "refunds"}),
        ("merchandiser", {"adjustments"}),
    ],
)
def test_each_role_sees_the_reasons_of_its_own_kind(adjusted, sign_in, request, role, kinds):
    page = sign_in(request.getfixturevalue(role)).get("/admin/audit/reasons/")

    assert set(found(page)) == kinds


def test_rubbish_weeks_are_the_usual_ones(sign_in, auditor, make_user):
    assert sign_in(auditor).get("/admin/audit/reasons/?weeks=%00").status_code == 200
    assert sign_in(make_user(email="x@example.com")).get("/admin/audit/reasons/").status_code == 403
