"""A refusal as a run's row keeps it, and what makes two of them the same."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.text import capfirst

from backoffice.models import BulkRow
from backoffice.refused import Refused

GAP = "…"
REASON_CHARS = 300


class _Gap:
    """Stands for what differs from row to row, whatever way it is to be printed."""

    def __format__(self, spec: str) -> str:
        return GAP

    def __str__(self) -> str:
        return GAP


def note(row: BulkRow, refused: Refused) -> None:
    """Write a refusal into a row; its own name is left out, it stands beside it."""
    row.code = refused.code[:60]
    row.sentence = without(row.title, refused.message)
    row.way_out = refused.way_out
    row.reason = reason_of(row.title, refused)


def reason_of(title: str, refused: Refused) -> str:
    """Return a refusal without its figures, times and names: what rows are grouped by."""
    facts = {name: _kept(name, value, title) for name, value in refused.facts.items()}
    return without(title, without(GAP, str(refused.sentence).format_map(facts)))[:REASON_CHARS]


def _kept(name: str, value: Any, title: str) -> Any:
    is_text = isinstance(value, str | Promise) and name != "key"
    return value if is_text and str(value) != title else _Gap()


def without(title: str, sentence: str) -> str:
    """Drop a row's own name from the head of a sentence, so that equal refusals meet."""
    if title and sentence.startswith(title):
        return capfirst(sentence[len(title) :].lstrip(" :,–"))
    return sentence
