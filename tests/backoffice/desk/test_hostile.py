"""Whatever stands in an address of the desk is answered with a sentence, and never with everything."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db

RUBBISH = [
    "since=rubbish",
    "since=2025-13-45",
    "until=99999-01-01",
    "since=0001-01-01",
    "since=2025-02-02&until=2025-01-01",
    "when=always",
    "what=orders.nothing",
    "what=auth.user",
    "field=catalog.product.password",
    "field=backoffice.user.email",
    "field=catalog.product.price&old=dear",
    "field=catalog.product.price&new=1e5000000",
    "field=catalog.product.weight_grams&new=99999999999999999999999999",
    "old=3",
    "step=orders.order.vanish",
    "how=stolen",
    "channel=telepathy",
    "who=nobody",
    "who=00000000-0000-0000-0000-000000000000",
    "set=0x1",
    "set=99999999999999999999999",
    "set=00000000-0000-0000-0000-000000000000",
    "run=abc",
    "job=-1",
    "ip=somewhere",
    "object=NOTHING-LIKE-IT",
    "object=%00",
    "reason=%00",
    "event=%00",
    "request=%00",
    "row=orders.order",
    "row=orders.order~99999999999999999999999",
    "row=auth.user~1",
    "after=zz",
    "after=1~auth.user~1",
    "after=99999999999999999999~event~1",
    "after=1~event~99999999999999999999",
    "after=%00",
    "nope=1",
    "ip=10.0.0.1&ip=10.0.0.2",
    "reason=" + "a" * 5000,
]


@pytest.mark.parametrize("query", RUBBISH)
def test_rubbish_is_answered_with_a_sentence_and_no_row(record, look, query):
    page = look(f"?{query}", status=422)

    assert page.context["rows"] == []
    assert 'role="alert"' in page.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "reason=%25_%27%22%3B--",
        "object=%25&what=orders.order",
        "set=424242",
        "event='; DROP TABLE x",
    ],
)
def test_what_finds_nothing_says_so(record, look, sign_in, auditor, query):
    answer = sign_in(auditor).get(f"/admin/audit/?{query}")

    assert answer.status_code in {200, 422}
    assert answer.context["rows"] == []


@pytest.mark.parametrize("query", RUBBISH)
def test_facets_of_rubbish_are_a_sentence(record, sign_in, auditor, query):
    if query.startswith("after="):
        return
    answer = sign_in(auditor).get(f"/admin/audit/facets/?{query}")

    assert answer.status_code == 200
    assert "bo-note-danger" in answer.content.decode()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_desk_is_only_read(sign_in, auditor, method):
    client = sign_in(auditor)

    assert getattr(client, method)("/admin/audit/").status_code == 405
    assert getattr(client, method)("/admin/audit/facets/").status_code == 405
