"""Numbers as the world writes them: 1.234,50 and 1,234.50 and 1 234,50. Pure and strict.

What can be read in two ways is not guessed: it stays as it is, for the parser to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

POINT, COMMA = ".", ","
_OTHER = {POINT: COMMA, COMMA: POINT}

# What stands between thousands beside the point or the comma: blanks of every width, apostrophes.
_BLANKS = " \u00a0\u2009\u202f"
_APOSTROPHES = "'\u2019"
# A sign of a currency or a unit, on either side. It stays: whoever wrote it is told to leave it
# out. Letters that touch the digits behind them make a code, not a number.
_PARTS = re.compile(
    r"(?P<before>(?:[^\w\s,.+'\u2019-]{1,3}\s?|[^\W\d_]{1,3}\s)?)(?P<sign>[+-]?)"
    r"(?P<number>[0-9](?:[0-9.,'\u2019 \u00a0\u2009\u202f]*[0-9])?)"
    r"(?P<after>\s?[^\d\s,.+'\u2019-]{0,3})"
)


def detect_decimal(values: Iterable[Any]) -> str:
    """Return the decimal mark of numbers, "" where none of them tells or they contradict.

    values: cells of columns of numbers; what is not text is left out.

    >>> detect_decimal(["1.234,50", "12"]), detect_decimal(["1,234"])
    (',', '')
    """
    told = {_told(value) for value in values if isinstance(value, str)} - {""}
    return told.pop() if len(told) == 1 else ""


def is_number_like(text: str) -> bool:
    """Whether text is a number in somebody's writing.

    >>> is_number_like("€ 1.234,50"), is_number_like("1.2.2024"), is_number_like("12-3")
    (True, False, False)
    """
    found = _PARTS.fullmatch(text.strip())
    return found is not None and any(
        _bare(found["number"], decimal) is not None for decimal in (POINT, COMMA)
    )


def normalised(text: str, decimal: str) -> str:
    """Return a number as Python writes it, or the text unchanged if it is not written rightly.

    decimal: the mark before the decimals; "": nothing is known, so nothing is changed.

    >>> normalised("1.234,50", ","), normalised("1.234", ","), normalised("1.234", ".")
    ('1234.50', '1234', '1.234')
    >>> normalised("12,50", "."), normalised("€ 12,50", ",")
    ('12,50', '€ 12.50')
    """
    if decimal not in _OTHER:
        return text
    found = _PARTS.fullmatch(text.strip())
    if found is None:
        return text
    bare = _bare(found["number"], decimal)
    if bare is None:
        return text
    return f"{found['before']}{found['sign']}{bare}{found['after']}"


def _bare(number: str, decimal: str) -> str | None:
    """Return the digits of a number and a point, or None if the marks are not where they belong."""
    whole, mark, decimals = number.partition(decimal)
    if mark and not (decimals.isascii() and decimals.isdigit()):
        return None
    if not whole.isdigit():
        for marks in (_OTHER[decimal], _BLANKS, _APOSTROPHES):
            # One kind of mark, the same throughout: whoever mixes them means something else.
            kinds = {char for char in whole if not char.isdigit()}
            if len(kinds) == 1 and kinds <= set(marks) and _is_grouped(whole, kinds.pop()):
                whole = re.sub(r"[^0-9]", "", whole)
                break
        else:
            return None
    return f"{whole}.{decimals}" if mark else whole


def _is_grouped(whole: str, mark: str) -> bool:
    """Whether digits stand in threes, and in front one to three of which the first is no zero."""
    first, *groups = whole.split(mark)
    return (
        1 <= len(first) <= 3  # noqa: PLR2004  (thousands)
        and first[0] != "0"
        and all(len(group) == 3 for group in groups)  # noqa: PLR2004
    )


def _told(text: str) -> str:
    """Return the decimal mark that a number can only have, or nothing."""
    found = _PARTS.fullmatch(text.strip())
    if found is None:
        return ""
    number = found["number"]
    if POINT not in number and COMMA not in number:
        return ""
    readings = [mark for mark in (POINT, COMMA) if _bare(number, mark) is not None]
    return readings[0] if len(readings) == 1 else ""
