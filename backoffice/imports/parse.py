"""From one cell's text to a value, or the fault with the words for it. Pure and strict.

Strict means: what a person could have meant in two ways is refused with the way to write it,
never guessed. Python's own readings are too kind (1_000, Arabic-Indic digits, 1e400, NaN).
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

MAX_WHOLE = 2_147_483_647  # the integer column of both databases
WHOLE_DIGITS = 16  # more cannot be in range, and need not be read
MAX_MONEY = Decimal("9999999999.99")

_EXCEL_ERRORS = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!"}
# C0 and C1 controls but TAB and LF, and halves of characters.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_INVISIBLE = (
    _("The cell contains an invisible character (U+{number:04X})."),
    _("Type the text again instead of copying it."),
)
_YEAR_FIRST = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YES = {"yes", "true", "1"}
_NO = {"no", "false", "0"}


class Fault(ValueError):  # noqa: N818  (the word of the trade: a cell has a fault)
    """What is wrong with a cell: a code for machines, a sentence and a way out for people."""

    def __init__(self, code: str, message: Text, hint: Text = "", **facts: Any) -> None:
        self.code = code
        self.message = str(message).format(**facts) if facts else str(message)
        self.hint = str(hint).format(**facts) if facts else str(hint)
        super().__init__(self.message)


def shown(value: Any, limit: int = 40) -> str:
    """Return a value as a sentence may quote it."""
    text = " ".join(str(value).replace("\x00", "\N{REPLACEMENT CHARACTER}").split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def canonical(text: str) -> str:
    """Return text as two sides are compared: line ends are LF, no blanks around."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def as_text(value: Any) -> str:
    """Return a cell as canonical text; a workbook's numbers as a person reads them.

    Refuses: dates, NUL and other control characters, a workbook's error values.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        # Fifteen digits are what a spreadsheet computes with and shows: 0.1 + 0.2 is 0.3 there.
        return format(value, ".15g")
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        raise Fault(
            "date_cell",
            _("The cell is a date ({value})."),
            _("Format the column as text and type the value again."),
            value=shown(value),
        )
    text = canonical(str(value))
    if "\x00" in text:
        raise Fault(
            "nul",
            _("The cell contains a NUL character."),
            _("Export the file again as CSV in UTF-8."),
        )
    if (found := _CONTROL.search(text)) is not None:
        raise Fault(
            "control_character",
            _("The cell contains an invisible control character (U+{number:04X})."),
            _("Type the text again instead of copying it."),
            number=ord(found.group()),
        )
    if text in _EXCEL_ERRORS:
        raise Fault(
            "error_cell",
            _("The cell shows an error of the spreadsheet: {value}."),
            _("Correct its formula, or type the value."),
            value=text,
        )
    return text


def free_text(value: Any, *, longest: int | None = None, lines: bool = False) -> str:
    """Return text for people. lines: line breaks are allowed.

    Refuses: truth values, over-long text, line breaks in a single-line column.
    """
    if isinstance(value, bool):
        raise Fault(
            "truth_cell",
            _("The cell is a truth value, not text."),
            _("Format the column as text and type the value again."),
        )
    text = as_text(value)
    if not lines and ("\n" in text or "\t" in text):
        raise Fault(
            "line_break",
            _("The text has a line break or a tab in it."),
            _("Write it on one line."),
        )
    if longest is not None and len(text) > longest:
        raise Fault(
            "too_long",
            _("The text has {count} characters; {limit} are allowed."),
            _("Shorten it by {more} characters."),
            count=len(text),
            limit=longest,
            more=len(text) - longest,
        )
    return text


def code(value: Any, *, longest: int | None = None) -> str:
    """Return an identifier exactly as written; a number cell has lost its leading zeros.

    Refuses: numbers, and invisible characters: two that look alike would be two products.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise Fault(
            "number_cell",
            _("The cell is a number ({value}): leading zeros and digits after the 15th are lost."),
            _("Format the column as text and type the value again."),
            value=shown(as_text(value)),
        )
    text = free_text(value, longest=longest)
    if hidden := next((char for char in text if unicodedata.category(char) == "Cf"), ""):
        raise Fault("invisible_character", *_INVISIBLE, number=ord(hidden))
    return text


def slug(value: Any, *, longest: int | None = None) -> str:
    """Return a name for addresses. Refuses anything but lower-case letters, digits, hyphens."""
    text = code(value, longest=longest)
    if text and not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", text):
        raise Fault(
            "bad_slug",
            _("“{value}” is no slug: only lower-case letters, digits and hyphens."),
            _("Leave it blank to have one made from the name."),
            value=shown(text),
        )
    return text


def money(value: Any) -> Decimal | None:
    """Return an amount with at most two decimals, 0 or more; None for a blank cell."""
    text = _number_text(value)
    if not text:
        return None
    if re.fullmatch(r"[0-9]+(?:\.[0-9]{1,2})?", text):
        amount = Decimal(text)
        if amount > MAX_MONEY:
            raise Fault("too_large", _("{value} is too large for an amount."), value=shown(text))
        return amount.quantize(Decimal("0.01"))
    if re.fullmatch(r"[0-9]+\.[0-9]{3,}", text):
        raise Fault(
            "too_precise",
            _("{value} has more than two decimal places."),
            _("Round it to cents: {rounded}."),
            value=shown(text),
            rounded=_rounded(text),
        )
    raise _number_fault(text, example="12.50")


def whole_number(value: Any) -> int | None:
    """Return a whole number, 0 or more; None for a blank cell."""
    text = _number_text(value)
    if not text:
        return None
    if re.fullmatch(r"[0-9]+(?:\.0)?", text):
        number = int(text.removesuffix(".0")) if len(text) <= WHOLE_DIGITS else MAX_WHOLE + 1
        if number > MAX_WHOLE:
            raise Fault("too_large", _("{value} is too large."), value=shown(text))
        return number
    if re.fullmatch(r"[0-9]+\.[0-9]+", text):
        raise Fault(
            "not_whole",
            _("{value} is not a whole number."),
            _("Write whole pieces, without decimals."),
            value=shown(text),
        )
    raise _number_fault(text, example="12")


def yes_no(value: Any) -> bool | None:
    """Return a truth value from yes/no, true/false, 1/0; None for a blank cell."""
    text = as_text(value).casefold()
    if not text:
        return None
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise Fault(
        "not_yes_no",
        _("“{value}” is neither yes nor no."),
        _("Write yes or no."),
        value=shown(text),
    )


def one_of(value: Any, choices: Iterable[str]) -> str:
    """Return one of the words, whatever its case."""
    known = list(choices)
    text = free_text(value).casefold()
    if text and text not in known:
        raise Fault(
            "unknown_word",
            _("“{value}” is not one of: {known}."),
            _("Write one of these words."),
            value=shown(text),
            known=", ".join(known),
        )
    return text


def currency(value: Any) -> str:
    """Return a currency as its three-letter ISO code, in capitals."""
    text = free_text(value).upper()
    if text and not re.fullmatch(r"[A-Z]{3}", text):
        raise Fault(
            "bad_currency",
            _("“{value}” is no currency code."),
            _("Write the three letters of ISO 4217, for example EUR."),
            value=shown(text),
        )
    return text


def moment(value: Any) -> dt.datetime | None:
    """Return a point in time as ISO 8601 writes it, in UTC; without an offset it is UTC already.

    Refuses: days without a year of four digits, and what no calendar has, in UTC neither.
    """
    if not isinstance(value, dt.datetime):
        text = free_text(value)
        if not text:
            return None
        # Shopify parts the offset with a blank; Python's reader does not.
        joined = re.sub(r" (?=[+-]\d\d:?\d\d$)", "", text)
        try:
            value = dt.datetime.fromisoformat(joined) if _YEAR_FIRST.match(joined) else text
        except ValueError:
            value = text
    if isinstance(value, dt.datetime):
        try:
            return value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=dt.UTC)
        except OverflowError:
            value = value.isoformat(" ")
    raise Fault(
        "bad_moment",
        _("“{value}” is no date with time."),
        _("Write year, month, day and time: 2026-03-31 14:05."),
        value=shown(value),
    )


def _number_text(value: Any) -> str:
    if isinstance(value, bool):
        raise Fault("truth_cell", _("The cell is a truth value, not a number."))
    return as_text(value)


def _rounded(text: str) -> str:
    return str(Decimal(text).quantize(Decimal("0.01"))) if len(text) <= WHOLE_DIGITS else "…"


def _number_fault(text: str, *, example: str) -> Fault:
    """Return the most helpful words for text that is not a number."""
    bare = re.sub(r"^[^\d\s,.+-]{1,3}\s*|\s*[^\d\s,.+-]{1,3}$", "", text)
    facts = {
        "value": shown(text),
        "example": example,
        "point": text.replace(",", "."),
        "bare": bare,
    }
    if any(char.isdigit() and not char.isascii() for char in text):
        return Fault("foreign_digits", *_FOREIGN_DIGITS, **facts)
    if bare != text and re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", bare):
        return Fault("unit_mark", *_UNIT_MARK, **facts)
    for pattern, code_, message, hint in _NUMBER_FAULTS:
        if pattern.fullmatch(text):
            return Fault(code_, message, hint, **facts)
    return Fault("not_a_number", *_NOT_A_NUMBER, **facts)


_FOREIGN_DIGITS = (
    _("{value} is not written in the digits 0 to 9."),
    _("Write a number such as {example}."),
)
_UNIT_MARK = (_("{value} has more than the number in it."), _("Write only {bare}."))
_NOT_A_NUMBER = (_("“{value}” is not a number."), _("Write a number such as {example}."))
_NUMBER_FAULTS: tuple[tuple[re.Pattern[str], str, Text, Text], ...] = (
    (re.compile(r"-\s*[0-9.]+"), "negative", _("{value} is below zero."), _("Write 0 or more.")),
    (
        re.compile(r"[0-9]+,[0-9]{1,2}"),
        "decimal_comma",
        _("{value} is written with a decimal comma."),
        _("Write {point}."),
    ),
    (
        re.compile(r"[0-9]{1,3}(?:[,.' \u00a0\u202f][0-9]{3})+(?:[.,][0-9]+)?"),
        "thousands_mark",
        _("{value} is written with a mark between thousands."),
        _("Write the digits without it, for example {example}."),
    ),
    (
        re.compile(r"[+-]?[0-9.]+[eE][+-]?[0-9]+"),
        "exponent",
        _("{value} is written with an exponent."),
        _("Write all digits, for example {example}."),
    ),
)
