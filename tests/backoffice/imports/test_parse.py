"""Strict readings of single cells: each trap of spreadsheets is a row here."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from backoffice.imports import compound, parse
from backoffice.imports.parse import Fault


def fault_of(read, value):
    with pytest.raises(Fault) as caught:
        read(value)
    return caught.value


@pytest.mark.parametrize(
    ("text", "amount"),
    [("12.50", "12.50"), ("12", "12.00"), ("0", "0.00"), (" 7.5 ", "7.50"), (65.0, "65.00")],
)
def test_money_reads_plain_amounts(text, amount):
    assert parse.money(text) == Decimal(amount)


def test_money_of_a_blank_cell_is_nothing():
    assert parse.money("  ") is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("12,50", "decimal_comma"),
        ("1e400", "exponent"),
        ("1E5", "exponent"),
        ("NaN", "not_a_number"),
        ("inf", "not_a_number"),
        ("Infinity", "not_a_number"),
        ("-4.50", "negative"),
        ("abc", "not_a_number"),
        ("1_000", "not_a_number"),
        ("٠١٢", "foreign_digits"),
        ("１２", "foreign_digits"),
        ("9.999", "too_precise"),
        ("1,234.50", "thousands_mark"),
        ("1.234.567", "thousands_mark"),
        ("1 234", "thousands_mark"),
        ("€ 12.50", "unit_mark"),
        ("12.50 EUR", "unit_mark"),
        ("+5", "not_a_number"),
        ("0x10", "not_a_number"),
        ("99999999999.00", "too_large"),
        ("9" * 5_000, "too_large"),
        (True, "truth_cell"),
        (dt.datetime(2026, 1, 2), "date_cell"),
        (float("inf"), "not_a_number"),
        (1e300, "exponent"),
    ],
)
def test_money_refuses_what_is_not_plainly_an_amount(text, code):
    assert fault_of(parse.money, text).code == code


def test_money_says_how_a_decimal_comma_is_written():
    assert fault_of(parse.money, "12,50").hint == "Write 12.50."


def test_money_never_shows_a_python_class():
    for text in ("abc", "1e400", "12,50", "NaN"):
        assert "decimal" not in f"{fault_of(parse.money, text)!s}".lower().replace(
            "decimal comma", ""
        )


def test_money_reads_what_a_spreadsheet_computed_with_its_rounding_error():
    assert parse.money(0.1 + 0.2) == Decimal("0.30")


@pytest.mark.parametrize(("text", "number"), [("12", 12), (12.0, 12), ("12.0", 12), (0, 0)])
def test_whole_number_reads_whole_numbers(text, number):
    assert parse.whole_number(text) == number


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1.9", "not_whole"),
        (1.9, "not_whole"),
        ("1.000", "not_whole"),
        ("-3", "negative"),
        (-3, "negative"),
        ("heavy", "not_a_number"),
        ("1_000", "not_a_number"),
        ("٣", "foreign_digits"),
        ("2147483648", "too_large"),
        ("9" * 4_400, "too_large"),
    ],
)
def test_whole_number_refuses_what_would_have_to_be_rounded_or_guessed(text, code):
    assert fault_of(parse.whole_number, text).code == code


def test_code_keeps_every_leading_zero_of_text():
    assert parse.code("00123") == "00123"


@pytest.mark.parametrize("cell", [123, 123.0, 1.2345678901234567e18])
def test_code_refuses_a_number_cell_and_says_why(cell):
    fault = fault_of(parse.code, cell)

    assert fault.code == "number_cell"
    assert "leading zeros" in fault.message
    assert "as text" in fault.hint


@pytest.mark.parametrize("text", ["MUG\u200b", "\u202eGUM", "M\u00adUG", "\ufeffMUG"])
def test_code_refuses_what_nobody_can_see(text):
    assert fault_of(parse.code, text).code == "invisible_character"


def test_code_refuses_a_truth_value():
    assert fault_of(parse.code, True).code == "truth_cell"


def test_free_text_refuses_nul_and_other_controls_by_name():
    assert fault_of(parse.free_text, "mug\x00").code == "nul"
    assert fault_of(parse.free_text, "mu\x0bg").code == "control_character"
    assert "U+000B" in fault_of(parse.free_text, "mu\x0bg").message


def test_free_text_says_how_much_is_too_long():
    fault = fault_of(lambda text: parse.free_text(text, longest=200), "x" * 300)

    assert fault.message == "The text has 300 characters; 200 are allowed."
    assert "100" in fault.hint


def test_free_text_refuses_a_line_break_where_only_one_line_is_meant():
    assert fault_of(parse.free_text, "two\nlines").code == "line_break"
    assert parse.free_text("two\r\nlines", lines=True) == "two\nlines"


def test_free_text_refuses_an_error_of_the_spreadsheet():
    assert fault_of(parse.free_text, "#REF!").code == "error_cell"


@pytest.mark.parametrize("text", ["yes", "TRUE", "1", True, 1.0])
def test_yes_no_reads_yes(text):
    assert parse.yes_no(text) is True


@pytest.mark.parametrize("text", ["no", "False", "0", False])
def test_yes_no_reads_no(text):
    assert parse.yes_no(text) is False


def test_yes_no_refuses_maybe():
    assert fault_of(parse.yes_no, "maybe").code == "not_yes_no"


def test_one_of_names_the_words_that_are_known():
    fault = fault_of(lambda text: parse.one_of(text, ["draft", "published"]), "live")

    assert "draft, published" in fault.message


def test_slug_refuses_capitals_and_spaces():
    assert fault_of(parse.slug, "Bad Slug!").code == "bad_slug"


def test_currency_takes_three_letters():
    assert parse.currency("eur") == "EUR"
    assert fault_of(parse.currency, "EURO").code == "bad_currency"


def test_path_refuses_an_empty_level():
    assert compound.path("Kitchen > Coffee") == ("Kitchen", "Coffee")
    assert fault_of(compound.path, "Kitchen > > Mugs").code == "empty_level"


def test_words_are_kept_once_in_alphabetical_order():
    assert compound.words("wool, Gift,,gift") == ("Gift", "wool")


def test_pairs_read_what_joined_pairs_writes_whatever_is_inside():
    options = {"Size; fit": "M=medium", "Colour": "back\\slash"}

    assert compound.pairs(compound.joined_pairs(options)) == options


@pytest.mark.parametrize("text", ["Slate", "=Slate", "Colour="])
def test_pairs_refuse_what_is_no_name_with_a_value(text):
    assert fault_of(compound.pairs, text).code == "bad_options"


def test_pairs_refuse_an_option_that_is_given_twice():
    assert fault_of(compound.pairs, "Size=M; Size=L").code == "option_twice"
