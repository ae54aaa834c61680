"""The text of a row: one rule a column, the same on both databases."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice import changes, sealed
from backoffice.models import AuditEvent, ChangeSet
from backoffice.seals.canonical import jsonb_text, layout_of, layouts, text_of
from backoffice.seals.hashing import FIRST_ID, Reader, pack_ids, unpack_ids
from catalog.models import Product
from tests.backoffice.seals.conftest import note
from tests.forging import past_the_guard

HistoricalProduct = Product.history.model

# What PostgreSQL can hold, and everything that JSON has to escape.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
plain_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | texts
    | st.sampled_from([0.1, 1e-7, 1e22, -0.0, 2.50]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


def entry_of(model):
    return next(e for e in sealed.registry() if e.model is model)


def expected(layout, row) -> str:
    """What a reader of the documentation would write down for a row."""

    def cell(name: str, kind: str) -> str:  # noqa: PLR0911  (one for each kind)
        value = getattr(row, next(f.attname for f in row._meta.concrete_fields if f.column == name))
        if value is None:
            return "null"
        if kind.startswith("decimal:"):
            return f"{Decimal(value):.{kind[8:]}f}"
        if kind == "int":
            return str(value)
        if kind == "bool":
            return "true" if value else "false"
        if kind == "time":
            moment = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
            return f'"{moment.rstrip("0").rstrip(".")}"'
        if kind == "json":
            return json.dumps(
                jsonb_text(json.loads(json.dumps(value), parse_float=Decimal)), ensure_ascii=False
            )
        return json.dumps(str(value), ensure_ascii=False)

    return "[" + ", ".join(cell(name, kind) for name, kind in layout.columns) + "]"


def text_now(layout, pk: int) -> str:
    ((_pk, text),) = Reader(layout).texts(pk - 1, pk)
    return text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=texts, other=texts, detail=plain_json, micro=st.integers(0, 999_999))
def test_a_row_reads_as_documented_whatever_is_in_it(
    db, ambient_change, text, other, detail, micro
):
    with changes.change(action="x", note=text, reason_code=other[:40], separate=True) as change:
        pk = change.row().pk
    event = AuditEvent.objects.create(
        change_set_id=pk,
        kind=other[:60],
        at=datetime(2026, 1, 2, 3, 4, 5, micro, tzinfo=UTC),
        detail={"value": detail},
    )

    for model, key in ((ChangeSet, pk), (AuditEvent, event.pk)):
        layout = layout_of(entry_of(model))
        assert text_now(layout, key) == expected(layout, model.objects.get(pk=key))


@pytest.mark.django_db
@pytest.mark.parametrize("price", ["0.00", "12.50", "9999999999.99", "-3.10"])
@pytest.mark.parametrize("cost", [None, "0.10"])
def test_numbers_carry_their_scale_and_nothing_is_not_nought(price, cost):
    row = HistoricalProduct(
        id=1, uuid=uuid.uuid4(), sku="A", price=Decimal(price), cost=cost and Decimal(cost),
        history_date=datetime(2026, 1, 1, tzinfo=UTC), history_type="+",
        change_set=changes.require(), options={"size": "XL", "b": 1}, barcode="",
    )  # fmt: skip
    with past_the_guard():
        row.save()
    layout = layout_of(entry_of(HistoricalProduct))

    text = text_now(layout, row.pk)

    row.refresh_from_db()
    assert text == expected(layout, row)
    cells = dict(
        zip((n for n, _k in layout.columns), json.loads(text, parse_float=str), strict=True)
    )
    assert cells["price"] == price
    assert cells["cost"] == cost
    assert (cells["barcode"], cells["history_change_reason"]) == ("", None)
    assert cells["history_date"] == "2026-01-01T00:00:00"


@pytest.mark.django_db
def test_digests_of_the_database_are_those_of_hashlib():
    rows = [note(n=n) for n in range(5)]
    layout = layout_of(entry_of(AuditEvent))
    reader = Reader(layout)
    lines = [text.encode() for _pk, text in reader.texts(rows[0].pk - 1, rows[-1].pk)]
    digests = [hashlib.sha256(line).digest() for line in lines]

    ((count, digest),) = reader.digests([(rows[0].pk - 1, rows[-1].pk)])
    block = reader.next_block(rows[0].pk - 1, rows[-1].pk)

    assert count == block.count == len(rows)
    assert digest == block.digest == hashlib.sha256(b"".join(digests)).hexdigest()
    assert block.marks == b"".join(digest[:8] for digest in digests)
    assert unpack_ids(block.ids) == [row.pk for row in rows]


@given(st.lists(st.integers(FIRST_ID + 1, 2**62), unique=True).map(sorted))
def test_packed_ids_come_back(ids):
    small = [pk for pk in ids if abs(pk) < 2**61]
    assert unpack_ids(pack_ids(small)) == small


def test_no_personal_column_is_in_a_layout():
    personal = {
        e.table: {*e.erasable_columns, "erased_at"} for e in sealed.registry() if e.erasable
    }

    for layout in layouts():
        names = {name for name, _kind in layout.columns}
        assert not names & personal.get(layout.table, set())
        if layout.table in personal:
            assert "commitment" in names
    assert {"backoffice_origin", "orders_contact", "orders_address", "orders_message"} <= set(
        personal
    )


def test_values_of_a_wrong_kind_have_a_text_of_their_own():
    layout = next(x for x in layouts() if x.table == "catalog_stockmovement")
    kinds = [kind for _name, kind in layout.columns]
    proper = {"int": 1, "uuid": "0" * 32, "text": "a", "time": "2026-01-01 00:00:00"}
    values = [proper[kind] for kind in kinds]
    seen = {text_of(layout, values)}

    for place, kind in enumerate(kinds):
        for odd in ("1.5", 1.5, b"a", "2026-13", 2 if kind != "int" else "1"):
            if kind == "text" and isinstance(odd, str):
                continue
            forged = [*values[:place], odd, *values[place + 1 :]]
            text = text_of(layout, forged)
            assert text not in seen
            json.loads(text)


@pytest.mark.django_db
def test_a_number_of_more_places_than_its_rule_is_seen():
    if connection.vendor != "sqlite":
        pytest.skip("needs SQLite: PostgreSQL rounds at the door")
    layout = layout_of(entry_of(HistoricalProduct))
    values = [None] * len(layout.columns)
    place = [name for name, _kind in layout.columns].index("price")

    texts_of = []
    for price in (1.5, 1.504, 2):
        values[place] = price
        texts_of.append(json.loads(text_of(layout, values), parse_float=str)[place])

    assert texts_of == ["1.50", "1.504", "2.00"]
