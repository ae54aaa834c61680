"""Rows past the ORM: what goes in comes out, whatever parts cells and lines in COPY's text."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from backoffice.imports.loading import insert_many
from backoffice.models import ImportTerm
from tests.sheets import csv_of, preview

texts = st.text(
    st.one_of(st.sampled_from("\\\t\n\r'N.|é\u2028"), st.characters(codec="utf-8", min_codepoint=1))
)
rows = st.tuples(texts, st.one_of(st.none(), texts), st.one_of(st.none(), st.integers(0, 2**62)))


@pytest.fixture
def run(merchandiser):
    return preview(csv_of(["sku", "name"], ["CUP", "Cup"]), by=merchandiser)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(blocks=st.lists(st.lists(rows, max_size=4), max_size=3))
@example(blocks=[[("\\N", None, None), ("a\\", "\\.", 0)], [("\t", "\r\n", 7), ("", "\\t", None)]])
@example(blocks=[[], [("after a block of none", "x", 1)], []])
def test_every_text_comes_out_as_it_went_in(run, blocks):
    run.terms.all().delete()

    insert_many(
        ImportTerm,
        ("text", "target_ids", "target_id"),
        [list(zip(*block, strict=True)) or [(), (), ()] for block in blocks],
        same={"run_id": run.pk, "field": "tab\there"},
    )

    found = run.terms.filter(field="tab\there").order_by("pk")
    assert list(found.values_list("text", "target_ids", "target_id")) == list(chain(*blocks))
