"""Which column of ours a column of an unknown file could be: by its name, and by its values.

A guess is a proposal on the page where columns are assigned; whatever is unsure stays open there.
What the trade calls its columns, and what is in its tables, a sheet tells by `Hints`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache

from django.utils.translation import gettext_lazy as _

from backoffice.imports import parse
from backoffice.imports.columns import Column, MoneyWidget, PathWidget, WholeNumberWidget
from backoffice.imports.parse import Fault, Text, shown
from backoffice.imports.recipes import REPORT_COLUMNS, named
from backoffice.imports.tables import Table, header_key

ROWS_LOOKED_AT = 200
SAMPLES = 5

# How sure one is: by the whole name, a part of it, a name that is nearly it, or the values.
WHOLE_NAME, PART_OF_NAME, NEARLY_THE_NAME, BY_VALUES = 0.95, 0.8, 0.65, 0.62
ENOUGH = 0.6
ALIKE = 0.84
LONG_ENOUGH = 4
MOST_VALUES = 0.9
SOME_OVERLAP = 0.3
TOO_CLOSE = 0.03
GTIN_LENGTHS = {8, 12, 13, 14}

_AMOUNT = re.compile(r"\D{0,4}\d{1,3}(?:[.,' \u00a0\u202f]?\d{3})*[.,]\d{1,4}\D{0,4}")
_NUMBER = re.compile(r"\D{0,4}-?\d[\d.,' \u00a0\u202f]*\D{0,4}")
_WHOLE = re.compile(r"-?\d{1,3}(?:[.,' \u00a0\u202f]?\d{3})*(?:[.,]0+)?")
_PATH = re.compile(r"[^<>]+?(?: *> *[^<>]+)+")
_NAMES = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o"}


@dataclass(frozen=True)
class Guess:
    """A proposal for one column of the file. ours: "" where nothing is sure enough.

    confidence: from 0 to 1. samples: a few values as they stand in the file.
    """

    ours: str = ""
    confidence: float = 0.0
    why: Text = ""
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hints:
    """What a sheet knows of files that lead to it.

    synonyms: ours → what others call it. overlap: which share of some values is in the table, asked
    for the columns in `overlaps`. looks: ours → whether a value looks like one.
    """

    synonyms: Mapping[str, Collection[str]] = field(default_factory=dict)
    overlap: Callable[[str, Sequence[str]], float] | None = None
    overlaps: Collection[str] = ()
    looks: Mapping[str, Callable[[str], bool]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Claim:
    place: int
    ours: str
    score: float
    why: Text


def guess(
    table: Table, columns: Mapping[str, Column], hints: Hints | None = None
) -> dict[str, Guess]:
    """Return a guess for each column of the file, by its name there.

    Reads the first rows only. Each column of ours is proposed once, or for none of two that claim
    it alike.
    """
    hints = hints or Hints()
    amounts = next((ours for ours, one in columns.items() if one.is_money), "")
    names = named(table.header)
    values = _values(table, len(names))
    claims = [
        claim
        for place, name in enumerate(names)
        if header_key(name) not in REPORT_COLUMNS
        for claim in _claims(place, table.header[place], values[place], columns, hints, amounts)
    ]
    chosen = _settled(claims)
    return {
        name: Guess(
            ours=chosen[place].ours if place in chosen else "",
            confidence=round(chosen[place].score, 2) if place in chosen else 0.0,
            why=chosen[place].why if place in chosen else "",
            samples=tuple(shown(value) for value in list(dict.fromkeys(values[place]))[:SAMPLES]),
        )
        for place, name in enumerate(names)
    }


def is_gtin(text: str) -> bool:
    """Return whether the digits are a GTIN, EAN or UPC with the right check digit.

    >>> is_gtin("4006381333931"), is_gtin("4006381333932")
    (True, False)
    """
    if len(text) not in GTIN_LENGTHS or not (text.isascii() and text.isdigit()):
        return False
    weighted = (int(digit) * (3, 1)[at % 2] for at, digit in enumerate(reversed(text[:-1])))
    return (10 - sum(weighted) % 10) % 10 == int(text[-1])


@lru_cache(maxsize=4_096)
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a column's name, without marks and accents.

    >>> words_of("VK-Preis (brutto)"), words_of("Größe"), words_of("stockOnHand")
    (('vk', 'preis', 'brutto'), ('grosse',), ('stock', 'on', 'hand'))
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    plain = "".join(_NAMES.get(char, char) for char in parted.casefold())
    bare = "".join(
        char for char in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(char)
    )
    return tuple(word for word in re.split(r"[\W_]+", bare) if word)


def _values(table: Table, width: int) -> list[list[str]]:
    """Return what the first rows say in each column, without blanks."""
    values: list[list[str]] = [[] for _place in range(width)]
    for row in table.sample(ROWS_LOOKED_AT).rows:
        for place, cell in enumerate(row[:width]):
            try:
                text = parse.as_text(cell)
            except Fault:
                text = str(cell)
            if text:
                values[place].append(text)
    return values


def _claims(
    place: int,
    name: str,
    values: list[str],
    columns: Mapping[str, Column],
    hints: Hints,
    amounts: str,
) -> Iterable[_Claim]:
    """Yield what a column could be. amounts: ours that amounts without a name stand for."""
    for ours, column in columns.items():
        score, why = _by_name(name, ours, column, hints.synonyms.get(ours, ()))
        by_values, reason = _by_values(values, ours, column, hints, amounts)
        if values and not _can_be(values, column):
            score = 0.0
        if by_values > score:
            score, why = by_values, reason
        elif by_values:
            score += (1 - score) * by_values / 4
        if score >= ENOUGH:
            yield _Claim(place, ours, score, why)


def _by_name(name: str, ours: str, column: Column, synonyms: Collection[str]) -> tuple[float, Text]:
    words = words_of(name)
    whole = "".join(words)
    best: tuple[float, Text] = (0.0, "")
    for known in (ours, str(column.label), *synonyms):
        theirs = words_of(known)
        if not theirs or not words:
            continue
        joined = "".join(theirs)
        if whole == joined:
            return WHOLE_NAME, _("Its name says so.")
        score = 0.0
        if _has_words(words, theirs):
            # The more of the name it is, the better.
            score = PART_OF_NAME + 0.1 * len(joined) / len(whole)
        elif min(len(whole), len(joined)) >= LONG_ENOUGH:
            match = SequenceMatcher(None, whole, joined)
            if match.real_quick_ratio() >= ALIKE and (ratio := match.ratio()) >= ALIKE:
                score = NEARLY_THE_NAME + 0.1 * ratio
        if score > best[0]:
            best = score, str(_("Its name is like “{known}”.")).format(known=known)
    return best


def _has_words(words: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Return whether some words stand next to each other among others."""
    count = len(wanted)
    return any(words[at : at + count] == wanted for at in range(len(words) - count + 1))


def _by_values(
    values: list[str], ours: str, column: Column, hints: Hints, amounts: str
) -> tuple[float, Text]:
    if not values:
        return 0.0, ""
    if hints.overlap is not None and ours in hints.overlaps:
        share = hints.overlap(ours, list(dict.fromkeys(values)))
        if share >= SOME_OVERLAP:
            words = _("{percent} % of its values are here already.")
            return BY_VALUES + 0.35 * share, str(words).format(percent=round(share * 100))
    looks = hints.looks.get(ours)
    if looks is None and isinstance(column.widget, PathWidget):
        looks = _is_path
    if looks is not None and _share(values, looks) >= MOST_VALUES:
        return BY_VALUES + 0.1, _("Its values look like it.")
    if ours == amounts and _share(values, _is_amount) >= MOST_VALUES:
        return BY_VALUES, _("Its values look like amounts.")
    return 0.0, ""


def _can_be(values: list[str], column: Column) -> bool:
    """Return whether a column of numbers has some: a name alone can mislead."""
    if isinstance(column.widget, WholeNumberWidget):
        return _share(values, lambda text: _WHOLE.fullmatch(text) is not None) >= 1 - MOST_VALUES
    if isinstance(column.widget, MoneyWidget):
        return _share(values, lambda text: _NUMBER.fullmatch(text) is not None) >= 1 - MOST_VALUES
    return True


def _is_amount(text: str) -> bool:
    return _AMOUNT.fullmatch(text) is not None


def _is_path(text: str) -> bool:
    return _PATH.fullmatch(text) is not None


def _share(values: Sequence[str], looks: Callable[[str], bool]) -> float:
    return sum(map(looks, values)) / len(values)


def _settled(claims: Iterable[_Claim]) -> dict[int, _Claim]:
    """Return the best claim of each place; of two that are alike, or nearly, neither."""
    chosen: dict[int, _Claim] = {}
    left = sorted(claims, key=lambda claim: (-claim.score, claim.place))
    while left:
        best = left[0]
        rivals = [
            claim
            for claim in left[1:]
            if (claim.place == best.place) != (claim.ours == best.ours)
            and best.score - claim.score < TOO_CLOSE
        ]
        if rivals:
            # Nobody can say which: none of them gets what they quarrel about.
            over = {(claim.place, claim.ours) for claim in (best, *rivals)}
            left = [claim for claim in left if (claim.place, claim.ours) not in over]
            continue
        chosen[best.place] = best
        left = [claim for claim in left if claim.place != best.place and claim.ours != best.ours]
    return chosen
