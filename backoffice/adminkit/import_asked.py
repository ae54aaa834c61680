"""What is asked of a run's page: where in its rows, which cells corrected, which rows unticked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict

from backoffice.imports.preview import TABS

MOST_SEARCH_CHARS = 100
MOST_NAMED = 200
MOST_HERE_CHARS = 500
MOST_DIGITS = 9
_TICKS = ("shown", "keep", "back")


@dataclass(frozen=True)
class Asked:
    """Where in a run's rows a person is: it stands in the address, and is kept on return."""

    tab: str = ""
    search: str = ""
    # Only rows of which this was said.
    code: str = ""
    after: int = 0
    is_backward: bool = False
    # Rows that were just left out, to be taken back in by one press.
    out: tuple[int, ...] = ()

    @classmethod
    def of(cls, query: QueryDict) -> Asked:
        tab = query.get("tab", "")
        return cls(
            tab=tab if tab in TABS else "",
            search=_clean(query.get("q", "")),
            code=_clean(query.get("code", "")),
            after=whole(query.get("after", "")),
            is_backward=query.get("to") == "back",
            out=tuple(filter(None, map(whole, query.getlist("out"))))[:MOST_NAMED],
        )

    def query(self, **more: Any) -> str:
        said = {
            "tab": self.tab,
            "q": self.search,
            "code": self.code,
            "after": self.after,
            "to": "back" if self.is_backward else "",
            **more,
        }
        return urlencode({name: value for name, value in said.items() if value}, doseq=True)


def _clean(text: str) -> str:
    return text.replace("\x00", "").strip()[:MOST_SEARCH_CHARS]


def asked_in(request: HttpRequest) -> Asked:
    """Return where a person is; a form brings along where it was pressed."""
    return Asked.of(here(request.POST) if request.method == "POST" else request.GET)


def here(posted: QueryDict) -> QueryDict:
    return QueryDict(posted.get("here", "")[:MOST_HERE_CHARS])


def whole(text: str) -> int:
    """Return a number as the database holds them, or 0."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return int(text) if is_number else 0


def corrected(posted: QueryDict) -> dict[int, dict[str, str]]:
    """Return the cells that were typed anew: row number → our column → text."""
    cells: dict[int, dict[str, str]] = {}
    for name, text in posted.items():
        kind, _dash, place = name.partition("-")
        number, _dash, column = place.partition("-")
        if kind == "cell" and whole(number) and posted.get(f"was-{place}") != text:
            cells.setdefault(whole(number), {})[column] = str(text)
    return cells


def ticked(posted: QueryDict) -> tuple[list[int], list[int]]:
    """Return the rows to leave out and those to take back in, as the ticks of a page say.

    shown: the rows of the page, all ticked or, among those left out, none. keep: the ticked ones.
    back: rows that are taken back in, whatever page this is.
    """
    numbers = {name: [*filter(None, map(whole, posted.getlist(name)))] for name in _TICKS}
    keep = set(numbers["keep"])
    if numbers["back"]:
        return [], numbers["back"]
    if Asked.of(here(posted)).tab == "left_out":
        return [], [number for number in numbers["shown"] if number in keep]
    return [number for number in numbers["shown"] if number not in keep], []
