"""Numbers as the world writes them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.imports.numbers import detect_decimal, is_number_like, normalised


@pytest.mark.parametrize(
    ("text", "decimal", "found"),
    [
        ("1.234,50", ",", "1234.50"),
        ("1.234", ",", "1234"),
        ("1.234", ".", "1.234"),
        ("1,234", ".", "1234"),
        ("1,234", ",", "1.234"),
        ("229,932.50", ".", "229932.50"),
        ("1.234.567,8", ",", "1234567.8"),
        ("12,5", ",", "12.5"),
        ("0,500", ",", "0.500"),
        ("12", ",", "12"),
        ("1 234,50", ",", "1234.50"),
        ("1\u00a0234,50", ",", "1234.50"),
        ("1\u202f234\u202f567,50", ",", "1234567.50"),
        ("1\u2009234.5", ".", "1234.5"),
        ("1'234.50", ".", "1234.50"),
        ("1’234.50", ".", "1234.50"),
        ("-1.234,50", ",", "-1234.50"),
        (" 12,50 ", ",", "12.50"),
        ("€ 12,50", ",", "€ 12.50"),
        ("12,50 €", ",", "12.50 €"),
        ("1.234,50 kg", ",", "1234.50 kg"),
    ],
)
def test_normalised_writes_a_number_as_python_does(text, decimal, found):
    assert normalised(text, decimal) == found


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("1,23", "."),
        ("12,3456", "."),
        ("1.23,5", ","),
        ("12.34.567", ","),
        ("1234.567", ","),
        ("1.2345", ","),
        ("0.123", ","),
        ("012.345", ","),
        ("1,234.50", ","),
        ("1.234.567", "."),
        ("1,2,3", ","),
        ("1,,5", ","),
        (",5", ","),
        ("5,", ","),
        ("1 23", "."),
        ("1 234'567", "."),
        ("1.234 567", ","),
        ("1 234\u00a0567", "."),
        ("1  234", "."),
        ("1_000", "."),
        ("1e5", "."),
        ("٣,٥", ","),
        ("1٢٣٤,5", ","),
        ("12-3", ","),
        ("12,5-", ","),
        ("--5", ","),
        ("3 x 4,5", ","),
        ("abc", ","),
        ("", ","),
        ("2024-01-02", ","),
        ("1.2.2024", ","),
    ],
)
def test_normalised_leaves_what_is_not_written_rightly_to_be_refused(text, decimal):
    assert normalised(text, decimal) == text


@pytest.mark.parametrize("text", ["1.234,50", "1,234", "12,5", "1 234"])
def test_normalised_changes_nothing_as_long_as_the_mark_is_not_known(text):
    assert normalised(text, "") == text


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["1.234,50"], ","),
        (["229,932.50"], "."),
        (["12,5", "7"], ","),
        (["12.5"], "."),
        (["0,500"], ","),
        (["1.234.567"], ","),
        (["1,234,567"], "."),
        (["1234,567"], ","),
        (["1,234", "2,666"], ""),
        (["1.234", "12,50"], ","),
        (["12", "1 234", ""], ""),
        (["12.50", "12,50"], ""),
        (["1 234,5"], ","),
        (["€ 12,50", "n/a"], ","),
        ([12.5, None, True], ""),
        (["1.2.2024", "10.0.0.1"], ""),
        ([], ""),
    ],
)
def test_detect_decimal_takes_only_what_can_be_read_in_one_way(values, found):
    assert detect_decimal(values) == found


@pytest.mark.parametrize("text", ["12", "1.234,50", "€ 5", "5 kg", "-3,5", "1'000"])
def test_numbers_are_told_from_other_text(text):
    assert is_number_like(text)


@pytest.mark.parametrize("text", ["", "abc", "1.2.2024", "A12", "12 34", "1/2", "10:30"])
def test_other_text_is_told_from_numbers(text):
    assert not is_number_like(text)


amounts = st.decimals(min_value=0, max_value=10**12, places=2)


@given(
    amount=amounts, decimal=st.sampled_from(".,"), mark=st.sampled_from(["", ".", ",", " ", "'"])
)
def test_an_amount_that_is_written_in_any_way_is_read_as_it_was(amount, decimal, mark):
    if mark == decimal:
        mark = ""
    text = f"{amount:,.2f}".replace(",", "M").replace(".", decimal).replace("M", mark)

    assert Decimal(normalised(text, decimal)) == amount


@given(amount=amounts, decimal=st.sampled_from(".,"))
def test_what_is_detected_from_an_amount_reads_it(amount, decimal):
    text = f"{amount:.2f}".replace(".", decimal)

    assert detect_decimal([text]) == decimal


@given(
    text=st.text(alphabet="0123456789.,' -+€x\u00a0", max_size=12), decimal=st.sampled_from(".,")
)
def test_nothing_is_lost_or_made_up_on_the_way(text, decimal):
    found = normalised(text, decimal)

    assert [c for c in found if c.isdigit()] == [c for c in text if c.isdigit()]
    if "," in found:
        assert found == text
