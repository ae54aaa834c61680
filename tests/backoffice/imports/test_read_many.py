"""A column read as a whole says the same as cell by cell, whatever the cells are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.imports.columns import (
    ChoiceWidget,
    CodeWidget,
    Column,
    CurrencyWidget,
    MomentWidget,
    MoneyWidget,
    PairsWidget,
    PathWidget,
    SlugWidget,
    TextWidget,
    WholeNumberWidget,
    WordsWidget,
    YesNoWidget,
)
from backoffice.imports.parse import Fault

WIDGETS = {
    "text": TextWidget(longest=12),
    "lines": TextWidget(lines=True),
    "code": CodeWidget(longest=8),
    "slug": SlugWidget(longest=10),
    "currency": CurrencyWidget(),
    "choice": ChoiceWidget(["draft", "published"]),
    "money": MoneyWidget(),
    "whole": WholeNumberWidget(),
    "moment": MomentWidget(),
    "yes_no": YesNoWidget(),
    "path": PathWidget(longest=10),
    "words": WordsWidget(longest=10),
    "pairs": PairsWidget(longest=10),
}
# What is nearly right, and what parts cells inside of the engine.
ODD = [
    "", " ", "¦", "a¦b", "12.50¦3.00", "1¦2", " a", "a ", "a\n", "\na", "a\nb", "a\r\nb", "#N/A",
    "00123", "0", "007", "1.5", "1.50", "01.50", "12345678901.00", "999999999", "9999999999",
    "slug-one", "-slug", "Slug", "a--b", "eur", "EUR", "Draft", "draft", "yes", "No", "\x00", "\u200b",
    "x" * 13, "é", "2026-01-02", "a=b", "A > B", "b,a", "\ud800", "１２", "1_000", "1e5", "\u00a012",
]  # fmt: skip
cells = st.one_of(
    st.sampled_from(ODD),
    st.text(max_size=14),
    st.from_regex(r"\A[0-9]{1,4}\.[0-9]{2}\Z"),
    st.from_regex(r"\A[a-z0-9-]{1,8}\Z"),
    st.integers(-5, 10**12),
    st.floats(allow_nan=False, width=32),
    st.booleans(),
    st.none(),
)


def one_by_one(column, some):
    texts, faults = [], {}
    for place, cell in enumerate(some):
        try:
            texts.append(column.write(column.read(cell)))
        except Fault as fault:
            texts.append("")
            faults[place] = fault.code
    return texts, faults


@pytest.mark.parametrize("name", WIDGETS)
@settings(max_examples=60, deadline=None)
@given(some=st.lists(cells, max_size=6))
def test_a_column_is_read_as_its_cells_are(name, some):
    column = Column("x", widget=WIDGETS[name], label="X", help_text="")

    texts, faults = column.read_many(some, {})

    assert (texts, {place: fault.code for place, fault in faults.items()}) == one_by_one(
        column, some
    )


@pytest.mark.parametrize("name", WIDGETS)
@pytest.mark.parametrize("odd", ODD)
def test_each_odd_cell_is_read_alike_beside_good_ones(name, odd):
    column = Column("x", widget=WIDGETS[name], label="X", help_text="")

    for some in ([odd], ["", odd], [odd, odd, ""]):
        texts, faults = column.read_many(some, {})

        assert (texts, {place: f.code for place, f in faults.items()}) == one_by_one(column, some)


@pytest.mark.parametrize("name", ["text", "code", "slug", "money", "whole"])
def test_good_columns_are_seen_to_be_good_in_one_look(name):
    good = {"money": ["1.50", "", "16.00"], "whole": ["0", "12", ""]}.get(name, ["abc", "", "d-1"])

    assert WIDGETS[name].are_canonical(good)
